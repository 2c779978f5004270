"""Quadlet units, as podman's parser reads them (pkg/systemd/parser: unitfile.go, split.go)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.formats import claims, locate
from pinner.formats.quadlet.unit import UnitError, read_unit
from pinner.link.link import LinkInput, link
from pinner.model import Document, Occurrence


def images(text: str, name: str = "web.container") -> list[str]:
    """Return the images of the unit ``text``, or why there is none; the bytes on their spans are compared."""
    data = text.encode()
    found = locate(Document(name, data))
    said = []
    for place in found[1].places if found is not None else ():
        said.append(str(place.reference) if isinstance(place, Occurrence) else place.reason)
        if isinstance(place, Occurrence) and "\\x" not in text:
            assert str(place.reference).encode().endswith(data[place.span.start : place.span.end])
            assert place.insert == place.span.end
    return said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[A]\nb=c\n", [("A", "b", "c")]),
        ("[A]\n  b \t=  c d  \n", [("A", "b", "c d")]),
        ("[A]  \nb=\n", [("A", "b", "")]),
        ("[A]\n# x\n; y\n\nb=c=d", [("A", "b", "c=d")]),
        ("[A]\nb=c\\\nd\n", [("A", "b", "cd")]),
        ("[A]\nb=c \\\n  # x\n\n  d\n", [("A", "b", "c d")]),
        ("[A]\nb=c\\", [("A", "b", "c")]),
        ("[A]\nb=c\\\n# x\n", []),
        ("[A]\r\nb=c\r\n[B]\r\nb=d", [("A", "b", "c"), ("B", "b", "d")]),
        ("", []),
        ("# x", []),
    ],
)
def test_settings(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(one.section, one.key, str(one.value)) for one in read_unit(text.encode())] == expected


@pytest.mark.parametrize(
    "text", ["x\n", "a=b\n", "[A]\n=b\n", "[A]\nb\n", "[A\nb=c\n", "[A] x\n", "[A[]\n", "[]\n", "[\x01]\n"]
)
def test_podman_refuses(text: str) -> None:
    with pytest.raises(UnitError):
        read_unit(text.encode())
    assert images(text + "[Container]\nImage=a:1\n") == ["parse-error"]


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("type=image,source=a:1,dst=/x", ["a:1"]),
        ("type=image,src=a:1", ["a:1"]),
        ("source=a:1,type=image", ["a:1"]),
        ("type=image,source=b:1,source=a:1", ["a:1"]),
        ("type=volume,source=a:1", []),
        ("source=a:1", []),
        ("type=image", []),
        ("type=image,source=a.image", []),
        ("type=image,source=a.build", []),
        ("type=bind,type=image,source=a:1", []),
        ('"type=image,source=a:1"', ["a:1"]),
        ("'type=image,source=a:1'", ["a:1"]),
        ('type=image,"source=a:1"', ["a:1"]),
        ('type=image,\\"source=a:1\\",dst=/x', ["a:1"]),
        ('type=image,\\"source=a:1', ["a:1"]),
        ('\'type=image,"source=a""b:1"\'', ["invalid-reference"]),
        ("type=image,source=\\x61:1", ["a:1"]),
        ("type=image,source=a:1\\n", ["invalid-reference"]),
        ("type=image,source=a:1 type=image,source=b:1", ["a:1", "b:1"]),
        ("type=image,source=%i", ["interpolated-name"]),
        ("", []),
    ],
)
def test_mounts(mount: str, expected: list[str]) -> None:
    assert images(f"[Container]\nMount={mount} # image\n".replace(" # image", "", 1)) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("a:1", ["a:1"]),
        ('"a:1"', ["a:1"]),
        ('"a:1', ["a:1"]),
        ("a:\\\n1", ["a:1"]),
        ("", []),
        ('""', []),
        ("a.image", []),
        ("a.build", []),
        ("dir:/a", []),
        ("/var/a", []),
        ("docker://a:1", ["invalid-reference"]),
        ("docker://a@sha256:" + "a" * 64, ["a@sha256:" + "a" * 64]),
        ("docker://a:1@sha256:" + "a" * 64, ["invalid-reference"]),
        ("a:%i", ["interpolated-tag"]),
        ("%i/a:1", ["interpolated-name"]),
        ("a:${B}", ["interpolated-tag"]),
        ("a:$B", ["interpolated-tag"]),
        ("A b", ["invalid-reference"]),
    ],
)
def test_images(image: str, expected: list[str]) -> None:
    said = images(f"[Container]\nImage={image}\n")
    assert said == expected


def test_keys_count_in_their_own_section_and_the_last_one_does() -> None:
    assert images("[Container]\nImage=a:1\nImage=b:1\n[Service]\nImage=c:1\n") == ["b:1"]
    assert images("[Volume]\nImage=a:1\n", "a.volume") == []
    assert images("[Volume]\nDriver=image\nImage=a:1\n", "a.volume") == ["a:1"]
    assert images("[Image]\nImage=a:1\nImageTag=b:1\n", "a.image") == ["a:1"]
    assert images("[Kube]\nYaml=a.yaml\nImage=a:1\n", "a.image") == []


def test_a_digest_ends_automatic_updates_and_that_is_said() -> None:
    found = locate(Document("a.container", b"[Container]\nImage=a:1\nAutoUpdate=registry\n"))
    assert found is not None
    assert [place.via for place in found[1].places] == [("AutoUpdate=registry",)]


def test_a_line_of_megabytes_takes_no_memory_of_its_own() -> None:
    assert images("[Container]\nExec=" + "x \\\n" * 500_000 + "y\nImage=a:1\n") == ["a:1"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.container", True),
        ("a.container.d/b.conf", True),
        ("x/a.container.d/b.conf", True),
        ("container.d/b.conf", True),
        ("a.container.d/b.txt", False),
        ("a.d/b.conf", False),
        ("b.conf", False),
        ("a.kube", False),
        ("a.build", False),
    ],
)
def test_names(path: str, *, expected: bool) -> None:
    assert claims(path) is expected


@given(data=st.binary(max_size=80) | st.text(st.sampled_from('[]=#;\\\n ",aImage%'), max_size=80).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    located = locate(Document("a.container", b"[Container]\nMount=type=image,source=a\nImage=" + data))
    for place in located[1].places if located is not None else ():
        assert 0 <= place.span.start <= place.span.end


def test_a_drop_in_takes_the_place_of_what_is_skipped_too() -> None:
    texts = {
        "a.container": b"[Container]\nImage=a:%i\nMount=type=image,source=b:1\n",
        "a.container.d/x.conf": b"[Container]\nImage=c:1\n",
    }
    found = [(path, locate(Document(path, text))) for path, text in texts.items()]
    files = [LinkInput(path, one[1].places, one[1].facts) for path, one in found if one is not None]
    places = link(files)["a.container"]
    assert [getattr(place, "reason", "") for place in places] == ["replaced", ""]
