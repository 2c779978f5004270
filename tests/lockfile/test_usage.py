from __future__ import annotations

from datetime import date

from lineformat import FORMAT
from locks import NGINX, REDIS, digest, entry, lock, record, reference

from pinner.lockfile.usage import Scan, agrees, names_in, needs_asking, rebuilt_lock, usages
from pinner.model import Document
from pinner.scan.suppressions import Source, apply_suppressions

A, B = digest("a"), digest("b")


def source(path: str, text: str) -> Source:
    document = Document(path, text.encode())
    located = FORMAT.locate(document)
    assert located is not None
    return apply_suppressions(document, FORMAT, located, today=date(2026, 11, 1))


def test_an_image_is_one_however_it_is_written() -> None:
    found = usages([source("a", f"use redis\nuse nginx:1.27@{A}\n"), source("b", "use docker.io/library/redis:latest")])
    assert list(found) == [REDIS, NGINX]
    assert str(found[REDIS].reference) == "redis"
    assert found[REDIS].digests == {}
    assert str(found[NGINX].reference) == "nginx:1.27"
    assert found[NGINX].reference.digest is None


def test_the_digests_that_files_hold_come_with_their_first_place() -> None:
    found = usages([source("a", f"\nuse nginx:1.27@{B}\n"), source("b", f"use nginx:1.27@{A}\nuse nginx:1.27@{B}")])
    assert found[NGINX].digests == {B: "a:2", A: "b:1"}


def test_what_a_lock_cannot_hold_is_none_of_its_business() -> None:
    text = f"use nginx@{A}\nkeep nginx:1.27\nuse NO\n# pinner: ignore[PIN001]\nuse redis\n"
    assert usages([source("a", text)]) == {}
    assert names_in(source("a", text)) == ()


def test_names_are_sorted_and_each_there_once() -> None:
    assert names_in(source("a", "use redis\nuse nginx:1.27\nuse redis:latest\n")) == (NGINX, REDIS)


def test_a_reference_held_to_a_digest() -> None:
    held = reference("nginx:1.27").at(A)
    assert str(held) == f"nginx:1.27@{A}"
    assert held == reference(f"nginx:1.27@{A}")
    assert held.at(B) == reference(f"nginx:1.27@{B}")


def test_one_of_the_platforms_agrees() -> None:
    assert agrees(record("n"), digest("n"))
    assert agrees(record("n"), digest("n linux/amd64"))
    assert not agrees(record("n"), digest("n linux/amd64 config"))


def test_what_is_settled() -> None:
    free = usages([source("a", "use nginx:1.27")])[NGINX]
    held = usages([source("a", f"use nginx:1.27@{digest('n')}\nuse nginx:1.27@{digest('n linux/amd64')}")])[NGINX]
    assert needs_asking(free, None)
    assert not needs_asking(free, entry("n"))
    assert not needs_asking(held, entry("n"))
    assert needs_asking(held, entry("m"))


def test_a_full_run_drops_what_no_file_names() -> None:
    before = lock({NGINX: entry("n"), REDIS: entry("r")}, {"gone": (REDIS,), "a": (NGINX, REDIS)})
    after = rebuilt_lock(before, before.images, Scan({"a": (NGINX,), "b": ()}, lambda _path: True))
    assert after == lock({NGINX: entry("n")}, {"a": (NGINX,)})


def test_a_run_over_a_part_leaves_the_rest() -> None:
    before = lock({NGINX: entry("n"), REDIS: entry("r")}, {"other": (REDIS,), "a": (NGINX, REDIS)})
    after = rebuilt_lock(before, before.images, Scan({"a": (NGINX,)}, lambda path: path == "a"))
    assert after == lock({NGINX: entry("n"), REDIS: entry("r")}, {"other": (REDIS,), "a": (NGINX,)})


def test_a_file_lists_only_what_the_lock_holds() -> None:
    after = rebuilt_lock(lock({}), {NGINX: entry("n")}, Scan({"a": (NGINX, REDIS), "b": (REDIS,)}, lambda _path: True))
    assert after == lock({NGINX: entry("n")}, {"a": (NGINX,)})
