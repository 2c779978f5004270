"""`pinner inspect`: what a name means, told in full and never wrongly; and what registries let be fetched."""

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from fakes import OCI_INDEX, FakeRegistry
from images import CONFIG_TYPE, MANIFEST_TYPE, Blob, make_image, make_layer, make_multi_platform, to_json, write_layout
from images import Image as Made
from registry_server import RealRegistry, require
from world import outcome, pinner, world

from pinner.cli.context import connect_to_registries
from pinner.errors import UnauthorizedError, UnavailableError
from pinner.inspection.registry_queries import is_registry
from pinner.oci.resolver import Allowance
from pinner.oci.types import Attachment, Config, Image, PlatformImage
from pinner.reference import Digest, ImageReference, Platform

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from world import Outcome

    from pinner.oci.types import Depth

NGINX = "docker.io/library/nginx"
MANIFEST = MANIFEST_TYPE["oci"]
AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64", "v8")


def digest(letter: str) -> Digest:
    return Digest("sha256", letter * 64)


INDEX, OLD = digest("a"), digest("b")
AMD64_MANIFEST, ARM64_MANIFEST, AMD64_ID, ARM64_ID = (digest(number) for number in "1234")
SINGLE, SINGLE_ID, CHART, FOREIGN_ID = (digest(number) for number in "5678")
SIGNATURE, BUILDKIT = digest("c"), digest("d")


def platform_image(platform: Platform, manifest: Digest, image_id: Digest, **labels: str) -> PlatformImage:
    return PlatformImage(
        platform,
        manifest,
        MANIFEST,
        image_id,
        71_234_567,
        created="2026-01-02T03:04:05Z",
        labels={f"org.opencontainers.image.{name}": value for name, value in labels.items()} | {"maintainer": "me"},
    )


ON_AMD64 = platform_image(AMD64, AMD64_MANIFEST, AMD64_ID, version="1.27", revision="x86")
ON_ARM64 = platform_image(ARM64, ARM64_MANIFEST, ARM64_ID, version="1.27", revision="arm")
ALONE = platform_image(ARM64, SINGLE, SINGLE_ID)
HELM = PlatformImage(None, CHART, MANIFEST, None, 12_345, artifact="application/vnd.cncf.helm.config.v1+json")


def registry() -> FakeRegistry:
    whole = Image(INDEX, OCI_INDEX, (ON_AMD64, ON_ARM64), {}, (Attachment(BUILDKIT, "attestation", ARM64_MANIFEST),))
    images = {
        f"{NGINX}@{INDEX}": whole,
        f"{NGINX}@{OLD}": whole._replace(digest=OLD, platforms=(), attachments=()),
        f"{NGINX}@{AMD64_MANIFEST}": Image(AMD64_MANIFEST, MANIFEST, (ON_AMD64,)),
        f"ghcr.io/acme/tool@{SINGLE}": Image(SINGLE, MANIFEST, (ALONE,)),
        f"ghcr.io/acme/chart@{CHART}": Image(CHART, MANIFEST, (HELM,)),
    }
    tags = {f"{NGINX}:1.27": INDEX, "ghcr.io/acme/tool:2": SINGLE, "ghcr.io/acme/chart:3": CHART}
    configs = {f"{NGINX}@{one}": Config(one, ARM64, None, {}, ()) for one in (ARM64_ID, FOREIGN_ID)}
    serving = FakeRegistry(images, tags, configs)
    serving.beside[f"{NGINX}@{INDEX}"] = (Attachment(SIGNATURE, ".sig", INDEX),)
    return serving


def inspect(folder: Path, *arguments: str, serving: FakeRegistry | None = None) -> Outcome:
    return pinner(folder, "inspect", *arguments, resolver=serving or registry())


def document(result: Outcome) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def as_json(folder: Path, name: str, *options: str, serving: FakeRegistry | None = None) -> dict[str, Any]:
    [image] = document(inspect(folder, "--format", "json", *options, name, serving=serving))["images"]
    assert isinstance(image, dict)
    return image


