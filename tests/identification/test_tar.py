from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinner.errors import InputError
from pinner.identification.tar import NotTarError, Stream, TarReader

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def made(members: Sequence[tuple[tarfile.TarInfo, bytes]], form: int = tarfile.PAX_FORMAT, **more: object) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=form, **more) as archive:  # type: ignore[call-overload]
        for member, data in members:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return raw.getvalue()


def file(name: str) -> tarfile.TarInfo:
    return tarfile.TarInfo(name)


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def read(data: bytes, piece: int = 700) -> list[tuple[str, str, str, bytes]]:
    reader = TarReader(Stream(data[at : at + piece] for at in range(0, len(data), piece)))
    return [(entry.name, entry.kind, entry.target, b"".join(reader.content())) for entry in reader]


@pytest.mark.parametrize("form", FORMATS)
def test_files_and_links_are_read_in_order(form: int) -> None:
    members = [(file("a"), b"x" * 513), (link("b", "a"), b""), (link("c", "a", tarfile.LNKTYPE), b""), (file("d"), b"")]
    assert read(made(members, form)) == [
        ("a", "file", "", b"x" * 513),
        ("b", "symlink", "a", b""),
        ("c", "hardlink", "a", b""),
        ("d", "file", "", b""),
    ]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_targets_are_put_together(form: int) -> None:
    name, target = "folder/" + "n" * 300, "t" * 200
    assert [entry[:3] for entry in read(made([(link(name, target), b""), (file("after"), b"")], form))] == [
        (name, "symlink", target),
        ("after", "file", ""),
    ]


def test_ustar_splits_a_long_name_into_two_fields() -> None:
    name = "d" * 90 + "/" + "n" * 90
    assert read(made([(file(name), b"1")], tarfile.USTAR_FORMAT))[0][0] == name


def test_a_global_extended_header_holds_for_what_follows() -> None:
    data = made([(file("a"), b"1")], pax_headers={"path": "everywhere"})
    assert read(data) == [("everywhere", "file", "", b"1")]


def test_folders_devices_and_pipes_are_other_things_without_content() -> None:
    kinds = (tarfile.DIRTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    members = []
    for kind in kinds:
        info = file("x")
        info.type = kind
        members.append((info, b""))
    assert [entry[1] for entry in read(made(members))] == ["other"] * 4


def test_a_size_in_base_256_is_read() -> None:
    header = bytearray(made([(file("a"), b"abc")])[:512])
    header[124:136] = b"\x80" + (3).to_bytes(11, "big")
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert read(bytes(header) + b"abc".ljust(512, b"\0")) == [("a", "file", "", b"abc")]


def test_a_signed_checksum_of_an_old_program_is_accepted() -> None:
    header = bytearray(made([(file("a"), b"")], tarfile.USTAR_FORMAT)[:512])
    header[0:1] = b"\xe4"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % (sum(header) - 256)
    assert len(read(bytes(header))) == 1


def test_an_archive_without_the_two_empty_blocks_ends_where_it_ends() -> None:
    data = made([(file("a"), b"abc")])
    assert [entry[0] for entry in read(data[:1024])] == ["a"]


@pytest.mark.parametrize("data", [b"", b"no tar" * 200, b"\xff" * 512, b"short"])
def test_what_is_no_tar_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(NotTarError):
        read(data)


@pytest.mark.parametrize("length", [512, 515, 1023, 1024 + 100, 1024 + 512 + 20])
def test_an_archive_that_is_cut_short_is_incomplete(length: int) -> None:
    data = made([(file("a"), b"abc"), (file("b"), b"d" * 300)])
    with pytest.raises(InputError, match="incomplete"):
        read(data[:length])


def test_rubbish_in_the_place_of_a_header_is_a_broken_archive() -> None:
    data = made([(file("a"), b"abc")])
    with pytest.raises(InputError, match="no header"):
        read(data[:1024] + b"\x01" * 512)


def _with_extension(flag: bytes, body: bytes, size: int | None = None) -> bytes:
    info = file("ext")
    info.type = flag
    info.size = len(body) if size is None else size
    return info.tobuf(tarfile.USTAR_FORMAT) + body.ljust(-(-len(body) // 512) * 512, b"\0")


@pytest.mark.parametrize("flag", [b"x", b"g", b"L", b"K"])
def test_a_name_of_gigabytes_is_not_read(flag: bytes) -> None:
    with pytest.raises(InputError, match="a name in it takes"):
        read(_with_extension(flag, b"", 2**31))


@pytest.mark.parametrize("body", [b"nonsense", b"99 path=a\n", b"3 path=a\n", b"-5 path=a\n", b"0 a=b\n"])
def test_a_broken_extended_header_is_said_to_be_broken(body: bytes) -> None:
    with pytest.raises(InputError, match="extended header"):
        read(_with_extension(b"x", body) + made([(file("a"), b"")]))


def test_a_size_that_is_no_number_is_said_to_be_none() -> None:
    with pytest.raises(InputError, match="size is no number"):
        read(_with_extension(b"x", b"11 size=-5\n") + made([(file("a"), b"")]))


def test_the_size_of_an_extended_header_counts() -> None:
    plain = made([(file("a"), b"abc")])
    assert read(_with_extension(b"x", b"10 size=2\n") + plain[:1024])[0][3] == b"ab"


def test_a_number_that_is_none_makes_the_first_header_no_header() -> None:
    header = bytearray(made([(file("a"), b"")])[:512])
    header[148:156] = b"zzzzzzzz"
    with pytest.raises(NotTarError):
        read(bytes(header))


@pytest.mark.parametrize("sparse", [b"S", b"x"])
def test_a_sparse_file_is_refused(sparse: bytes) -> None:
    info = file("a")
    data = _with_extension(b"S", b"") if sparse == b"S" else b""
    if sparse == b"x":
        data = _with_extension(b"x", b"22 GNU.sparse.major=1\n") + info.tobuf()
    with pytest.raises(InputError, match="sparse"):
        read(data)


@settings(max_examples=150)
@given(st.binary(max_size=3000))
def test_arbitrary_bytes_are_read_or_refused(noise: bytes) -> None:
    data = made([(file("a"), b"abc")])[:1024] + noise
    try:
        read(data)
    except InputError:
        return


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=150
).filter(lambda name: not name.endswith("/"))


@settings(max_examples=100)
@given(
    st.lists(st.tuples(NAMES, st.binary(max_size=1500)), min_size=1, max_size=5),
    st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    st.integers(1, 2000),
)
def test_it_reads_what_tarfile_writes(members: list[tuple[str, bytes]], form: int, piece: int) -> None:
    data = made([(file(name), content) for name, content in members], form)
    assert [(name, content) for name, _, _, content in read(data, piece)] == members
