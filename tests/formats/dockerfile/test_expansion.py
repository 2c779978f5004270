"""What BuildKit sees after expansion, and where its last characters stand."""

from __future__ import annotations

import pytest

from pinner.formats.dockerfile import locate
from pinner.model import Document, Occurrence, Place


def last(text: str) -> Place:
    located = locate(Document("Dockerfile", text.encode()))
    assert located is not None
    return located.places[-1]


@pytest.mark.parametrize(
    ("arguments", "image", "text"),
    [
        ("V=3", "a:$V", "a:3"),
        ("V=3", "a:${V}", "a:3"),
        ("V=3", '"a:$V"', "a:3"),
        ("V=3", "'a':$V", "a:3"),
        ("V=3", "a:${V:-4}", "a:3"),
        ("V=3", "a:${V-4}", "a:3"),
        ("V=3", "a:${V:?x}", "a:3"),
        ("V=3", "a:${V?x}", "a:3"),
        ("V=3", "a:${V:+4}", "a:4"),
        ("V=3", "a:${V+4}", "a:4"),
        ("V=", "a:${V:-4}", "a:4"),
        ("V=", "a:4${V-5}", "a:4"),
        ("V=", "a:4${V+5}", "a:45"),
        ("V=", "a:4${V:+5}", "a:4"),
        ("W=", "a:4${V+5}", "a:4"),
        ("V=v3", "a:${V#v}", "a:3"),
        ("V=3.1.2", "a:${V#*.}", "a:1.2"),
        ("V=3.1.2", "a:${V##*.}", "a:2"),
        ("V=3.1.2", "a:${V%.*}", "a:3.1"),
        ("V=3.1.2", "a:${V%%.*}", "a:3"),
        ("V=3.1.2", "a:${V/./-}", "a:3-1.2"),
        ("V=3.1.2", "a:${V//./-}", "a:3-1-2"),
        ("V=a/b", "${V/\\/b/c}", "ac"),
        ("V=a\\\\b", "x${V/'\\'/-}", "xa-b"),
        ("V=a\\\\b", 'x${V/"\\\\"/-}', "xa-b"),
        ("V=3", "a:${V/4/5}", "a:3"),
        ("W=b/c", "a:1${V/*/5}", "a:15"),
        ("W=b/c", "a:1${V/x/5}", "a:1"),
        ("V=1 W=2", "a:$V.$W", "a:1.2"),
        ("V=1 V=2", "a:$V", "a:2"),
        ("V=1 W=$V V=2", "a:$W", "a:1"),
        ("V='$W'", "a:1${V:+.2}", "a:1.2"),
        ('V="a b" W=x', "$W", "x"),
        ("V=a\\ b W=x", "$W", "x"),
        ("V=1 # W=2", "a:$V$W", "a:12"),
        ("--flag V=1", "a:$V", "a:1"),
        ("V", "a:1$V", "a:1"),
        ("TARGETARCH", "a-$TARGETARCH", "a-amd64"),
        ("TARGETARCH=arm64", "a-$TARGETARCH", "a-arm64"),
        ("V=$TARGETOS", "a-$V", "a-linux"),
        ("V=1", "a:1${TARGETVARIANT:+-$TARGETVARIANT}", "a:1"),
        ("é=1", "a:$é", "a:1"),
        ("aé1=1", "a:${aé1}", "a:1"),
        ("_1=1", "a:$_1", "a:1"),
        ("1=1", "a:1$1a", "a:11a"),
        ("V=1", "a:1$@", "a:1"),
        ("V=1", "a\\:1", "a:1"),
        ("V=1", '"a\\"$V"', 'a"1'),
        ("V=1", '"a\\b$V"', "a\\b1"),
        ("V=1", "a$", "a$"),
        ("V=1", "\ufeffa:1", "a:1"),
        ("V=\ufeff1", "a:$V", "a:1"),
        ("V=1", "a\\$V", "a$V"),
        ("V=b", "${V#'a'*}", "b"),
        ('V="', "a:1", "a:1"),
        ("V=ab", 'x${V#"$W"a}', "xb"),
    ],
)
def test_text_as_buildkit_sees_it(arguments: str, image: str, text: str) -> None:
    place = last(f"ARG {arguments}\nFROM {image}\n")
    assert (str(place.reference) if isinstance(place, Occurrence) else place.text) == text


@pytest.mark.parametrize(
    ("arguments", "image", "end", "via"),
    [
        ("V=3", "a:$V", "V=3", ("ARG V",)),
        ("V=3", "a:${W:-$V}", "V=3", ("${W}", "ARG V")),
        ("V=3", "a:${W:-4}", ":-4", ("${W}",)),
        ("V=3", "a:${V:+4}", ":+4", ("${V}",)),
        ("V=3 W=1.$V", "a:$W", "V=3", ("ARG W", "ARG V")),
        ("V=3 W=${V}1", "a:$W", "}1", ("ARG W",)),
        ("W=${V:-a:3}", "$W", "a:3", ("ARG W", "${V}")),
        ("V='3'", "a:$V", "'3", ("ARG V",)),
        ("V=\\3", "a:$V", "\\3", ("ARG V",)),
        ("V=3.1", "a:${V#v}", "3.1", ("ARG V",)),
    ],
)
def test_the_digest_goes_where_the_last_character_stands(
    arguments: str, image: str, end: str, via: tuple[str, ...]
) -> None:
    data = f"ARG N=quay.io {arguments}\nFROM {image}\n"
    place = last(data)
    assert isinstance(place, Occurrence)
    assert data.encode()[: place.insert].endswith(end.encode())
    assert place.via == via


