"""``lock``, ``pin --locked``, ``update`` and ``check`` beside a lock, against a registry that is a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from fakes import FakeRegistry
from locks import NGINX, digest, image
from world import NOW, Outcome, outcome, world

from pinner.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from pinner.model import Resolved
    from pinner.oci.types import Depth, Image
    from pinner.reference import ImageReference, Platform

DAY = 86_400
DOCKERFILE = "FROM nginx:1.27\nCOPY --from=redis /a /b\n"
FILES = {"Dockerfile": DOCKERFILE, "compose.yaml": "services:\n  a:\n    image: nginx:1.27\n"}


class Silent(FakeRegistry):
    """Must not be asked."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> NoReturn:
        raise AssertionError(f"asked for {reference} ({platform})")

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> NoReturn:
        raise AssertionError(f"asked to describe {reference} ({depth}, {platforms})")


def registry(nginx: str = "n", redis: str = "r") -> FakeRegistry:
    """Return a registry whose tags mean these, and that serves all images of the tests."""
    words = ("n", "n2", "n3", "r", "r2")
    images: dict[str, Image] = {}
    for name in ("nginx", "redis"):
        images |= {f"docker.io/library/{name}@{digest(word)}": image(word) for word in words}
    tags = {NGINX: digest(nginx), "docker.io/library/redis:latest": digest(redis)}
    return FakeRegistry(images, tags, missing=["docker.io/library/nope:1"])


def project(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return folder


def run(
    folder: Path, *arguments: str, resolver: FakeRegistry | None = None, now: float = NOW, **environment: str
) -> Outcome:
    answering = Silent() if resolver is None else resolver
    return outcome(world(folder, answering, environment=environment, now=now), *arguments)


def locked(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    """Return ``folder`` with ``files`` and their lock."""
    project(folder, files)
    assert run(folder, "lock", resolver=registry()).status == 0
    return folder


def lock_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "pinner.lock").read_bytes())
    return content


def selected(folder: Path, name: str = NGINX) -> str:
    return str(lock_of(folder)["images"][name]["digest"])


def pin(word: str) -> str:
    return f"@{digest(word)}"


def edit(folder: Path, old: str, new: str, *, name: str = "Dockerfile") -> None:
    path = folder / name
    data = path.read_bytes()
    assert old.encode() in data
    path.write_bytes(data.replace(old.encode(), new.encode()))


def test_lock_writes_what_every_tag_means_and_leaves_the_files(tmp_path: Path) -> None:
    done = run(project(tmp_path), "lock", resolver=registry())
    assert done.status == 0
    assert done.stdout.splitlines()[0].startswith("locked nginx:1.27 → sha256:")
    assert done.stderr == "locked 2 images; pinner.lock holds 2 images of 2 files\n"
    content = lock_of(tmp_path)
    assert content["version"] == 1
    assert content["sources"] == {"Dockerfile": [NGINX, "docker.io/library/redis:latest"], "compose.yaml": [NGINX]}
    assert content["images"][NGINX] == {
        "digest": str(digest("n")),
        "firstSeen": "2026-11-01T12:00:00Z",
        "labels": {},
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "platforms": {
            platform: {
                "config": str(digest(f"n {platform} config")),
                "digest": str(digest(f"n {platform}")),
                "size": 100,
            }
            for platform in ("linux/amd64", "linux/arm64/v8")
        },
    }
    assert {name: (tmp_path / name).read_text("utf-8") for name in FILES} == FILES


