"""registries.conf: where an image is asked for, what is blocked, and who may say what a tag means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from scripted_registry import OCI_INDEX, A, Answer, B, ScriptedRegistry, ask, refusal, resolver, tag_answer

from pinner.config import RegistryOptions, Settings
from pinner.errors import NotFoundError, ResolveError, UnavailableError, UnsupportedError
from pinner.model import Resolved
from pinner.reference import Digest
from pinner.registry.mirrors import Mirrors, find_rule, parse_rules, read_rules, rewrite

if TYPE_CHECKING:
    from pathlib import Path


def warn(message: str) -> None:
    raise AssertionError(message)


def sources(tmp_path: Path, text: str, name: str, registries: dict[str, RegistryOptions] | None = None) -> list[str]:
    path = tmp_path / "registries.conf"
    path.write_text(text)
    domain, _, repository = name.partition("/")
    mirrors = Mirrors({"CONTAINERS_REGISTRIES_CONF": str(path)}, warn)
    return [
        f"{source.endpoint.base}{source.repository}" for source in mirrors.sources(domain, repository, registries or {})
    ]


@pytest.mark.parametrize(
    ("name", "prefix", "matches"),
    [
        ("docker.io/library/nginx", "docker.io", True),
        ("docker.io/library/nginx", "docker.io/library", True),
        ("docker.io/library/nginx", "docker.io/library/nginx", True),
        ("docker.io/library/nginx", "docker.io/lib", False),
        ("docker.io/library/nginx", "docker.io/library/nginx/x", False),
        ("docker.io.evil.test/a", "docker.io", False),
        ("reg.example:5000/a", "reg.example:5000", True),
        ("reg.example:5000/a", "reg.example", False),
        ("a.reg.example/x", "*.reg.example", True),
        ("a.b.reg.example/x", "*.reg.example", True),
        ("a.reg.example:5000/x", "*.reg.example", True),
        ("a.reg.example:5000/x", "*.reg.example:5000", True),
        ("a.reg.example/x", "*.reg.example:5000", False),
        ("reg.example/x", "*.reg.example", False),
        ("a.reg.example.evil.test/x", "*.reg.example", False),
        ("evil.test/a.reg.example/x", "*.reg.example", False),
        ("a.reg.example/team/x", "*.reg.example/team", True),
        ("a.reg.example/teams/x", "*.reg.example/team", False),
        ("evil.test/a.reg.example/team/x", "*.reg.example/team", False),
        ("other.test/x", "*.reg.example/team", False),
    ],
)
def test_a_prefix_ends_where_a_part_of_the_name_ends(name: str, prefix: str, matches: bool) -> None:  # noqa: FBT001
    rules = parse_rules(f'[[registry]]\nprefix = "{prefix}"\nlocation = "m.example"\n'.encode(), "f")
    assert (find_rule(rules, name) is not None) is matches


@pytest.mark.parametrize(
    ("name", "prefix", "location", "rewritten"),
    [
        ("docker.io/library/nginx", "docker.io", "m.example/hub", "m.example/hub/library/nginx"),
        ("docker.io/library/nginx", "docker.io/library", "m.example", "m.example/nginx"),
        ("docker.io/library/nginx", "docker.io/library/nginx", "m.example/web", "m.example/web"),
        ("a.reg.example/x", "*.reg.example", "m.example", "m.example/x"),
        ("a.reg.example:5000/x", "*.reg.example", "m.example", "m.example:5000/x"),
        ("a.reg.example/team/x", "*.reg.example/team", "m.example", "m.example/x"),
        ("a.reg.example/x", "*.reg.example", "", "a.reg.example/x"),
    ],
)
def test_the_location_stands_in_the_prefixs_place(name: str, prefix: str, location: str, rewritten: str) -> None:
    assert rewrite(name, prefix, location) == rewritten


HUB = "https://registry-1.docker.io/v2/"


@pytest.mark.parametrize(
    ("text", "name", "asked"),
    [
        pytest.param("", "docker.io/library/nginx", [f"{HUB}library/nginx"], id="empty"),
        pytest.param(
            'unqualified-search-registries = ["quay.io"]\n[aliases]\nnginx = "quay.io/nginx"\n',
            "docker.io/library/nginx",
            [f"{HUB}library/nginx"],
            id="short names are not searched for",
        ),
        pytest.param(
            '[[registry]]\nlocation = "docker.io"\n',
            "docker.io/library/nginx",
            [f"{HUB}library/nginx"],
            id="the location is the prefix",
        ),
        pytest.param(
            '[[registry]]\nprefix = "docker.io"\n',
            "docker.io/library/nginx",
            [f"{HUB}library/nginx"],
            id="the prefix is the location",
        ),
        pytest.param(
            '[[registry]]\nprefix = "docker.io"\nlocation = "m.example/hub/"\n',
            "docker.io/library/nginx",
            ["https://m.example/v2/hub/library/nginx"],
            id="elsewhere",
        ),
        pytest.param(
            '[[registry]]\nprefix = "docker.io"\nlocation = "m.example"\n'
            '[[registry]]\nprefix = "docker.io/library"\nlocation = "n.example"\n',
            "docker.io/library/nginx",
            ["https://n.example/v2/nginx"],
            id="the longest prefix",
        ),
        pytest.param(
            '[[registry]]\nprefix = "*.reg.example"\n',
            "a.reg.example/x",
            ["https://a.reg.example/v2/x"],
            id="a star, nowhere else",
        ),
        pytest.param(
            '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.example/hub"\n'
            '[[registry.mirror]]\nlocation = "n.example"\npull-from-mirror = "tag-only"\n'
            '[[registry.mirror]]\nlocation = "o.example"\npull-from-mirror = "all"\n'
            '[[registry.mirror]]\nlocation = "never.example"\npull-from-mirror = "digest-only"\n',
            "docker.io/library/nginx",
            [
                "https://m.example/v2/hub/library/nginx",
                "https://n.example/v2/library/nginx",
                "https://o.example/v2/library/nginx",
                f"{HUB}library/nginx",
            ],
            id="mirrors in order, those for digests left out, the source last",
        ),
        pytest.param(
            '[[registry]]\nlocation = "docker.io"\nmirror-by-digest-only = true\n'
            '[[registry.mirror]]\nlocation = "never.example"\n',
            "docker.io/library/nginx",
            [f"{HUB}library/nginx"],
            id="mirrors for digests only",
        ),
        pytest.param(
            '[[registry]]\nlocation = "reg.example:5000"\ninsecure = true\n',
            "reg.example:5000/a",
            ["https://reg.example:5000/v2/a", "http://reg.example:5000/v2/a"],
            id="insecure: HTTPS still comes first",
        ),
        pytest.param(
            '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n',
            "127.0.0.1:5000/a",
            ["http://127.0.0.1:5000/v2/a"],
            id="insecure on this machine is plain as ever",
        ),
    ],
)
def test_where_an_image_is_asked_for(tmp_path: Path, text: str, name: str, asked: list[str]) -> None:
    assert sources(tmp_path, text, name) == asked


@pytest.mark.parametrize("key", ["docker.io", "*"])
def test_an_endpoint_of_our_own_settings_wins(tmp_path: Path, key: str) -> None:
    text = '[[registry]]\nlocation = "docker.io"\nblocked = true\n'
    registries = {key: RegistryOptions(endpoint="https://own.example/p")}
    assert sources(tmp_path, text, "docker.io/a/b", registries) == ["https://own.example/p/v2/a/b"]


def test_our_own_settings_hold_for_the_location_too(tmp_path: Path) -> None:
    text = '[[registry]]\nprefix = "docker.io"\nlocation = "m.example"\n'
    registries = {"m.example": RegistryOptions(plain_http=True)}
    assert sources(tmp_path, text, "docker.io/a/b", registries) == ["http://m.example/v2/a/b"]


def test_a_blocked_registry_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        sources(tmp_path, '[[registry]]\nprefix = "docker.io/evil"\nblocked = true\n', "docker.io/evil/a")
    assert caught.value.message == f"docker.io/evil is blocked in {tmp_path / 'registries.conf'}"
    text = '[[registry]]\nprefix = "docker.io/evil"\nblocked = true\n'
    assert sources(tmp_path, text, "docker.io/good/a") == [f"{HUB}good/a"]


@pytest.mark.parametrize("location", ["m.example/UPPER", "mirror", "m.example/a:1", "m.example/a@b", "m.example/.."])
def test_a_location_that_makes_no_name_is_an_error(tmp_path: Path, location: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        sources(tmp_path, f'[[registry]]\nprefix = "docker.io/a/b"\nlocation = "{location}"\n', "docker.io/a/b")
    assert caught.value.message == f"{tmp_path / 'registries.conf'} makes `{location}` of it, which is no image's name"


@pytest.mark.parametrize(
    "text",
    [
        "[[registry]",
        "registry = 7",
        "registry = [7]",
        "[[registry]]\n",
        '[[registry]]\nprefix = "a.*.example"\n',
        "[[registry]]\nprefix = 7\n",
        '[[registry]]\nlocation = "https://docker.io"\n',
        '[[registry]]\nlocation = "docker.io"\nblocked = "yes"\n',
        '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\ninsecure = true\n',
        '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "never"\n',
        "#" * (1024 * 1024 + 1),
    ],
    ids=range(11),
)
def test_a_broken_file_is_one_warning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "registries.conf"
    path.write_text(text)
    warnings: list[str] = []
    assert list(read_rules({"CONTAINERS_REGISTRIES_CONF": str(path)}, warnings.append)) == []
    assert warnings == [f"{path} is not a registries.conf of version 2: its mirrors are not used"]


def test_a_file_that_cannot_be_read_is_one_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    assert list(read_rules({"CONTAINERS_REGISTRIES_CONF": str(tmp_path)}, warnings.append)) == []
    assert warnings == [f"{tmp_path} cannot be read (Is a directory): its mirrors are not used"]


def write_rule(path: Path, prefix: str, location: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'[[registry]]\nprefix = "{prefix}"\nlocation = "{location}"\n')


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
def test_the_users_file_and_its_drop_ins_in_order_of_their_names(tmp_path: Path, variable: str) -> None:
    folder = tmp_path / (".config/containers" if variable == "HOME" else "containers")
    write_rule(folder / "registries.conf", "a.example", "main")
    write_rule(folder / "registries.conf.d" / "10.conf", "a.example", "first")
    write_rule(folder / "registries.conf.d" / "20.conf", "a.example", "second")
    write_rule(folder / "registries.conf.d" / "30.txt", "a.example", "no drop-in")
    rules = list(read_rules({variable: str(tmp_path)}, warn))
    assert [(rule.prefix, rule.place.location) for rule in rules] == [("a.example", "second")]


def test_the_users_drop_ins_hold_beside_the_systems_file(tmp_path: Path) -> None:
    write_rule(tmp_path / "containers" / "registries.conf.d" / "10.conf", "a.example", "mine.example")
    rules = list(read_rules({"XDG_CONFIG_HOME": str(tmp_path)}, warn))
    assert ("a.example", "mine.example") in [(rule.prefix, rule.place.location) for rule in rules]


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert list(read_rules({"CONTAINERS_REGISTRIES_CONF": str(tmp_path / "none")}, warn)) == []


MIRROR = '[[registry]]\nlocation = "reg.example"\n[[registry.mirror]]\nlocation = "m.example/cache"\n'
AT_MIRROR, AT_SOURCE = "https://m.example/v2/cache/a/manifests/1", "https://reg.example/v2/a/manifests/1"


def resolve(tmp_path: Path, registry: ScriptedRegistry, text: str, settings: Settings | None = None) -> object:
    path = tmp_path / "registries.conf"
    path.write_text(text)
    asked = resolver(registry, environment={"CONTAINERS_REGISTRIES_CONF": str(path)}, settings=settings)
    answer = ask(asked, "reg.example/a:1")[0]
    registry.assert_used_up()
    return answer


def test_a_mirror_that_has_the_image_saves_the_source(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_MIRROR, tag_answer(A))
    assert resolve(tmp_path, registry, MIRROR) == Resolved(Digest.parse(A), OCI_INDEX)


@pytest.mark.parametrize(
    "answer", [refusal(404), refusal(403), Answer(200), httpx.ConnectError("no route")], ids=["404", "403", "no", "net"]
)
def test_a_mirror_that_fails_leaves_it_to_the_source(tmp_path: Path, answer: Answer | httpx.TransportError) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_MIRROR, answer, forever=True)
    registry.on("GET", AT_MIRROR, refusal(404), forever=True)
    registry.on("TAG", AT_SOURCE, tag_answer(B))
    assert resolve(tmp_path, registry, MIRROR) == Resolved(Digest.parse(B), OCI_INDEX)


def test_the_sources_error_is_the_answer(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_MIRROR, refusal(404))
    registry.on("GET", AT_MIRROR, refusal(404, "X", "not here"))
    registry.on("TAG", AT_SOURCE, refusal(404))
    registry.on("GET", AT_SOURCE, refusal(404, "X", "nor here"))
    answer = resolve(tmp_path, registry, MIRROR)
    assert isinstance(answer, NotFoundError)
    assert answer.message == "cannot resolve `reg.example/a:1`: reg.example has no such image (nor here)"


INSECURE = '[[registry]]\nlocation = "reg.example"\ninsecure = true\n'
IN_PLAIN = AT_SOURCE.replace("https:", "http:")


def test_an_insecure_registry_that_speaks_no_https_is_asked_in_plain_http(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_SOURCE, httpx.ConnectError("refused"), forever=True)
    registry.on("TAG", IN_PLAIN, tag_answer(A))
    assert isinstance(resolve(tmp_path, registry, INSECURE), Resolved)


def test_an_insecure_registry_that_answers_in_https_is_believed(tmp_path: Path) -> None:
    registry = ScriptedRegistry()
    registry.on("TAG", AT_SOURCE, refusal(404))
    registry.on("GET", AT_SOURCE, refusal(404))
    answer = resolve(tmp_path, registry, INSECURE)
    assert isinstance(answer, ResolveError)
    assert answer.message == "cannot resolve `reg.example/a:1`: reg.example has no such image"


def test_a_blocked_registry_is_asked_nothing(tmp_path: Path) -> None:
    answer = resolve(tmp_path, ScriptedRegistry(), '[[registry]]\nlocation = "reg.example"\nblocked = true\n')
    assert isinstance(answer, UnavailableError)
    assert answer.message.startswith("cannot resolve `reg.example/a:1`: reg.example is blocked in ")
