from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pinner.config import Group, RegistryOptions, Settings
from pinner.config.load import load_settings
from pinner.errors import ConfigError
from pinner.model import Calls, FormatChoice
from pinner.reference import Platform
from pinner.rules import IDS

if TYPE_CHECKING:
    from pathlib import Path

FULL = """\
exclude   = ["vendor/**"]
images    = { exclude = ["scratch-*", "localhost/*"] }
platforms = ["linux/amd64", "linux/arm/v7"]
min-age   = "3d"
[rules]
PIN002 = "error"
PIN101 = "off"
[registries."docker.io"]
endpoint = "https://mirror.example/v2-cache"
plain-http = false
ca = "certs/ca.pem"
[registries."*"]
endpoint = "http://[::1]:5000"
plain-http = true
[registries."localhost:5000"]
token-server = "Auth.example:8443"
mirrors = false
[[group]]
name = "databases"
images = ["*/postgres", "*/redis"]
[[group]]
name = "web"
images = ["*/nginx"]
[python]
calls = ["my.module.Runner.start:image", "my.run:0", "*.start:name"]
tiers = ["frameworks", "loose"]
[terraform]
modules = true
[formats]
disable = ["helm", "dockerfile"]
since = "0.1"
"""


def full(root: Path, source: str) -> Settings:
    return Settings(
        exclude=("vendor/**",),
        root=str(root),
        images_exclude=("scratch-*", "localhost/*"),
        platforms=(Platform("linux", "amd64"), Platform("linux", "arm", "v7")),
        min_age=259_200.0,
        rules={"PIN002": "error", "PIN101": "off"},
        registries={
            "docker.io": RegistryOptions(
                "https://mirror.example/v2-cache", ca=str(root / "certs" / "ca.pem"), found_in=source
            ),
            "*": RegistryOptions("http://[::1]:5000", plain_http=True, found_in=source),
            "localhost:5000": RegistryOptions(token_server="auth.example:8443", mirrors=False, found_in=source),
        },
        groups=(Group("databases", ("*/postgres", "*/redis")), Group("web", ("*/nginx",))),
        formats=FormatChoice(
            Calls(("my.module.Runner.start:image", "my.run:0", "*.start:name"), ("frameworks", "loose"), modules=True),
            disabled=("helm", "dockerfile"),
            since="0.1",
        ),
        source=source,
    )


def test_every_key_arrives(tmp_path: Path) -> None:
    (tmp_path / "pinner.toml").write_text(FULL, "utf-8")
    assert load_settings(str(tmp_path)) == full(tmp_path, "pinner.toml")


def test_pyproject_holds_the_same_under_its_own_table(tmp_path: Path) -> None:
    text = FULL.replace("[rules]", "[tool.pinner.rules]").replace("[registries.", "[tool.pinner.registries.")
    text = text.replace("[python]", "[tool.pinner.python]").replace("[formats]", "[tool.pinner.formats]")
    text = text.replace("[terraform]", "[tool.pinner.terraform]")
    text = "[project]\nname = 'x'\n[tool.pinner]\n" + text.replace("[[group]]", "[[tool.pinner.group]]")
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert load_settings(str(tmp_path)) == full(tmp_path, "pyproject.toml")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load_settings(str(tmp_path)) == Settings()


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_file_says_nothing_but_where_it_is(tmp_path: Path, text: str) -> None:
    (tmp_path / "pinner.toml").write_text(text, "utf-8")
    assert load_settings(str(tmp_path)) == Settings(root=str(tmp_path), source="pinner.toml")


@pytest.mark.parametrize(
    "text",
    ["", "[project]\nname = 'pinner'\n", "[tool.other]\nx = 1\n", "tool = 'pinner'\n", "# broken, but not ours: ["],
    ids=["empty", "a name", "another tool", "no table", "a bracket"],
)
def test_a_pyproject_of_others_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    assert load_settings(str(tmp_path)) == Settings()


def test_the_nearest_file_up_to_the_repositorys_root_counts(tmp_path: Path) -> None:
    root = tmp_path / "r"
    (root / "a" / "b").mkdir(parents=True)
    (root / ".git").mkdir()
    (tmp_path / "pinner.toml").write_text("exclude = ['outside']\n", "utf-8")
    assert load_settings(str(root / "a" / "b")) == Settings()
    (root / "pinner.toml").write_text("exclude = ['root']\n", "utf-8")
    assert load_settings(str(root / "a" / "b")) == Settings(
        exclude=("root",), root=str(root), source="../../pinner.toml"
    )
    (root / "a" / "pyproject.toml").write_text("[tool.pinner]\nexclude = ['a']\n", "utf-8")
    assert load_settings(str(root / "a" / "b")).exclude == ("a",)
    (root / "a" / "pinner.toml").write_text("exclude = ['own']\n", "utf-8")
    assert load_settings(str(root / "a" / "b")).exclude == ("own",)
    assert load_settings(str(root)).exclude == ("root",)