WHOLE = f"""\
docker.io/library/nginx:1.27
index    {INDEX}
what     OCI index of 2 platforms
type     application/vnd.oci.image.index.v1+json
pin as   nginx:1.27@{INDEX}
run as   docker run nginx@{INDEX}

linux/amd64            manifest {AMD64_MANIFEST}
  71.2 MB, 2026-01-02  image ID {AMD64_ID}
linux/arm64/v8         manifest {ARM64_MANIFEST}
  71.2 MB, 2026-01-02  image ID {ARM64_ID}

labels, of every platform unless one is named
  org.opencontainers.image.revision
      x86  (linux/amd64)
      arm  (linux/arm64/v8)
  org.opencontainers.image.version   1.27

signatures and attestations: found, not verified: no policy
  cosign signature of the index
         {SIGNATURE}
  BuildKit attestation of linux/arm64/v8
         {BUILDKIT}

which hash goes where
  docker pull NAME@…, FROM, compose files, kubectl and pod specs
      the index; or a manifest, for its platform alone; never an image ID
  docker run ID, and what docker images shows (the first 12 digits)
      classic store: the image ID of the platform pulled
      containerd store (Docker 29's default): the index or manifest pulled
"""


def test_a_tag_is_told_down_to_every_image_id(tmp_path: Path) -> None:
    result = inspect(tmp_path, "nginx:1.27")
    assert (result.status, result.stdout, result.stderr) == (0, WHOLE, "")


@pytest.mark.parametrize("columns", [80, 100])
def test_a_narrow_terminal_breaks_no_digest(tmp_path: Path, columns: int) -> None:
    environment = {"COLUMNS": str(columns), "NO_COLOR": "1"}
    result = outcome(world(tmp_path, registry(), terminal=True, environment=environment), "inspect", "nginx:1.27")
    lines = result.stdout.splitlines()
    assert max(len(line) for line in lines if not line.startswith(("pin as", "run as"))) <= 80
    here = lines.index("linux/arm64/v8  71.2 MB, 2026-01-02")
    assert lines[here + 1 : here + 3] == [f"manifest {ARM64_MANIFEST}", f"image ID {ARM64_ID}"]


@pytest.mark.parametrize("columns", ["", "x", "1234567"])
def test_a_terminal_of_unknown_width_is_taken_for_a_narrow_one(tmp_path: Path, columns: str) -> None:
    environment = {"COLUMNS": columns, "NO_COLOR": "1"}
    result = outcome(world(tmp_path, registry(), terminal=True, environment=environment), "inspect", "nginx:1.27")
    assert "linux/amd64  71.2 MB, 2026-01-02\n" in result.stdout


def test_a_wide_terminal_has_both_side_by_side(tmp_path: Path) -> None:
    environment = {"COLUMNS": "120", "NO_COLOR": "1"}
    result = outcome(world(tmp_path, registry(), terminal=True, environment=environment), "inspect", "nginx:1.27")
    assert result.stdout == WHOLE


TREE = f"""\
docker.io/library/nginx:1.27
├─ index {INDEX} (OCI index)
│  ├─ linux/amd64
│  │  ├─ manifest {AMD64_MANIFEST}
│  │  ├─ image ID {AMD64_ID}
│  │  ├─ 71.2 MB compressed, created 2026-01-02T03:04:05Z
│  │  └─ labels
│  │     └─ org.opencontainers.image.revision: x86
│  ├─ linux/arm64/v8
│  │  ├─ manifest {ARM64_MANIFEST}
│  │  ├─ image ID {ARM64_ID}
│  │  ├─ 71.2 MB compressed, created 2026-01-02T03:04:05Z
│  │  ├─ labels
│  │  │  └─ org.opencontainers.image.revision: arm
│  │  └─ BuildKit attestation {BUILDKIT} (not verified)
│  ├─ labels of every platform
│  │  └─ org.opencontainers.image.version: 1.27
│  └─ cosign signature {SIGNATURE} (not verified)
└─ pin as nginx:1.27@{INDEX}

which hash goes where
"""


def test_the_same_as_a_tree(tmp_path: Path) -> None:
    result = inspect(tmp_path, "--format", "tree", "nginx:1.27")
    assert result.status == 0
    assert result.stdout.startswith(TREE)


def test_trees_stand_apart(tmp_path: Path) -> None:
    result = inspect(tmp_path, "--format", "tree", "ghcr.io/acme/tool:2", "ghcr.io/acme/chart:3")
    assert f"└─ pin as ghcr.io/acme/tool:2@{SINGLE}\n\nghcr.io/acme/chart:3\n├─ manifest {CHART}" in result.stdout


