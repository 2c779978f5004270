"""Docker Content Trust: a repository's metadata, each check broken on its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from notarykit import Notary, canonical, write_copies
from signed import IMAGE, REPOSITORY, place, verdict
from signingkit import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAME = f"{REPOSITORY}:1.0@{IMAGE.digest}"
OTHER = f"sha256:{'0' * 64}"


def judged(
    folder: Path,
    notary: Notary,
    name: str = NAME,
    documents: Mapping[str, bytes] | None = None,
    now: float | None = None,
    policy: Mapping[str, Any] | None = None,
) -> tuple[str, list[str]]:
    place(folder, {f"{REPOSITORY}:1.0": IMAGE, f"{REPOSITORY}:2.0": IMAGE})
    write_copies(folder / "notary", notary.documents() if documents is None else documents)
    asked = {"by": "dct", "server": "notary", "root-keys": [notary.root_id], **(policy or {})}
    found = verdict(folder, asked, name, now=now)
    return found["verdict"], found["reasons"]


def test_a_tag_is_signed_for_a_digest(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    assert judged(tmp_path, notary) == ("verified", [])
    assert judged(tmp_path, notary, f"{REPOSITORY}:2.0@{IMAGE.digest}") == ("unsigned", [])
    assert judged(tmp_path, notary, f"{REPOSITORY}@{IMAGE.digest}") == ("verified", [])
    assert judged(tmp_path, notary, f"{REPOSITORY}@{OTHER}") == ("unsigned", [])
    assert judged(tmp_path, notary, f"{REPOSITORY}:1.0@{OTHER}") == ("refused", ["other-image"])


def test_releases_come_before_targets(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": OTHER}, {"1.0": IMAGE.digest})
    assert judged(tmp_path, notary) == ("verified", [])
    swapped = Notary(REPOSITORY, {"1.0": IMAGE.digest}, {"1.0": OTHER})
    assert judged(tmp_path / "b", swapped) == ("refused", ["other-image"])
    beside = Notary(REPOSITORY, {"1.0": IMAGE.digest}, {"2.0": OTHER})
    assert judged(tmp_path / "c", beside) == ("verified", [])
    documents = notary.documents()
    del documents["targets/releases"]
    assert judged(tmp_path / "d", notary, documents=documents) == ("refused", ["malformed"])


def test_without_a_pinned_key_it_is_said_that_nobody_vouched(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    place(tmp_path, {f"{REPOSITORY}:1.0": IMAGE})
    write_copies(tmp_path / "notary", notary.documents())
    found = verdict(tmp_path, {"by": "dct", "server": "notary"}, NAME)
    assert (found["verdict"], found["warnings"], found["keyId"]) == ("verified", ["trust-on-first-use"], notary.root_id)


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "targets/releases"])
def test_every_role_ends(tmp_path: Path, role: str) -> None:
    notary = Notary(
        REPOSITORY, {"1.0": IMAGE.digest}, {"1.0": IMAGE.digest}, expires={role: NOW - timedelta(seconds=1)}
    )
    assert judged(tmp_path, notary) == ("refused", ["expired"])


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets", "targets/releases"])
def test_no_role_may_be_changed(tmp_path: Path, role: str) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest}, {"1.0": IMAGE.digest})
    documents = notary.documents()
    changed = json.loads(documents[role])
    changed["signed"]["version"] = 99
    documents[role] = canonical(changed)
    verdict_, reasons = judged(tmp_path, notary, documents=documents)
    assert verdict_ == "refused"
    assert "bad-signature" in reasons


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
@pytest.mark.parametrize("data", [b"", b"{}", b"[", b'{"signed": 1}', b"\xff"])
def test_no_bytes_end_in_a_traceback(tmp_path: Path, role: str, data: bytes) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    verdict_, reasons = judged(tmp_path, notary, documents={**notary.documents(), role: data})
    assert verdict_ == "refused"
    assert reasons in (["malformed"], ["bad-signature"])


def test_an_older_timestamp_is_a_rollback(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    assert judged(tmp_path, notary, policy={"min-version": 3}) == ("verified", [])
    assert judged(tmp_path, notary, policy={"min-version": 4}) == ("refused", ["rollback"])


def test_the_root_is_pinned_and_of_this_repository(tmp_path: Path) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    assert judged(tmp_path, notary, policy={"root-keys": ["0" * 64]}) == ("refused", ["wrong-key"])
    other = Notary(REPOSITORY, {"1.0": IMAGE.digest}, common="127.0.0.1:9601/acme/other")
    assert judged(tmp_path / "b", other) == ("refused", ["other-repository", "untrusted-certificate"])
    late = (NOW + timedelta(days=4000)).timestamp()
    long = Notary(REPOSITORY, {"1.0": IMAGE.digest}, expires=dict.fromkeys(("root",), NOW + timedelta(days=9000)))
    assert judged(tmp_path / "c", long, now=late) == ("refused", ["expired", "untrusted-certificate"])


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_what_is_not_there_is_no_pass(tmp_path: Path, role: str) -> None:
    notary = Notary(REPOSITORY, {"1.0": IMAGE.digest})
    documents = notary.documents()
    del documents[role]
    assert judged(tmp_path, notary, documents=documents) == ("refused", ["malformed"])


def test_a_repository_without_metadata_is_unsigned(tmp_path: Path) -> None:
    assert judged(tmp_path, Notary(REPOSITORY, {}), documents={}) == ("unsigned", [])


def test_metadata_of_another_repository_is_refused_by_its_keys(tmp_path: Path) -> None:
    mine, other = Notary(REPOSITORY, {"1.0": IMAGE.digest}), Notary(REPOSITORY, {"1.0": IMAGE.digest})
    documents = {**other.documents(), "root": mine.documents()["root"]}
    assert judged(tmp_path, mine, documents=documents) == ("refused", ["bad-signature"])