def test_outside_a_repository_only_the_current_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "pinner.toml").write_text("exclude = ['mine']\n", "utf-8")
    assert load_settings(str(tmp_path)).exclude == ("mine",)
    assert load_settings(str(tmp_path / "a")) == Settings()


def test_a_named_file_counts_alone(tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "other.toml").write_text("exclude = ['other']\n[registries.x]\nca = '../ca.pem'\n", "utf-8")
    (tmp_path / "pinner.toml").write_text("exclude = ['mine']\n", "utf-8")
    settings = load_settings(str(tmp_path), os.path.join("conf", "other.toml"))  # noqa: PTH118 - text, as typed
    assert settings == Settings(
        exclude=("other",),
        root=str(tmp_path / "conf"),
        registries={"x": RegistryOptions(ca=str(tmp_path / "ca.pem"), found_in="conf/other.toml")},
        source="conf/other.toml",
    )


def complaint(folder: Path, text: str | bytes, name: str = "pinner.toml") -> tuple[str, str | None]:
    (folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigError) as error:
        load_settings(str(folder))
    return error.value.message, error.value.hint


CALL = "write module, callable and parameter, as in my.module.Runner.start:image or *.start:0"
KEYS = (
    "exclude, images, platforms, min-age, timeout, rules, registries, bot, group, python, verify, signatures, formats"
)
KEYS += ", places, update, override, terraform, mirror-variables"
RULES = ", ".join(IDS)
DURATION = "write a whole number and m, h, d or w, as in 3d"
ADDRESS = "write scheme, host and path prefix, as in https://mirror.example/v2-cache; credentials belong elsewhere"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("exlude = []", "unknown key `exlude`", "did you mean `exclude`?"),
        ("zzz = 1", "unknown key `zzz`", f"the keys here are {KEYS}"),
        ("min_age = '3d'", "unknown key `min_age`", "did you mean `min-age`?"),
        (
            "[tool.pinner]",
            "unknown key `tool`",
            "only pyproject.toml has [tool.pinner]; here its keys stand at the top",
        ),
        ("images.only = []", "unknown key `images.only`", "the keys here are exclude"),
        ("registries.a.plain_http = true", "unknown key `registries.a.plain_http`", "did you mean `plain-http`?"),
        ("[[group]]\nlabel = []", "unknown key `group.label`", "did you mean `labels`?"),
        ("exclude = 'vendor'", "`exclude` must be a list of texts, not text", None),
        ("exclude = ['a', 3]", "`exclude` must be a list of texts; item 2 is a number", None),
        ("images = []", "`images` must be a table, not a list", None),
        ("images.exclude = true", "`images.exclude` must be a list of texts, not true or false", None),
        ("min-age = 3", "`min-age` must be text, not a number", None),
        ("min-age = 2027-01-31", "`min-age` must be text, not a date or time", None),
        ("min-age = '3'", "`min-age` is not a duration: `3`", DURATION),
        ("min-age = '3 days'", "`min-age` is not a duration: `3 days`", DURATION),
        ("min-age = '-1d'", "`min-age` is not a duration: `-1d`", DURATION),
        ("min-age = '1.5d'", "`min-age` is not a duration: `1.5d`", DURATION),
        (
            "platforms = ['linux/amd64', 'linux']",
            "`platforms` is wrong: `linux` is not a platform",
            "write os/architecture, as in linux/amd64",
        ),
        ("rules = 'all'", "`rules` must be a table, not text", None),
        ("rules.PIN00 = 'off'", "unknown rule `rules.PIN00`", f"the rules are {RULES}"),
        ("rules.PIN01 = 'off'", "unknown rule `rules.PIN01`", "did you mean `PIN001`?"),
        ("rules.unpinned = 'off'", "unknown rule `rules.unpinned`", "did you mean `PIN001`?"),
        ("rules.X = 'off'", "unknown rule `rules.X`", f"the rules are {RULES}"),
        ("rules.PIN001 = 'warn'", "`rules.PIN001` is not a level: `warn`", "did you mean `warning`?"),
        ("rules.PIN001 = '!'", "`rules.PIN001` is not a level: `!`", "write error, warning, note or off"),
        ("rules.PIN001 = false", "`rules.PIN001` must be text, not true or false", None),
        (
            '[registries."https://docker.io"]',
            '`registries."https://docker.io"` is not a host',
            'write a host, host:port, or "*" for every host not named',
        ),
        ("registries.a = 1", "`registries.a` must be a table, not a number", None),
        ("registries.a.plain-http = 'yes'", "`registries.a.plain-http` must be true or false, not text", None),
        ("registries.a.ca = 1.5", "`registries.a.ca` must be text, not a number", None),
        ("registries.a.endpoint = 'a'", "`registries.a.endpoint` is not a registry's address: `a`", ADDRESS),
        (
            "registries.a.endpoint = 'https://u:p@a'",
            "`registries.a.endpoint` is not a registry's address: `https://a`",
            ADDRESS,
        ),
        ("[group]\nname = 'a'", "`group` must be written as [[group]]", None),
        ("group = ['a']", "`group` must be written as [[group]]", None),
        ("[[group]]\nimages = ['a']", "`group.name` is missing: every [[group]] has one", None),
        (
            "[[group]]\nname = 'a'",
            "`group.images` is missing: group `a` would be empty",
            "give it images, paths or registries",
        ),
        (
            "[[group]]\nname = 'a'\nimages = ['x']\n[[group]]\nname = 'a'\nimages = ['y']",
            "`group.name` is taken: there are two groups `a`",
            None,
        ),
        ("terraform.module = true", "unknown key `terraform.module`", "did you mean `modules`?"),
        ("python.call = []", "unknown key `python.call`", "did you mean `calls`?"),
        ("python.calls = 'a.b:c'", "`python.calls` must be a list of texts, not text", None),
        (
            "python.calls = ['a.b:c', 'start']",
            "`python.calls` is wrong: `start` names no parameter of a callable",
            CALL,
        ),
        (
            "python.calls = ['start:image']",
            "`python.calls` is wrong: `start:image` names no parameter of a callable",
            CALL,
        ),
        ("python.calls = ['a.b.c']", "`python.calls` is wrong: `a.b.c` names no parameter of a callable", CALL),
        ("python.calls = ['a.b():c']", "`python.calls` is wrong: `a.b():c` names no parameter of a callable", CALL),
        ("python.calls = ['a.*:c']", "`python.calls` is wrong: `a.*:c` names no parameter of a callable", CALL),
        ("python.tiers = ['lose']", "`python.tiers` is wrong: there is no tier `lose`", "did you mean `loose`?"),
        ("python.tiers = ['x']", "`python.tiers` is wrong: there is no tier `x`", "the tiers are frameworks, loose"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(tmp_path: Path, text: str, message: str, hint: str | None) -> None:
    assert complaint(tmp_path, text) == (f"pinner.toml: {message}", hint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = \n", "pinner.toml:1:5: not valid TOML: invalid value"),
        ("x = 'a'\n\n  [b", "pinner.toml:3:5: not valid TOML: expected ']' at the end of a table declaration"),
        ("exclude = [", "pinner.toml:1:12: not valid TOML: "),  # the rest differs between versions of Python
        (b"# fine\n# caf\xe9\n", "pinner.toml:2:6: not UTF-8"),
    ],
)
def test_broken_toml_is_named_with_its_line_and_column(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert complaint(tmp_path, text)[0].startswith(message)


def test_a_key_of_pyproject_is_named_in_full(tmp_path: Path) -> None:
    text = "[tool.pinner]\nexclud = []\n"
    assert complaint(tmp_path, text, "pyproject.toml") == (
        "pyproject.toml: unknown key `tool.pinner.exclud`",
        "did you mean `exclude`?",
    )
    assert complaint(tmp_path, "tool.pinner = 1\n", "pyproject.toml") == (
        "pyproject.toml: `tool.pinner` must be a table, not a number",
        None,
    )


@pytest.mark.parametrize(
    "minutes", [("90m", 5400.0), ("12h", 43_200.0), ("3d", 259_200.0), ("2w", 1_209_600.0), ("0m", 0.0)]
)
def test_durations(tmp_path: Path, minutes: tuple[str, float]) -> None:
    (tmp_path / "pinner.toml").write_text(f"min-age = '{minutes[0]}'\n", "utf-8")
    assert load_settings(str(tmp_path)).min_age == minutes[1]


def test_a_named_file_must_be_there_and_be_about_pinner(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load_settings(str(tmp_path), "nowhere.toml")
    assert error.value.message == "--config: there is no file `nowhere.toml`"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n", "utf-8")
    with pytest.raises(ConfigError) as error:
        load_settings(str(tmp_path), "pyproject.toml")
    assert error.value.message == "pyproject.toml: there is no [tool.pinner] table in this file"


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    if not os.path.exists("/proc/self/mem"):  # noqa: PTH110 - a name, not a file of ours
        pytest.skip("no file here refuses root")
    (tmp_path / "pinner.toml").symlink_to("/proc/self/mem")
    with pytest.raises(ConfigError) as error:
        load_settings(str(tmp_path))
    assert error.value.message == "pinner.toml: cannot be read: input/output error"