@pytest.mark.parametrize(
    ("arguments", "image", "reason", "detail"),
    [
        ("V=3", "a:$V-x", "interpolated-tag", "ARG V"),
        ("V=3 W=4", "a:$V$W", "interpolated-tag", "ARG V"),
        ("V=3", "a:${V}", None, ""),
        ("V=q.io W=3", "$V/a:$W", "interpolated-name", "ARG V"),
        ("V=a", "$V/b:1", "interpolated-name", "ARG V"),
        ("V=a", "$V", None, ""),
        ("V=a", "${V}b", "interpolated-name", "ARG V"),
        ("V=a:1", "$V-x", "interpolated-tag", "ARG V"),
        ("V=", "a:1$V", "interpolated-tag", "ARG V is empty"),
        ("V=", "a$V", "interpolated-name", "ARG V is empty"),
        ("V=", "${V}a:1", "interpolated-name", "ARG V"),
        ("V=", "a:$V", "no-default", "the default of ARG V is empty"),
        ("V=", "$V", "no-default", "the default of ARG V is empty"),
        ("V=", "a:1${V:+x}", "interpolated-tag", "${V} is empty"),
        ("V", "a:1${V:+x}", "no-default", "${V} has no default"),
        ("V= W=${V:+x}", "a${W}", "interpolated-name", "${V} is empty"),
        ("V", "a:$V", "no-default", "ARG V has no default"),
        ("V", "${V}a:1", "no-default", "ARG V has no default"),
        ("V=${W:?}", "a:$V", "no-default", "ARG V has no default"),
        ("V=1", "a:${W:?}", "no-default", "ARG W has no default"),
        ("V=1.2", "a:${V%.2}", "computed", "ARG V"),
        ("V=1.2", "a:${V%.3}", "computed", "ARG V"),
        ("V=1", "a:${V#12}", "computed", "ARG V"),
        ("V=1.2", "a:${V/3/4}", "computed", "ARG V"),
        ("V=1.2", "a:${V#3*}", "computed", "ARG V"),
        ("V=1", "a:${TARGETARCH%x}", "platform-arg", "TARGETARCH"),
        ("V=1", "a:1${TARGETARCH+}", "platform-arg", "TARGETARCH"),
        ("V=A", "$V", "invalid-reference", "lower-case"),
        ("V=1", "a:${V", "parse-error", "modifier"),
        ("V=1", "a:${V:", "parse-error", "`}` is missing"),
        ("V=1", 'a:${V#"\\$"}', "parse-error", "escape"),
        ("V=1", "a:${V:x}", "parse-error", "modifier"),
        ("V=1", "a:${V:-x", "parse-error", "`}` is missing"),
        ("V=1", "a:${V/x}", "parse-error", "`/` is missing"),
        ("V=1", "a:${", "parse-error", "name of a variable"),
        ("V=1", "a:${:", "parse-error", "name of a variable"),
        ("V=1", "'a", "parse-error", "single quote"),
        ("V=1", '"a', "parse-error", "double quote"),
        ("V=1", '"a\\', "parse-error", "double quote"),
        ("V=1", "a:${V#\\a}", "parse-error", "escape"),
    ],
)
def test_why_a_variable_keeps_a_digest_away(arguments: str, image: str, reason: str | None, detail: str) -> None:
    place = last(f"ARG {arguments}\nFROM {image}\n")
    if reason is None:
        assert isinstance(place, Occurrence)
    else:
        assert not isinstance(place, Occurrence)
        assert place.reason == reason
        assert detail in place.detail
        assert not place.detail.endswith(".")


@pytest.mark.parametrize(
    "text",
    [
        "ARG A=" + "a" * 60_000 + "\nARG B=$A$A$A\nFROM $B\n",
        "".join(f"ARG A{n}=$A{n - 1}\n" for n in range(300)) + "ARG A0=\nFROM a${A299}\n",
        "ARG A0=x\n" + "".join(f"ARG A{n}=$A{n - 1}\n" for n in range(1, 300)) + "FROM $A299\n",
        "FROM " + "${A:-" * 5000 + "}" * 5000 + "\n",
        "ARG A=" + "a" * 600 + "\nFROM ${A//b/c}\n",
        "ARG A=\nFROM x" + "$A" * 20_000 + "\n",
    ],
)
def test_text_that_would_grow_without_end_is_not_expanded(text: str) -> None:
    assert not isinstance(last(text), Occurrence)


@pytest.mark.parametrize(
    ("flag", "platform"),
    [
        ("--platform=linux/arm64", "linux/arm64"),
        ("--platform='linux/arm64'", "linux/arm64"),
        ("--platform=linux/$ARCH", "linux/arm64"),
        ("--platform=${NONE:-linux/arm64}", "linux/arm64"),
        ("--platform=$BUILDPLATFORM", None),
        ("--platform=$NONE", None),
        ("--platform=", None),
    ],
)
def test_the_platform_of_a_from(flag: str, platform: str | None) -> None:
    place = last(f"ARG ARCH=arm64\nFROM {flag} a:1\n")
    assert isinstance(place, Occurrence)
    assert place.platform == platform


def test_a_platform_that_does_not_parse_is_a_parse_error() -> None:
    place = last("FROM --platform=${X a:1\n")
    assert not isinstance(place, Occurrence)
    assert place.reason == "parse-error"
