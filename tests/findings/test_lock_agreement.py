from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import pytest
from lineformat import FORMAT
from locks import NGINX, REDIS, digest, entry, lock

from pinner.findings import Finding, check_source
from pinner.findings.lock_agreement import LockView, findings_beside_lock, sort_key, unneeded_entries
from pinner.lockfile.file import LockFile
from pinner.lockfile.model import Lock
from pinner.lockfile.render import render_lock
from pinner.lockfile.usage import names_in
from pinner.model import Document, Occurrence
from pinner.scan.suppressions import Source, apply_suppressions

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pinner.rules import Level

N, M, R = digest("n"), digest("m"), digest("r")
TODAY = date(2026, 11, 1)
HELD = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX, REDIS)})
GOOD = f"use nginx:1.27@{N}\nuse redis:latest@{R}\n"


def source(path: str, text: str) -> Source:
    document = Document(path, text.encode())
    located = FORMAT.locate(document)
    assert located is not None
    return apply_suppressions(document, FORMAT, located, today=TODAY)


def check(
    held: Lock,
    files: Mapping[str, str],
    *,
    full: bool = True,
    unread: Collection[str] = (),
    levels: dict[str, Level] | None = None,
) -> list[Finding]:
    view = LockView(held, render_lock(held), LockFile("/repository/pinner.lock", "pinner.lock"))
    sources = [source(path, text) for path, text in files.items()]
    found: list[Finding] = []
    for one in sources:
        alone = check_source(one, levels or {})
        found += findings_beside_lock(alone, one, one.document.path, view, levels or {})
    if full:
        named = {one.document.path: names_in(one) for one in sources}
        found += unneeded_entries(named, unread, view, levels or {})
    return sorted(found, key=sort_key)


def said(findings: list[Finding]) -> list[tuple[str, str, str, str]]:
    return [(one.path, one.rule.id, one.severity, one.message) for one in findings]


def test_files_that_say_what_the_lock_says_are_clean() -> None:
    assert check(HELD, {"a": GOOD}) == []


def test_one_platform_s_image_agrees() -> None:
    text = f"use nginx:1.27@{digest('n linux/amd64')}\nuse redis@{R}\nuse docker.io/library/redis:latest@{R}\n"
    assert [one for one in check(HELD, {"a": text}) if one.rule.id == "PIN004"] == []


def test_another_digest_than_the_lock_s() -> None:
    (found,) = check(HELD, {"a": GOOD.replace(str(N), str(M))})
    assert said([found]) == [
        ("a", "PIN004", "error", f"`nginx:1.27` is {str(M)[:19]}… here and {str(N)[:19]}… in pinner.lock")
    ]
    assert found.hint == (
        "`pinner pin --locked` takes the lock's digest, `pinner lock` the file's; `pinner update` moves both"
    )
    assert found.proposed == f"nginx:1.27@{N}"
    assert (found.place.line, found.place.column) == (1, 5)


def test_the_image_id_of_a_platform_does_not_agree() -> None:
    assert len(check(HELD, {"a": GOOD.replace(str(N), str(digest("n linux/amd64 config")))})) == 1


def test_what_the_lock_lacks() -> None:
    found = check(HELD, {"a": f"{GOOD}use python:3@{M}\nuse python:4\n"})
    assert said(found) == [
        ("a", "PIN004", "error", "`python:3` is not in pinner.lock"),
        ("a", "PIN001", "error", "`python:4` has no digest"),
        ("a", "PIN004", "error", "`python:4` is not in pinner.lock"),
    ]
    assert found[0].hint == "`pinner lock` takes it up"


def test_a_file_that_the_lock_does_not_list() -> None:
    found = check(HELD, {"a": GOOD, "b": f"use nginx:1.27@{N}\n"}, full=False)
    assert said(found) == [("b", "PIN004", "error", "pinner.lock does not list `nginx:1.27` for this file")]


def test_what_only_the_lock_pins_is_a_note() -> None:
    found = check(HELD, {"a": "use nginx:1.27\nuse redis\n"})
    assert said(found) == [
        ("a", "PIN001", "note", f"`nginx:1.27` is not pinned in the file; pinner.lock holds it to {str(N)[:19]}…"),
        ("a", "PIN001", "note", f"`redis` is not pinned in the file; pinner.lock holds it to {str(R)[:19]}…"),
    ]
    assert [one.proposed for one in found] == [f"nginx:1.27@{N}", f"redis:latest@{R}"]