def test_a_second_lock_writes_nothing_and_asks_nobody(tmp_path: Path) -> None:
    locked(tmp_path)
    before = (tmp_path / "pinner.lock").stat()
    done = run(tmp_path, "lock", now=NOW + DAY)
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr == "nothing to lock: pinner.lock holds both images already\n"
    after = (tmp_path / "pinner.lock").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_two_clones_make_the_same_bytes(tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    for number, name in enumerate(("one", "the/other")):
        clone = project(tmp_path / name)
        (clone / ".git").mkdir()
        run(clone, "lock", resolver=registry(), now=NOW + number * DAY, XDG_CACHE_HOME=cache)
    assert (tmp_path / "one/pinner.lock").read_bytes() == (tmp_path / "the/other/pinner.lock").read_bytes()


def test_without_a_cache_the_time_is_source_date_epoch(tmp_path: Path) -> None:
    project(tmp_path)
    run(tmp_path, "lock", "--no-cache", resolver=registry(), SOURCE_DATE_EPOCH="0", XDG_CACHE_HOME=str(tmp_path / "c"))
    assert lock_of(tmp_path)["images"][NGINX]["firstSeen"] == "1970-01-01T00:00:00Z"
    assert not (tmp_path / "c").exists()


def test_nothing_to_look_at_makes_no_lock(tmp_path: Path) -> None:
    done = run(tmp_path, "lock")
    assert (done.status, done.stdout) == (0, "")
    assert done.stderr.startswith("nothing to look at")
    assert list(tmp_path.iterdir()) == []


def test_files_without_an_image_make_no_lock(tmp_path: Path) -> None:
    done = run(project(tmp_path, {"Dockerfile": "FROM scratch\n"}), "lock")
    assert (done.status, done.stderr) == (0, "nothing to lock\n")
    assert not (tmp_path / "pinner.lock").exists()


def test_an_image_that_is_missing_stops_no_other(tmp_path: Path) -> None:
    done = run(project(tmp_path, {"Dockerfile": "FROM nope:1\nFROM nginx:1.27\n"}), "lock", resolver=registry())
    assert done.status == 3
    assert done.stderr.splitlines() == [
        "Dockerfile:1:6: error: `docker.io/library/nope:1` does not exist",
        "locked 1 image; pinner.lock holds 1 image of 1 file; 1 could not be resolved",
    ]
    assert lock_of(tmp_path)["sources"] == {"Dockerfile": [NGINX]}


def test_nothing_but_a_missing_image(tmp_path: Path) -> None:
    done = run(project(tmp_path, {"Dockerfile": "FROM nope:1\n"}), "lock", resolver=registry())
    assert (done.status, done.stderr.splitlines()[-1]) == (3, "1 image could not be resolved")
    assert not (tmp_path / "pinner.lock").exists()


def test_an_unreadable_file_keeps_what_the_lock_knows_of_it(tmp_path: Path) -> None:
    locked(tmp_path)
    (tmp_path / "compose.yaml").write_bytes(b"image: a\0")
    done = run(tmp_path, "lock")
    assert done.status == 3
    assert (
        done.stderr.splitlines()[-1]
        == "nothing to lock: pinner.lock holds both images already; 1 file could not be read"
    )
    assert lock_of(tmp_path)["sources"]["compose.yaml"] == [NGINX]
    assert run(tmp_path, "check").stderr.splitlines()[-2].endswith("1 file could not be read; pinner.lock agrees")


def test_what_no_file_names_any_more_goes(tmp_path: Path) -> None:
    locked(tmp_path)
    edit(tmp_path, "COPY --from=redis /a /b\n", "")
    done = run(tmp_path, "lock")
    assert (done.stdout, done.stderr) == (
        "dropped redis:latest\n",
        "dropped 1 image; pinner.lock holds 1 image of 2 files\n",
    )
    (tmp_path / "compose.yaml").unlink()
    done = run(tmp_path, "lock")
    assert (done.stdout, done.stderr) == ("", "pinner.lock is up to date again: 1 image of 1 file\n")


def test_a_path_leaves_what_is_elsewhere(tmp_path: Path) -> None:
    locked(tmp_path, {"a/Dockerfile": "FROM nginx:1.27\n", "b/Dockerfile": "FROM redis\n"})
    (tmp_path / "a/Dockerfile").write_text("FROM scratch\n", "utf-8")
    (tmp_path / "b/Dockerfile").unlink()
    assert run(tmp_path, "lock", "a").stdout == "dropped nginx:1.27\n"
    assert lock_of(tmp_path)["sources"] == {"b/Dockerfile": ["docker.io/library/redis:latest"]}


def test_from_a_folder_below_the_lock_is_the_repository_s(tmp_path: Path) -> None:
    project(tmp_path, {"a/Dockerfile": "FROM nginx:1.27\n", ".git/HEAD": ""})
    done = run(tmp_path / "a", "lock", resolver=registry())
    assert done.stderr == "locked 1 image; ../pinner.lock holds 1 image of 1 file\n"
    assert lock_of(tmp_path)["sources"] == {"a/Dockerfile": [NGINX]}
    assert run(tmp_path / "a", "check", "Dockerfile").status == 0


def test_lock_update_asks_again_and_leaves_the_files(tmp_path: Path) -> None:
    locked(tmp_path)
    done = run(tmp_path, "lock", "--update", resolver=registry("n2"))
    assert done.stdout.startswith("moved nginx:1.27 sha256:")
    assert done.stderr == "moved 1 image; pinner.lock holds 2 images of 2 files\n"
    assert selected(tmp_path) == str(digest("n2"))
    assert (tmp_path / "Dockerfile").read_text("utf-8") == DOCKERFILE


def test_an_index_that_moved_for_other_platforms_only_is_said(tmp_path: Path) -> None:
    platforms = 'platforms = ["linux/amd64"]\n'
    locked(tmp_path, {**FILES, "pinner.toml": platforms})
    answering = registry("n2")
    same, other = image("n").platforms[0], image("n2").platforms[1]
    answering.images[f"docker.io/library/nginx@{digest('n2')}"] = image("n2")._replace(platforms=(same, other))
    done = run(tmp_path, "lock", "--update", resolver=answering)
    assert done.stderr == "nothing to lock: pinner.lock holds both images already; 1 moved for other platforms only\n"
    run(tmp_path, "pin")
    done = run(tmp_path, "update", resolver=answering)
    assert done.stderr == "nothing to update: all 3 references are up to date; 1 moved for other platforms only\n"


def test_the_digest_of_a_file_is_what_the_lock_takes(tmp_path: Path) -> None:
    locked(tmp_path)
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('n2')}")
    assert run(tmp_path, "lock", resolver=registry()).status == 0
    assert selected(tmp_path) == str(digest("n2"))