def test_a_tree_where_there_is_no_unicode(tmp_path: Path) -> None:
    result = outcome(world(tmp_path, registry(), encoding="ascii"), "inspect", "--format", "tree", "nginx:1.27")
    assert f"|  |- linux/amd64\n|  |  |- manifest {AMD64_MANIFEST}\n" in result.stdout
    assert "docker pull NAME@..., FROM" in result.stdout


def test_the_same_for_other_programs(tmp_path: Path) -> None:
    image = as_json(tmp_path, "nginx:1.27")
    assert {name: image[name] for name in ("reference", "canonical", "kind", "digest", "mediaType", "pull")} == {
        "reference": "nginx:1.27",
        "canonical": "docker.io/library/nginx:1.27",
        "kind": "index",
        "digest": str(INDEX),
        "mediaType": OCI_INDEX,
        "pull": f"nginx:1.27@{INDEX}",
    }
    assert image["labels"] == {"org.opencontainers.image.version": "1.27", "maintainer": "me"}
    arm64 = image["platforms"][1]
    assert arm64["platform"] == "linux/arm64/v8"
    assert arm64["pull"] == f"nginx@{ARM64_MANIFEST}"
    assert arm64["imageId"] == {"classic": str(ARM64_ID), "containerd": str(INDEX)}
    assert (arm64["size"], arm64["created"], arm64["artifact"]) == (71_234_567, "2026-01-02T03:04:05Z", None)
    assert image["attachments"] == [
        {
            "digest": str(SIGNATURE),
            "kind": ".sig",
            "name": "cosign signature",
            "subject": str(INDEX),
            "verified": False,
        },
        {
            "digest": str(BUILDKIT),
            "kind": "attestation",
            "name": "BuildKit attestation",
            "subject": str(ARM64_MANIFEST),
            "verified": False,
        },
    ]


def test_one_platform_is_shown_alone(tmp_path: Path) -> None:
    result = inspect(tmp_path, "--platform", "linux/amd64", "nginx:1.27")
    assert result.status == 0
    assert "what     OCI index; of its platforms linux/amd64 is shown\n" in result.stdout
    assert str(AMD64_ID) in result.stdout
    assert str(ARM64_ID) not in result.stdout
    assert str(BUILDKIT) not in result.stdout


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nginx:1.27", "without --platform all of them are shown"),
        ("ghcr.io/acme/tool:2", "there is no index, and linux/arm64/v8 is all there is"),
    ],
)
def test_a_platform_that_is_not_there_is_an_error(tmp_path: Path, name: str, hint: str) -> None:
    result = inspect(tmp_path, "--platform", "linux/s390x", name)
    assert (result.status, result.stdout) == (3, "")
    assert result.stderr == f"error: `{name}` is not there for linux/s390x\n  hint: {hint}\n"


def test_a_single_manifest_is_said_to_be_one(tmp_path: Path) -> None:
    result = inspect(tmp_path, "ghcr.io/acme/tool:2")
    assert result.stdout.startswith(f"""\
ghcr.io/acme/tool:2
manifest {SINGLE}
image ID {SINGLE_ID}
what     OCI manifest of linux/arm64/v8 alone
         there is no index: on other platforms this name does not run
type     application/vnd.oci.image.manifest.v1+json
size     71.2 MB, created 2026-01-02
pin as   ghcr.io/acme/tool:2@{SINGLE}
run as   docker run ghcr.io/acme/tool@{SINGLE}

signatures and attestations: none found
""")
    assert as_json(tmp_path, "ghcr.io/acme/tool:2")["kind"] == "manifest"
    tree = inspect(tmp_path, "--format", "tree", "ghcr.io/acme/tool:2").stdout
    assert f"├─ manifest {SINGLE} (OCI manifest, no index)\n│  ├─ for linux/arm64/v8\n" in tree


