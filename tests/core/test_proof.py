from __future__ import annotations

from lineformat import FORMAT

from pinner.edits import Target, prove
from pinner.model import Document, Edit, Located

DIGEST = "@sha256:" + "0" * 64


def targets(document: Document, *texts: tuple[bytes, str]) -> tuple[Located, dict[object, Target]]:
    located = FORMAT.locate(document)
    assert located is not None
    by_span = {}
    for place in located.places:
        for name, text in texts:
            if document.data[place.span.start : place.span.end] == name:
                by_span[place.span] = Target((Edit(place.span.end, b"", DIGEST.encode()),), text)
    return located, by_span  # type: ignore[return-value]


def test_kept_where_the_reference_reads_as_planned() -> None:
    document = Document("x.lines", b"use a:1\nuse b:1\n")
    located, wanted = targets(document, (b"a:1", f"a:1{DIGEST}"), (b"b:1", f"b:1{DIGEST}"))
    kept, result = prove(document, FORMAT, located, wanted)  # type: ignore[arg-type]
    assert len(kept) == 2
    assert result == f"use a:1{DIGEST}\nuse b:1{DIGEST}\n".encode()


def test_dropped_where_it_reads_otherwise() -> None:
    document = Document("x.lines", b"use a:1\nuse b:1\n")
    located, wanted = targets(document, (b"a:1", f"a:1{DIGEST}"), (b"b:1", "something else"))
    kept, result = prove(document, FORMAT, located, wanted)  # type: ignore[arg-type]
    assert [edit.start for (edit,) in kept] == [7]
    assert result == f"use a:1{DIGEST}\nuse b:1\n".encode()


def test_dropped_where_the_outline_changes() -> None:
    document = Document("x.lines", b"use a:1\n")
    located, wanted = targets(document, (b"a:1", f"a:1{DIGEST}"))
    edits = {span: Target((Edit(7, b"", b"\n"),), "a:1") for span in wanted}
    assert prove(document, FORMAT, located, edits) == (frozenset(), document.data)  # type: ignore[arg-type]


def test_dropped_where_the_file_stops_being_of_its_format() -> None:
    document = Document("x.lines", b"use a:1\n")
    located, wanted = targets(document, (b"a:1", ""))
    edits = {span: Target((Edit(8, b"", b"not lines"),), "a:1") for span in wanted}
    assert prove(document, FORMAT, located, edits) == (frozenset(), document.data)  # type: ignore[arg-type]


def test_dropped_where_the_bytes_are_others() -> None:
    document = Document("x.lines", b"use a:1\n")
    located, wanted = targets(document, (b"a:1", ""))
    edits = {span: Target((Edit(0, b"xyz", b""),), "a:1") for span in wanted}
    assert prove(document, FORMAT, located, edits) == (frozenset(), document.data)  # type: ignore[arg-type]


def test_nothing_to_prove() -> None:
    document = Document("x.lines", b"use a:1\n")
    assert prove(document, FORMAT, Located(), {}) == (frozenset(), document.data)