def test_files_that_disagree_are_named(tmp_path: Path) -> None:
    project(tmp_path)
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('n2')}")
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('n3')}", name="compose.yaml")
    done = run(tmp_path, "lock", resolver=registry("n3"))
    assert done.stderr.splitlines()[:2] == [
        (
            f"warning: nginx:1.27 is held to different digests: pinner.lock takes {str(digest('n3'))[:19]}…; "
            f"there is {str(digest('n2'))[:19]}… in Dockerfile:1"
        ),
        "  hint: `pinner pin --locked` makes them one",
    ]
    assert selected(tmp_path) == str(digest("n3"))


# -- pin ---


def test_pin_takes_what_the_lock_knows_and_adds_what_it_lacks(tmp_path: Path) -> None:
    locked(tmp_path)
    project(tmp_path, {"other/Dockerfile": "FROM nginx:1.27\nFROM ghcr.io/a/b:1\n"})
    answering = registry("n2")
    answering.tags["ghcr.io/a/b:1"] = digest("r")
    answering.images[f"ghcr.io/a/b@{digest('r')}"] = image("r")
    done = run(tmp_path, "pin", resolver=answering)
    assert (done.status, answering.asked) == (0, ["ghcr.io/a/b:1"])
    assert done.stderr == "pinned 5 references in 3 files; pinner.lock updated: 1 added\n"
    assert (tmp_path / "Dockerfile").read_text("utf-8").startswith(f"FROM nginx:1.27{pin('n')}\n")
    assert run(tmp_path, "check").status == 0
    assert run(tmp_path, "pin").stderr == "nothing to pin: all 5 references are pinned\n"


def test_pin_locked_needs_nobody(tmp_path: Path) -> None:
    locked(tmp_path)
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('n2')}")
    done = run(tmp_path, "pin", "--locked")
    assert done.status == 0
    assert done.stderr == "moved 1 and pinned 2 references in 2 files\n"
    assert (tmp_path / "Dockerfile").read_text("utf-8") == (
        f"FROM nginx:1.27{pin('n')}\nCOPY --from=redis:latest{pin('r')} /a /b\n"
    )
    again = run(tmp_path, "pin", "--locked")
    assert again.stderr == "nothing to pin: all 3 references are as pinner.lock says\n"
    assert run(tmp_path, "check").stderr == "all 3 references are pinned (2 files); pinner.lock agrees\n"


def test_pin_locked_keeps_one_platform_s_image_where_it_agrees(tmp_path: Path) -> None:
    held = f"FROM nginx:1.27{pin('n linux/amd64')}\n"
    locked(tmp_path)
    (tmp_path / "Dockerfile").write_text(held, "utf-8")
    assert run(tmp_path, "pin", "--locked").status == 0
    assert (tmp_path / "Dockerfile").read_text("utf-8") == held