@pytest.mark.parametrize("level", ["error", "warning", "note"])
def test_what_only_the_lock_pins_is_what_the_configuration_says(level: Level) -> None:
    (found,) = check(lock({NGINX: entry("n")}, {"a": (NGINX,)}), {"a": "use nginx:1.27\n"}, levels={"PIN001": level})
    assert (found.rule.id, found.severity, found.message) == ("PIN001", level, "`nginx:1.27` has no digest")


def test_what_no_file_names_any_more_is_shown_in_the_lock() -> None:
    held = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "gone": (REDIS,)})
    found = check(held, {"a": f"use nginx:1.27@{N}\n"})
    assert said(found) == [
        ("pinner.lock", "PIN004", "error", f"`{REDIS}` is in pinner.lock, and no file names it any more"),
        ("pinner.lock", "PIN004", "error", "`gone` is in pinner.lock, and names no image any more"),
    ]
    data = render_lock(held)
    for one, text in zip(found, (REDIS, "gone"), strict=True):
        assert isinstance(one.place, Occurrence)
        assert (one.place.format, one.place.kind) == ("lockfile", "lock-entry")
        assert data[slice(*one.place.span)] == json.dumps(text).encode()
        line = data.splitlines()[one.place.line - 1]
        assert line[one.place.column - 1 :].startswith(b'"' + text.encode())
        assert one.hint == "`pinner lock` drops it"
    assert str(found[0].place.reference if isinstance(found[0].place, Occurrence) else "") == f"{REDIS}@{R}"


def test_a_name_that_its_file_dropped_and_another_has() -> None:
    held = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX, REDIS), "b": (REDIS,)})
    files = {"a": f"use nginx:1.27@{N}\n", "b": f"use redis:latest@{R}\n"}
    (found,) = check(held, files)
    assert found.message == f"pinner.lock lists `{REDIS}` for `a`, which does not name it any more"
    assert render_lock(held)[slice(*found.place.span)] == json.dumps(REDIS).encode()


def test_a_file_that_lost_all_its_images() -> None:
    (first, second) = check(lock({NGINX: entry("n")}, {"a": (NGINX,)}), {"a": "count\n"})[-2:]
    assert {first.message, second.message} == {
        f"`{NGINX}` is in pinner.lock, and no file names it any more",
        "`a` is in pinner.lock, and names no image any more",
    }


def test_a_part_of_the_files_tells_nothing_of_the_rest() -> None:
    held = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "gone": (REDIS,)})
    assert check(held, {"a": f"use nginx:1.27@{N}\n"}, full=False) == []


def test_a_file_that_could_not_be_read_may_need_all_that_it_is_listed_with() -> None:
    held = lock({NGINX: entry("n"), REDIS: entry("r")}, {"a": (NGINX,), "dark": (REDIS,)})
    assert check(held, {"a": f"use nginx:1.27@{N}\n"}, unread=["dark"]) == []


def test_a_pragma_silences_it() -> None:
    text = f"# pinner: ignore[PIN004] ours\nuse nginx:1.27@{M}\nuse redis:latest@{R}\n"
    assert check(HELD, {"a": text}) == []


def test_a_pragma_that_has_expired_is_named() -> None:
    text = f"# pinner: ignore[PIN004] ours until=2026-01-01\nuse nginx:1.27@{M}\nuse redis:latest@{R}\n"
    (found,) = check(HELD, {"a": text})
    assert found.hint is not None
    assert found.hint.startswith("the `pinner: ignore` on line 1 expired on 2026-01-01; `pinner pin --locked`")


def test_what_no_lock_holds_is_none_of_its_business() -> None:
    text = f"{GOOD}use nginx@{M}\nkeep python:3\n# pinner: ignore[PIN001]\nuse python:3\n"
    assert [one for one in check(HELD, {"a": text}) if one.rule.id == "PIN004"] == []


@pytest.mark.parametrize(("level", "severities"), [("off", []), ("warning", ["warning"])])
def test_the_level_is_the_configuration_s(level: Level, severities: list[str]) -> None:
    found = check(HELD, {"a": GOOD.replace(str(N), str(M))}, levels={"PIN004": level})
    assert [one.severity for one in found] == severities


def test_findings_come_by_path_and_place() -> None:
    found = check(Lock(), {"a": "use nginx:1.27\nuse redis\n", "b": "use redis\n"})
    assert [(one.path, one.place.line, one.rule.id) for one in found] == [
        ("a", 1, "PIN001"),
        ("a", 1, "PIN004"),
        ("a", 2, "PIN001"),
        ("a", 2, "PIN004"),
        ("b", 1, "PIN001"),
        ("b", 1, "PIN004"),
    ]