def test_a_chart_is_called_a_chart_and_told_nothing_about_running_it(tmp_path: Path) -> None:
    result = inspect(tmp_path, "ghcr.io/acme/chart:3", "--platform", "linux/amd64")
    assert result.status == 0
    assert "what     Helm chart, no container image\n" in result.stdout
    assert "image ID" not in result.stdout
    assert "which hash goes where" not in result.stdout
    image = as_json(tmp_path, "ghcr.io/acme/chart:3")
    assert (image["kind"], image["platforms"][0]["artifact"]) == ("artifact", "Helm chart")
    tree = inspect(tmp_path, "--format", "tree", "ghcr.io/acme/chart:3").stdout
    assert "│  ├─ Helm chart\n│  └─ 12.3 kB compressed\n" in tree
    assert "which hash goes where" not in tree


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"nginx:1.27@{INDEX}", "tag      this is what the tag 1.27 means today\n"),
        (f"nginx:1.27@{OLD}", f"tag      the tag 1.27 means something else today:\n         {INDEX}\n"),
        (
            f"nginx:1.27@{AMD64_MANIFEST}",
            f"tag      linux/amd64 of what the tag 1.27 means today, an index:\n         {INDEX}\n",
        ),
    ],
    ids=["current", "stale", "one platform's manifest"],
)
def test_a_digest_beside_a_tag_is_compared_with_what_the_tag_means(tmp_path: Path, name: str, words: str) -> None:
    result = inspect(tmp_path, name)
    assert result.status == 0
    assert words in result.stdout
    assert "pin as" not in result.stdout
    assert as_json(tmp_path, name)["tagMeansToday"] == str(INDEX)
    first, *rest = words.removeprefix("tag      ").split("\n         ")
    assert f"tag: {first.strip()}" in (tree := inspect(tmp_path, "--format", "tree", name).stdout)
    assert all(line.strip() in tree for line in rest)