def test_pin_locked_for_a_platform(tmp_path: Path) -> None:
    locked(tmp_path)
    assert run(tmp_path, "pin", "--locked", "--platform", "linux/arm64").status == 0
    assert f"FROM nginx:1.27{pin('n linux/arm64/v8')}\n" in (tmp_path / "Dockerfile").read_text("utf-8")
    assert run(tmp_path, "check").status == 0
    refused = run(tmp_path, "pin", "--locked", "--platform", "linux/s390x")
    assert refused.status == 3
    assert "`nginx:1.27` is in pinner.lock, but not for linux/s390x" in refused.stderr


def test_what_the_lock_lacks_is_said_and_the_rest_is_pinned(tmp_path: Path) -> None:
    locked(tmp_path)
    edit(tmp_path, "redis", "redis:8")
    done = run(tmp_path, "pin", "--locked")
    assert done.status == 3
    assert done.stderr.splitlines() == [
        "Dockerfile:2:13: error: `redis:8` is not in pinner.lock",
        "  hint: run `pinner lock`, which adds it",
        "pinned 2 references in 2 files; 1 could not be taken from pinner.lock; pinner.lock updated: 1 dropped",
    ]


def test_a_pragma_keeps_the_lock_away(tmp_path: Path) -> None:
    text = f"# pinner: ignore[PIN004] ours\nFROM nginx:1.27{pin('n2')}\n# pinner: ignore[PIN001]\nFROM redis\n"
    locked(tmp_path)
    (tmp_path / "Dockerfile").write_text(text, "utf-8")
    run(tmp_path, "pin", "--locked")
    assert (tmp_path / "Dockerfile").read_text("utf-8") == text
    assert run(tmp_path, "check", "Dockerfile").status == 0


def test_pin_locked_without_a_lock_is_refused(tmp_path: Path) -> None:
    done = run(project(tmp_path), "pin", "--locked")
    assert (done.status, done.stderr) == (
        2,
        "error: --locked: there is no pinner.lock\n  hint: run `pinner lock` first\n",
    )


def test_offline_is_enough_where_the_lock_knows_it_all(tmp_path: Path) -> None:
    locked(tmp_path)
    assert run(tmp_path, "lock", "--offline", "--no-cache").status == 0
    assert run(tmp_path, "pin", "--offline", "--no-cache").status == 0
    edit(tmp_path, "redis:latest", "redis:8")
    done = run(tmp_path, "lock", "--offline", "--no-cache")
    assert done.status == 2
    assert done.stderr.startswith(
        "error: `pinner lock` has to ask what tags mean, and --offline with --no-cache forbids"
    )


def test_no_lock_no_difference(tmp_path: Path) -> None:
    assert run(project(tmp_path), "pin", resolver=registry()).stderr == "pinned 3 references in 2 files\n"
    assert run(tmp_path, "update", resolver=registry("n2")).status == 0
    assert run(tmp_path, "check").stderr == "all 3 references are pinned (2 files)\n"
    assert not (tmp_path / "pinner.lock").exists()


def test_unpin_leaves_the_lock(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    before = (tmp_path / "pinner.lock").read_bytes()
    assert run(tmp_path, "unpin").status == 0
    assert (tmp_path / "pinner.lock").read_bytes() == before


def test_a_digest_that_is_gone_is_said_by_pin_too(tmp_path: Path) -> None:
    locked(tmp_path)
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('gone')}")
    edit(tmp_path, "nginx:1.27", f"nginx:1.27{pin('gone')}", name="compose.yaml")
    done = run(tmp_path, "pin", resolver=registry())
    assert done.status == 3
    assert f"`nginx:1.27{pin('gone')}` does not exist" in done.stderr
    assert selected(tmp_path) == str(digest("n"))


# -- update ---


