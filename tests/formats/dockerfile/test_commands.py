"""Flags, quotes and escapes of COPY and RUN: what is named, and where it ends."""

from __future__ import annotations

import pytest

from pinner.formats.dockerfile import locate
from pinner.model import Document, Occurrence, Place


def places(text: str) -> list[Place]:
    located = locate(Document("Dockerfile", text.encode()))
    assert located is not None
    return [place for place in located.places if place.kind not in ("from", "document")]


@pytest.mark.parametrize(
    ("line", "text", "end"),
    [
        ("COPY --from=a:1 b c", "a:1", "=a:1"),
        ('COPY --from=a:1 ["b", "c"]', "a:1", "=a:1"),
        ("COPY --from=a:1 <<E /c\nE", "a:1", "=a:1"),
        ("COPY \\\n --link \\\n --from=a:1 b c", "a:1", "=a:1"),
        ("COPY -\\\n-from=a:1 b c", "a:1", "=a:1"),
        ('COPY "--from"=a:1 --from=b:1 c d', None, ""),
        ('COPY --"from"=a:1 b c', "a:1", "=a:1"),
        ("COPY --from='a:1' b c", "a:1", "'a:1"),
        ('COPY --from=a":"1 b c', "a:1", '"1'),
        ("COPY --from=a\\:1 b c", "a:1", ":1"),
        ("COPY --chown='a b' --from=a:1 b c", "a:1", "=a:1"),
        ("COPY --chown=a\\ b --from=a:1 b c", "a:1", "=a:1"),
        ("COPY --exclude=a --exclude=b --parents --from=a:1 b c", "a:1", "=a:1"),
        ("COPY --link=TRUE --from=a:1 b c", "a:1", "=a:1"),
        ("COPY -- --from=a:1 b c", None, ""),
        ("COPY b --from=a:1 c", None, ""),
        ("COPY --from= b c", None, ""),
        ("COPY --link b c", None, ""),
        ("COPY b c", None, ""),
        ("ADD --chown=a b c", None, ""),
        ("RUN --mount=from=a:1 b", "a:1", "=a:1"),
        ("RUN --mount=from=a:1,from=b:1 c", "b:1", "=b:1"),
        ("RUN --mount=FROM=a:1 b", "a:1", "=a:1"),
        ("RUN --mount=from=0 b", "0", "=0"),
        ("RUN --mount='\"from=a:1\",target=/x' b", "a:1", '"from=a:1'),
        ("RUN --mount='\"from=a:1\"' b", "a:1", '"from=a:1'),
        ('RUN --mount=\'"target=a""b",from=a:1\' b', "a:1", "=a:1"),
        ("RUN --mount=type=cache,target=/x b", None, ""),
        ("RUN --mount=from=a:1,from= b", None, ""),
        ("RUN --mount= b", None, ""),
        ("RUN --mount=ro b", None, ""),
        ("RUN --network=none b", None, ""),
        ("RUN x --mount=from=a:1", None, ""),
        ("RUN", None, ""),
        ("ONBUILD COPY --from=a:1 b c", "a:1", "=a:1"),
        ("ONBUILD --x COPY --from=a:1 b c", None, ""),
        ("ONBUILD ENV --from=a:1", None, ""),
        ("ONBUILD", None, ""),
    ],
)
def test_the_image_that_a_command_names(line: str, text: str | None, end: str) -> None:
    data = f"FROM scratch\n{line}\n"
    found = places(data)
    if text is None:
        assert found == []
        return
    [place] = found
    assert isinstance(place, Occurrence)
    assert str(place.reference) == text
    assert data.encode()[: place.insert].endswith(end.encode())


@pytest.mark.parametrize(
    ("line", "reason", "detail"),
    [
        ("COPY --from=base b c", "stage", "`base`"),
        ("COPY --from=BASE b c", "stage", "`BASE`"),
        ("RUN --mount=from=Base b", "stage", "`Base`"),
        ("COPY --from=scratch b c", "scratch", "empty"),
        ("RUN --mount=from=scratch b", "scratch", "empty"),
        ("COPY --from=0 b c", "index", "number"),
        ("COPY --from=+1 b c", "index", "number"),
        ("COPY --from=A b c", "invalid-reference", "lower-case"),
        ("COPY --from=a$ b c", "invalid-reference", "not an image"),
        ("COPY --from={{x}} b c", "templated", "template"),
        ("COPY --from=$X b c", "parse-error", "variable"),
        ("COPY --from='$X' b c", "parse-error", "variable"),
        ("COPY --from={{$X}} b c", "templated", "template"),
        ("COPY --from='\"a\"' b c", "parse-error", "quote"),
        ("COPY --from='\"a' b c", "parse-error", "not closed"),
        ("COPY --from=a:1 --link=x b c", "parse-error", "--link is true or false"),
        ("COPY --from=a:1 --link= b c", "parse-error", "--link is true or false"),
        ("COPY --from=a:1 --chown b c", "parse-error", "--chown has no value"),
        ("COPY --from=a:1 --from=b:1 b c", "parse-error", "twice"),
        ("COPY --from=a:1 --x b c", "parse-error", "no flag --x"),
        ("COPY --from=a:1 b", "parse-error", "destination"),
        ('COPY --from=a:1 ["b"]', "parse-error", "destination"),
        ("COPY --from=a:1 []", "parse-error", "destination"),
        ('COPY --from=a:1 ["b"', "parse-error", "destination"),
        ("RUN --network=foo --mount=from=a:1 b", "parse-error", "--network is default or none or host, not `foo`"),
        ("RUN --mount=from=a:1 --security= b", "parse-error", "--security is sandbox or insecure, not ``"),
        ("ONBUILD RUN --network=$N --mount=from=a:1 b", "parse-error", "--network is"),
        ("ADD --from=a:1 b c", "parse-error", "ADD has no flag"),
        ("RUN --mount=from=$X b", "parse-error", "variable"),
        ("RUN --x --mount=from=a:1 b", "parse-error", "no flag --x"),
        ("RUN --mount='\"from=a:1' b", "parse-error", "not closed"),
        ("RUN --mount='\"from=a:1\"x' b", "parse-error", "more than a comma"),
        ("RUN --mount='a\"from=a:1' b", "parse-error", "quote stands inside"),
        ("ONBUILD COPY --from=base b c", "onbuild-ambiguous", "may be a stage"),
        ("ONBUILD RUN --mount=from=other b", "onbuild-ambiguous", "may be a stage"),
        ("ONBUILD COPY --from=1 b c", "index", "number"),
        ("ONBUILD COPY --from={{x}} b c", "templated", "template"),
    ],
)
def test_why_a_command_names_no_image_to_pin(line: str, reason: str, detail: str) -> None:
    [place] = places(f"FROM scratch AS base\n{line}\n")
    assert not isinstance(place, Occurrence)
    assert place.reason == reason
    assert detail in place.detail
    assert place.owner == "base"
    assert place.line == 2


@pytest.mark.parametrize("line", ["ONBUILD COPY --from=scratch b c", "ONBUILD RUN --mount=from=scratch b"])
def test_a_trigger_may_mean_a_stage_that_is_called_scratch(line: str) -> None:
    reasons = [
        [getattr(place, "reason", "") for place in places(f"FROM a AS {name}\n{line}\n")] for name in ("scratch", "b")
    ]
    assert reasons == [["onbuild-ambiguous"], ["scratch"]]


def test_a_mount_that_does_not_parse_and_names_no_image_is_nobody_s_business() -> None:
    assert places("FROM scratch\nRUN --mount='a\"b' c\n") == []