def test_a_digest_alone_is_compared_with_nothing(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx@{AMD64_MANIFEST}")
    assert result.status == 0
    assert result.stdout.startswith(f"docker.io/library/nginx@{AMD64_MANIFEST}\nmanifest {AMD64_MANIFEST}\n")
    assert "tag " not in result.stdout
    assert "there is no index" not in result.stdout
    assert as_json(tmp_path, f"nginx@{AMD64_MANIFEST}")["tagMeansToday"] is None


def test_a_tag_that_is_gone_is_told_beside_the_digest_that_is_not(tmp_path: Path) -> None:
    serving = registry()
    serving.tags.clear()
    result = inspect(tmp_path, f"nginx:1.27@{INDEX}", serving=serving)
    assert result.status == 0
    assert str(ARM64_ID) in result.stdout
    assert "tag      the tag 1.27 is gone: what is shown is still served by its digest\n" in result.stdout
    image = as_json(tmp_path, f"nginx:1.27@{INDEX}", serving=serving)
    assert (image["tagMeansToday"], image["tagIsGone"]) == (None, True)


class TagsAreDown(FakeRegistry):
    """Answers for digests alone."""

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        if reference.digest is None:
            raise UnavailableError("it is down")
        return await super().describe(reference, depth, platforms)


def test_a_tag_that_nobody_tells_of_makes_the_answer_incomplete(tmp_path: Path) -> None:
    serving = registry()
    result = inspect(tmp_path, f"nginx:1.27@{INDEX}", serving=TagsAreDown(serving.images, serving.tags))
    assert result.status == 3
    assert "tag      what the tag 1.27 means today could not be determined: it is down\n" in result.stdout


def test_an_image_id_is_told_from_a_digest_with_what_to_write(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx:1.27@{ARM64_ID}")
    assert (
        result.stdout
        == f"""\
docker.io/library/nginx:1.27@{ARM64_ID}
image ID {ARM64_ID}
what     the config of an image for linux/arm64/v8, and no manifest: nothing can pull it
tag      the ID of linux/arm64/v8 in what 1.27 means today; write instead
         nginx:1.27@{INDEX}
"""
    )
    assert result.status == 0
    image = as_json(tmp_path, f"nginx:1.27@{ARM64_ID}")
    assert (image["kind"], image["belongsToTag"], image["pull"]) == ("config", True, f"nginx:1.27@{INDEX}")
    tree = inspect(tmp_path, "--format", "tree", f"nginx:1.27@{ARM64_ID}").stdout
    assert f"└─ linux/arm64/v8 of what the tag 1.27 means today\n   └─ {INDEX}\n" in tree


def test_an_image_id_of_another_image_is_not_said_to_be_the_tags(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx:1.27@{FOREIGN_ID}")
    assert (
        f"tag      the ID of no image in what 1.27 means today, which is\n         nginx:1.27@{INDEX}\n"
        in result.stdout
    )
    assert as_json(tmp_path, f"nginx:1.27@{FOREIGN_ID}")["belongsToTag"] is False
    tree = inspect(tmp_path, "--format", "tree", f"nginx:1.27@{FOREIGN_ID}").stdout
    assert "another image than what the tag 1.27 means today" in tree


def test_an_image_id_without_a_tag_asks_for_the_tag(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx@{ARM64_ID}")
    assert "write the tag it came from in its place, and `pinner pin` adds the digest\n" in result.stdout
    assert as_json(tmp_path, f"nginx@{ARM64_ID}")["pull"] is None
    assert "today" not in inspect(tmp_path, "--format", "tree", f"nginx@{ARM64_ID}").stdout


def test_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    names = ("nope:1", "nginx:1.27", "NOT A NAME", "ghcr.io/acme/tool:2", "nginx:1.27")
    result = inspect(tmp_path, *names)
    assert result.status == 3
    blocks = [line for line in result.stdout.splitlines() if line.startswith(("docker.io", "ghcr.io"))]
    assert blocks == ["docker.io/library/nginx:1.27", "ghcr.io/acme/tool:2"]
    assert result.stdout.count("which hash goes where") == 1
    errors = [line for line in result.stderr.splitlines() if line.startswith("error:")]
    assert errors == [
        "error: `nope:1` does not exist",
        "error: `NOT A NAME` is not an image reference: a repository name is lower-case",
    ]
    both = document(inspect(tmp_path, "--format", "json", *names))
    assert [len(both["images"]), [entry["reference"] for entry in both["failed"]]] == [2, ["nope:1", "NOT A NAME"]]


def test_a_bare_image_id_is_no_name(tmp_path: Path) -> None:
    result = inspect(tmp_path, "a" * 64)
    assert result.status == 3
    assert "64 hex digits: an ID and not a name" in result.stderr


class Flaky(FakeRegistry):
    """Does not say what lies beside some digests, and fails on an image ID as distribution 2 does."""

    silent: Collection[Digest] = ()

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        if reference.digest in self.silent:
            raise UnauthorizedError("go away")
        return await super().attachments(reference)

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        if reference.digest in (ARM64_ID, SINGLE_ID):
            raise UnavailableError("failed with status 500")
        return await super().describe(reference, depth, platforms)

    async def config(self, reference: ImageReference) -> Config | None:
        if reference.digest == SINGLE_ID:
            raise UnavailableError("and again")
        return await super().config(reference)


def flaky(*silent: Digest) -> Flaky:
    whole = registry()
    serving = Flaky(whole.images, whole.tags, whole.configs)
    serving.beside = whole.beside
    serving.silent = silent
    return serving


@pytest.mark.parametrize(
    ("silent", "words", "found"),
    [
        (INDEX, "could not be looked for: go away", 1),
        (ARM64_MANIFEST, "could not all be looked for: go away", 2),
    ],
)
def test_signatures_that_could_not_be_looked_for_are_not_said_to_be_absent(
    tmp_path: Path, silent: Digest, words: str, found: int
) -> None:
    result = inspect(tmp_path, "nginx:1.27", serving=flaky(silent))
    assert result.status == 3
    assert f"signatures and attestations: {words}\n" in result.stdout
    assert "none found" not in result.stdout
    assert str(ARM64_ID) in result.stdout
    image = as_json(tmp_path, "nginx:1.27", serving=flaky(silent))
    assert (len(image["attachments"]), image["attachmentsUnknown"]) == (found, words)
    assert words in inspect(tmp_path, "--format", "tree", "nginx:1.27", serving=flaky(silent)).stdout


def test_a_mistake_of_ours_is_not_taken_for_a_registrys(tmp_path: Path) -> None:
    class Broken(FakeRegistry):
        async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
            if reference.digest == ARM64_MANIFEST:
                raise ValueError("no registry's fault")
            return ()

    whole = registry()
    result = inspect(tmp_path, "nginx:1.27", serving=Broken(whole.images, whole.tags))
    assert result.status == 3
    assert "internal error: ValueError: no registry's fault" in result.stderr


def test_what_the_registry_warns_of_is_passed_on(tmp_path: Path) -> None:
    context = world(tmp_path, registry(), warnings=("this tag goes away\x1b",))
    result = outcome(context, "inspect", "nginx:1.27")
    assert (result.status, result.stderr) == (0, "warning: this tag goes away\\x1b\n")


def test_a_digest_that_is_not_there_is_named_in_full(tmp_path: Path) -> None:
    gone = digest("9")
    write_layout(tmp_path / "layout", {"registry.example/app:1": make_multi_platform("app")})
    result = on_the_wire(tmp_path, "--layout", str(tmp_path / "layout"), f"registry.example/app:1@{gone}")
    assert result.status == 3
    assert result.stderr.startswith(f"error: cannot resolve `registry.example/app:1@{gone}`: ")


def test_an_image_id_is_told_of_a_registry_that_fails_on_it(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx:1.27@{ARM64_ID}", serving=flaky())
    assert (result.status, "nothing can pull it" in result.stdout) == (0, True)


def test_a_failure_that_no_image_id_explains_stays_the_failure(tmp_path: Path) -> None:
    result = inspect(tmp_path, f"nginx:1.27@{SINGLE_ID}", serving=flaky())
    assert (result.status, result.stderr) == (3, "error: failed with status 500\n")


def test_offline_nobody_is_asked_for_signatures(tmp_path: Path) -> None:
    result = inspect(tmp_path, "--offline", "nginx:1.27", serving=flaky(INDEX))
    assert result.status == 0
    assert "signatures and attestations: not looked for: --offline forbids to ask\n" in result.stdout
    assert str(BUILDKIT) in result.stdout


def test_without_a_name_there_is_nothing_to_inspect(tmp_path: Path) -> None:
    result = inspect(tmp_path)
    assert (result.status, result.stderr) == (2, "error: no image is named\n  hint: `pinner inspect nginx:1.27`\n")


HUB = Allowance("docker.io", None, 100, 76, 21_600, "203.0.113.7")
OTHER = Allowance("ghcr.io", "alice")


def limits(folder: Path, *arguments: str) -> Outcome:
    serving = registry()
    serving.allowances = {"docker.io": HUB, "ghcr.io": OTHER, "r.example:5000": Allowance("r.example:5000", None, 7)}
    return inspect(folder, "--rate-limit", *arguments, serving=serving)


def test_docker_hubs_limit_is_told_with_who_is_counted(tmp_path: Path) -> None:
    result = limits(tmp_path)
    assert result.status == 0
    assert result.stdout == "docker.io  76 of 100 left in 6 hours (asked anonymously, counted for 203.0.113.7)\n"


def test_the_limits_of_several_registries_and_an_image(tmp_path: Path) -> None:
    result = limits(tmp_path, "index.docker.io", "GHCR.io", "r.example:5000/", "ghcr.io/acme/tool:2", "nope.example")
    assert result.status == 3
    assert result.stdout.splitlines() == [
        "docker.io       76 of 100 left in 6 hours (asked anonymously, counted for 203.0.113.7)",
        "ghcr.io         says nothing of a limit (asked as alice)",
        "r.example:5000  some of 7 left (asked anonymously)",
        "ghcr.io         says nothing of a limit (asked as alice)",
    ]
    assert result.stderr == "error: cannot tell what nope.example lets be fetched: nobody is there\n"


def test_limits_for_other_programs(tmp_path: Path) -> None:
    assert document(limits(tmp_path, "--format", "json"))["limits"] == [HUB._asdict()]


def test_limits_of_what_is_no_name(tmp_path: Path) -> None:
    result = limits(tmp_path, "not a name")
    assert (result.status, result.stdout) == (3, "")
    assert "is not an image reference" in result.stderr


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *(
            (text, True)
            for text in ("docker.io", "localhost", "localhost:5000", "10.0.0.1:5000", "registry/", "r:5000/")
        ),
        *((text, False) for text in ("nginx", "redis:7", "nginx:1.27", "ghcr.io/a/b", "registry:5000/app", "a.b:tag")),
    ],
)
def test_a_registry_is_told_from_an_image(text: str, answer: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_registry(text) is answer


def labelled(text: str, platform: Mapping[str, str]) -> Made:
    """Return an image whose config says when it was made and what it is."""
    layer, diff_id = make_layer({"etc/motd": text.encode()})
    more = {"created": "2026-01-02T03:04:05Z", "config": {"Labels": {"org.opencontainers.image.version": text}}}
    body = {**platform, **more, "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    config = Blob(CONFIG_TYPE["oci"], to_json(body))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(),
        "layers": [layer.descriptor()],
    }
    return Made(Blob(MANIFEST, to_json(manifest)), (config, layer), (), platform)


def on_the_wire(folder: Path, *arguments: str) -> Outcome:
    """Run ``pinner inspect`` with the connection that a user's run has."""
    context = world(folder, environment={"XDG_CACHE_HOME": str(folder / "cache")})
    return outcome(context._replace(connect=connect_to_registries), "inspect", *arguments)


def test_a_layout_is_inspected_as_a_registry_is(tmp_path: Path) -> None:
    image = labelled("1.27", {"os": "linux", "architecture": "arm64"})
    signature = make_image("signature")
    hexadecimal = image.digest.partition(":")[2]
    names = {"registry.example/app:1": image, f"registry.example/app:sha256-{hexadecimal}.sig": signature}
    write_layout(tmp_path / "layout", names)
    result = on_the_wire(tmp_path, "--format", "json", "--layout", str(tmp_path / "layout"), "registry.example/app:1")
    [said] = document(result)["images"]
    [platform] = said["platforms"]
    assert (said["digest"], platform["config"]) == (image.digest, image.blobs[0].digest)
    assert (platform["created"], said["labels"]) == (
        "2026-01-02T03:04:05Z",
        {"org.opencontainers.image.version": "1.27"},
    )
    assert platform["size"] == len(image.blobs[0].data) + len(image.blobs[1].data)
    assert [one["digest"] for one in said["attachments"]] == [signature.digest]


def test_an_image_id_in_a_layout_is_told(tmp_path: Path) -> None:
    image = make_multi_platform("app")
    write_layout(tmp_path / "layout", {"registry.example/app:1": image})
    image_id = image.children[1].blobs[0].digest
    name = f"registry.example/app:1@{image_id}"
    result = on_the_wire(tmp_path, "--layout", str(tmp_path / "layout"), name)
    assert result.status == 0
    assert (
        f"the ID of linux/arm64/v8 in what 1 means today; write instead\n         registry.example/app:1@{image.digest}"
        in result.stdout
    )


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def skopeo(*arguments: str) -> bytes:
    command = [require("skopeo"), "inspect", "--raw", "--tls-verify=false", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.registry
@pytest.mark.parametrize("family", ["oci", "docker"])
def test_skopeo_and_sha256sum_say_the_same_of_what_skopeo_pushed(tmp_path: Path, family: Any) -> None:
    image = make_multi_platform("app", ("linux/amd64", "linux/arm64/v8", "linux/s390x"), family)
    with RealRegistry(tmp_path / "registry") as server:
        server.push({"staging/app:1": image})
        name = f"{server.host}/team/app:1"
        copy = ["copy", "--all", "--src-tls-verify=false", "--dest-tls-verify=false"]
        source, target = f"docker://{server.host}/staging/app:1", f"docker://{name}"
        subprocess.run([require("skopeo"), *copy, source, target], check=True, capture_output=True)
        result = on_the_wire(tmp_path, "--format", "json", name)
        raw = skopeo(f"docker://{name}")
        children = [entry["digest"] for entry in json.loads(raw)["manifests"]]
        manifests = [skopeo(f"docker://{server.host}/team/app@{child}") for child in children]
        configs = [skopeo("--config", f"docker://{server.host}/team/app@{child}") for child in children]
        one_id = on_the_wire(tmp_path, f"{name}@{sha256(configs[1])}")
    assert result.status == 0
    [said] = document(result)["images"]
    assert said["digest"] == sha256(raw)
    assert [one["digest"] for one in said["platforms"]] == [sha256(manifest) for manifest in manifests]
    assert [one["config"] for one in said["platforms"]] == [sha256(config) for config in configs]
    assert [one["size"] for one in said["platforms"]] == [
        sum(part["size"] for part in (parsed["config"], *parsed["layers"])) for parsed in map(json.loads, manifests)
    ]
    assert said["attachments"] == []
    assert (one_id.status, f"{name}@{sha256(raw)}" in one_id.stdout) == (0, True)