def test_update_moves_lock_and_files_together(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    done = run(tmp_path, "update", resolver=registry("n2"))
    assert done.status == 0
    assert done.stderr == "moved 2 references in 2 files; 1 is up to date; pinner.lock updated: 1 moved\n"
    assert selected(tmp_path) == str(digest("n2"))
    assert run(tmp_path, "check").status == 0
    assert run(tmp_path, "update", resolver=registry("n2")).stderr == (
        "nothing to update: all 3 references are up to date\n"
    )


def test_update_diff_writes_neither(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = run(tmp_path, "update", "--diff", "--exit-non-zero-on-change", resolver=registry("n2"))
    assert done.status == 1
    assert "pinner.lock" not in done.stdout
    assert done.stderr.splitlines() == [
        "would move 2 references in 2 files; 1 is up to date; pinner.lock would change: 1 moved",
        "  hint: the patch leaves pinner.lock out: run `pinner lock` when it is applied",
    ]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_update_of_some_images_leaves_the_others_in_the_lock(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    answering = registry("n2", "r2")
    run(tmp_path, "update", "--only", "redis", resolver=answering)
    assert answering.asked == ["docker.io/library/redis:latest"]
    assert selected(tmp_path) == str(digest("n"))
    assert selected(tmp_path, "docker.io/library/redis:latest") == str(digest("r2"))
    run(tmp_path, "update", "--exclude", "nginx", resolver=registry("n2", "r"))
    assert selected(tmp_path) == str(digest("n"))
    assert run(tmp_path, "check").status == 0


def test_an_update_without_an_answer_leaves_lock_and_file(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    answering = registry("n2", "r2")
    del answering.tags[NGINX]
    answering.missing = [NGINX]
    done = run(tmp_path, "update", resolver=answering)
    assert done.status == 3
    assert done.stderr.splitlines() == [
        f"Dockerfile:1:6: error: `{NGINX}` does not exist",
        "  also at compose.yaml:3:12",
        "moved 1 reference in 1 file; 2 could not be resolved; pinner.lock updated: 1 moved",
    ]
    assert run(tmp_path, "check").status == 0


def test_update_keeps_one_platform_s_image_that_platform_s(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin", "--platform", "linux/amd64")
    run(tmp_path, "update", resolver=registry("n2"))
    assert f"nginx:1.27{pin('n2 linux/amd64')}" in (tmp_path / "Dockerfile").read_text("utf-8")
    assert run(tmp_path, "check").status == 0
    run(tmp_path, "update", "--index", resolver=registry("n3"))
    assert f"nginx:1.27{pin('n3')}" in (tmp_path / "Dockerfile").read_text("utf-8")


def test_what_the_lock_does_not_know_of_a_digest_the_registry_is_asked(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    edit(tmp_path, pin("n"), pin("n2 linux/amd64"))
    answering = registry("n3")
    platform = image("n2").platforms[0]
    answering.images[f"docker.io/library/nginx@{platform.digest}"] = image("n2")._replace(
        digest=platform.digest, media_type=platform.media_type, platforms=(platform,)
    )
    run(tmp_path, "update", resolver=answering)
    assert f"nginx:1.27{pin('n3 linux/amd64')}" in (tmp_path / "Dockerfile").read_text("utf-8")


def test_an_interrupted_update_is_explained_and_mended(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    run(tmp_path, "lock", "--update", resolver=registry("n2"))
    done = run(tmp_path, "check")
    assert done.status == 1
    assert "`pinner pin --locked` takes the lock's digest" in done.stdout
    assert run(tmp_path, "pin", "--locked").status == 0
    assert run(tmp_path, "check").status == 0


def test_a_young_digest_is_held_back_and_taken_when_it_is_old_enough(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    done = run(tmp_path, "update", "--min-age", "3d", resolver=registry("n2"), now=NOW + DAY)
    assert done.stderr.splitlines() == [
        f"held back: nginx:1.27 → {str(digest('n2'))[:19]}…, seen just now, eligible on 2026-11-05 12:00 UTC",
        "nothing to update: all 3 references are up to date; 1 held back; pinner.lock updated",
    ]
    done = run(tmp_path, "update", "--min-age", "3d", resolver=registry("n3"), now=NOW + 3 * DAY)
    assert done.stderr.splitlines()[0] == (
        f"held back: nginx:1.27 → {str(digest('n2'))[:19]}…, seen 2 days ago, eligible on 2026-11-05 12:00 UTC; "
        "1 newer digest after it"
    )
    assert run(tmp_path, "check").status == 0
    done = run(tmp_path, "update", "--min-age", "3d", resolver=registry("n3"), now=NOW + 4 * DAY)
    assert done.status == 0
    assert selected(tmp_path) == str(digest("n2"))
    assert f"nginx:1.27{pin('n2')}" in (tmp_path / "Dockerfile").read_text("utf-8")


def test_min_age_of_the_configuration_counts_too(tmp_path: Path) -> None:
    locked(tmp_path, {**FILES, "pinner.toml": 'min-age = "1h"\n'})
    assert "held back: nginx:1.27" in run(tmp_path, "lock", "--update", resolver=registry("n2")).stderr
    assert selected(tmp_path) == str(digest("n"))


def test_min_age_without_a_lock_is_refused_as_an_option_and_noted_as_a_key(tmp_path: Path) -> None:
    project(tmp_path)
    done = run(tmp_path, "update", "--min-age", "3d")
    assert done.status == 2
    assert done.stderr.splitlines() == [
        "error: --min-age: there is no pinner.lock, which remembers when a digest was first seen",
        "  hint: run `pinner lock` first",
    ]
    project(tmp_path, {"pinner.toml": 'min-age = "3d"\n'})
    done = run(tmp_path, "update", resolver=registry())
    assert done.stderr.splitlines()[:2] == [
        "pinner.toml: note: `min-age` has no effect without pinner.lock",
        "  hint: run `pinner lock` first",
    ]


def test_min_age_that_is_no_duration(tmp_path: Path) -> None:
    done = run(project(tmp_path), "update", "--min-age", "soon")
    assert (done.status, done.stderr) == (
        2,
        "error: --min-age: not a duration: `soon`\n  hint: write a whole number and m, h, d or w, as in 3d\n",
    )


# -- bad locks ---


@pytest.mark.parametrize("command", [("check",), ("pin",), ("update",), ("lock",), ("pin", "--locked")])
def test_a_broken_lock_ends_every_command_before_it_does_anything(tmp_path: Path, command: tuple[str, ...]) -> None:
    locked(tmp_path)
    edit(tmp_path, '"version": 1', '"version": 3', name="pinner.lock")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = run(tmp_path, *command)
    assert (done.status, done.stdout) == (2, "")
    line = before["pinner.lock"].count(b"\n") - 1
    assert done.stderr == (
        f"error: pinner.lock:{line}:3: `version` is 3: written by a newer pinner (version 3)\n  hint: update pinner\n"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("command", [("unpin",), ("list",)])
def test_what_needs_no_lock_works_beside_a_broken_one(tmp_path: Path, command: tuple[str, ...]) -> None:
    project(tmp_path, {**FILES, "pinner.lock": "{"})
    assert run(tmp_path, *command).status == 0


def test_a_lock_that_cannot_be_written_changes_no_file(tmp_path: Path) -> None:
    locked(tmp_path)
    run(tmp_path, "pin")
    before = (tmp_path / "Dockerfile").read_bytes()
    (tmp_path / "pinner.lock").chmod(0o444)
    done = run(tmp_path, "update", resolver=registry("n2"))
    assert done.status == 3
    assert done.stderr.startswith("error: pinner.lock: is read-only and was not changed\n")
    assert (tmp_path / "Dockerfile").read_bytes() == before


class Down(FakeRegistry):
    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        raise UnavailableError(f"`{reference}` ({platform or 'index'}): nobody is there")


def test_a_registry_that_is_down_leaves_everything(tmp_path: Path) -> None:
    locked(tmp_path)
    before = (tmp_path / "pinner.lock").read_bytes()
    done = run(tmp_path, "lock", "--update", resolver=Down())
    assert done.status == 3
    assert (tmp_path / "pinner.lock").read_bytes() == before
    assert done.stderr.splitlines()[-1] == "pinner.lock holds what it held, 2 images; 2 could not be resolved"


def test_a_lock_holds_every_platform(tmp_path: Path) -> None:
    done = run(project(tmp_path), "lock", "--platform", "linux/amd64", resolver=registry())
    assert done.status == 0
    assert done.stderr.splitlines()[:2] == [
        "note: --platform has no effect here: a lock holds every platform of an image",
        "  hint: `pinner pin --locked --platform` takes one of them from it",
    ]
    assert selected(tmp_path) == str(digest("n"))


def test_one_image_is_spoken_of_as_one(tmp_path: Path) -> None:
    locked(tmp_path, {"Dockerfile": "FROM nginx:1.27\n"})
    assert run(tmp_path, "lock").stderr == "nothing to lock: pinner.lock holds the one image already\n"
