"""Build arguments linked; the judge is the Dockerfile format itself on a file with the values written in."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver, digest_of
from hypothesis import given
from hypothesis import strategies as st
from yamlplaces import in_compose

from pinner.config import Settings
from pinner.findings import check_source
from pinner.formats.dockerfile import locate, locate_given
from pinner.link.build_args import GIVEN, STRIDE
from pinner.link.link import LinkInput, link
from pinner.model import Document, Occurrence
from pinner.pipeline import make_plans, survey, unpin_plans, write
from pinner.plan import Changed, Failed
from pinner.scan.discover import Target
from pinner.scan.linking import Expected, link_files, unproved_paths

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.edits import PlaceKey
    from pinner.model import Place

DIGEST = f"sha256:{'1' * 64}"
TODAY = date(2026, 11, 1)


def shown(place: Place) -> str:
    text = str(place.reference) if isinstance(place, Occurrence) else f"{place.reason}: {place.text}"
    return f"{place.kind} {text}"


def linked(compose: str, dockerfile: str, path: str = "app/Dockerfile") -> tuple[list[str], list[str]]:
    """Return what becomes of the images of a compose file and of the Dockerfile at ``path``."""
    document = Document(path, dockerfile.encode())
    alone, project = locate(document), in_compose(compose)
    assert alone is not None
    changed = link(
        [
            LinkInput("compose.yaml", project.places, project.facts),
            LinkInput(path, alone.places, alone.facts, lambda values: locate_given(document, values)),
        ]
    )
    places = (changed.get("compose.yaml", project.places), changed.get(path, alone.places))
    return [shown(place) for place in places[0]], [shown(place) for place in places[1]]


def web(args: str, context: str = "app") -> str:
    return f"services:\n  web:\n    build: {{context: {context}, args: {args}}}\n"


@pytest.mark.parametrize(
    ("args", "dockerfile", "in_the_project", "in_the_dockerfile"),
    [
        ("{V: '3.13'}", f"ARG V=3.12@{DIGEST}\nFROM python:${{V}}\n", "python:3.13", f"replaced: python:3.12@{DIGEST}"),
        ("{BASE: 'python:3.13'}", "ARG BASE\nFROM $BASE\n", "python:3.13", "replaced: "),
        ("[V=3.13]", "ARG V=3.12\nFROM python:$V\n", "python:3.13", "replaced: python:3.12"),
        ("[V]", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: null}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: [1]}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: $X}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: '${'}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: '${X:-3.13}'}", "ARG V=3.12\nFROM python:$V\n", "python:3.13", "replaced: python:3.12"),
        ("{V: 'a${X:-3.13}'}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{W: '3.13'}", "ARG V=3.12\nFROM python:$V\n", "", "python:3.12"),
        ("{V: '3.13'}", "FROM python:3\nARG V=3\n", "", "python:3"),
        ("{TARGETARCH: arm64}", "ARG TARGETARCH\nFROM x:$TARGETARCH\n", "", "platform-arg: x:amd64"),
        ("{V: 3.13}", "ARG V\nFROM python:$V\n", "python:3.13", "replaced: python:"),
        ("{V: 3.10}", "ARG V\nFROM python:$V\n", "arg-conflict: python:3.10", "replaced: python:"),
        ('{V: "\\x33"}', "ARG V\nFROM python:$V\n", "arg-conflict: python:3", "replaced: python:"),
        ("{V: a}", "ARG V=b:1\nFROM $V AS b\nFROM x AS a\nFROM $V\n", "arg-conflict: a", "replaced: b:1"),
        ("{V: 3.13}", "ARG V=1\nFROM python:$V\nARG V=2\n", "arg-conflict: python:3.13", "replaced: python:1"),
        (f"{{V: '3.13@{DIGEST}'}}", "ARG V=1\nFROM python:$V\n", f"python:3.13@{DIGEST}", "replaced: python:1"),
        ("{V: ''}", "ARG V=1\nFROM python:3$V\n", "", "python:31"),
        ("{V: '${X:-ü}'}", "ARG V=1\nFROM python:$V\n", "", "python:1"),
    ],
)
def test_the_value_that_wins_is_what_counts(
    args: str, dockerfile: str, in_the_project: str, in_the_dockerfile: str
) -> None:
    project, file = linked(web(args), dockerfile)
    assert project == ([f"build-arg {in_the_project}"] if in_the_project else [])
    assert file[0] == f"from {in_the_dockerfile}"


@pytest.mark.parametrize(
    "context", ["other", "https://example.com/x.git", "$DIR", ".", "'app, dockerfile_inline: FROM x:1'"]
)
def test_a_build_of_another_dockerfile_says_nothing(context: str) -> None:
    project, file = linked(web("{V: 3.13}", context.strip("'")), "ARG V=3.12\nFROM python:$V\n")
    assert file == ["from python:3.12"]
    assert "build-arg python:3.13" not in project


def test_a_default_that_one_build_keeps_counts_and_so_does_the_other_value() -> None:
    compose = web("{V: 3.13}") + "  other: {build: app}\n"
    assert linked(compose, "ARG V=3.12\nFROM python:$V\n") == (["build-arg python:3.13"], ["from python:3.12"])


def test_a_value_that_ends_two_images_holds_neither_digest() -> None:
    compose = web("&a {V: 3}") + "  other: {build: {context: app, args: *a}}\n"
    assert linked(compose, "ARG V=1\nFROM python:$V\n")[0] == ["build-arg python:3"]
    assert linked(compose, "ARG V=1\nFROM python:$V\nFROM node:$V\n")[0] == ["build-arg arg-conflict: python:3"]
    shared = web("&a {V: 3}") + "    environment: *a\n"
    assert linked(shared, "ARG V=1\nFROM python:$V\n")[0] == ["build-arg arg-conflict: python:3"]


def test_an_override_s_value_wins_and_counts_only_over_its_base() -> None:
    document = Document("app/Dockerfile", b"ARG V=1\nARG W=2\nFROM a:$V\nFROM b:$W\n")
    alone = locate(document)
    assert alone is not None
    files = {
        "compose.yaml": web("{V: 3}"),
        "compose.override.yaml": "services:\n  web: {build: {args: {W: 4}}}\n",
    }
    inputs = [LinkInput(path, (), in_compose(text, path).facts) for path, text in files.items()]
    inputs.append(LinkInput(document.path, alone.places, (), lambda values: locate_given(document, values)))
    changed = link(inputs)
    assert [shown(one) for one in changed["compose.yaml"]] == ["build-arg a:3"]
    assert [shown(one) for one in changed["compose.override.yaml"]] == ["build-arg b:4"]
    # The base alone keeps the default of W.
    assert [shown(one) for one in changed["app/Dockerfile"]] == ["from replaced: a:1", "from b:2"]


VALUES = st.sampled_from(["3.13", "python:3", "a", "scratch", "x/y:1", f"z:1@{DIGEST}", "b c"])
BASES = st.sampled_from(
    ["$V", "${V}", "x:$V", "${V}-slim", "${V:-q:1}", "$W", "r/$V:1", "${V#py}", "alpine:3", "$U$V", "$V AS a", "a"]
)


@given(VALUES, st.lists(BASES, min_size=1, max_size=4), st.booleans())
def test_a_given_value_reads_as_if_it_were_the_default(value: str, bases: list[str], redeclared: bool) -> None:  # noqa: FBT001
    rest = "".join(f"FROM {base}\n" for base in bases) + ("ARG V\n" if redeclared else "")
    head = "ARG U=u/\nARG V={}\nARG W=w:$V\n"
    read = locate_given(Document("Dockerfile", (head.format("other:9") + rest).encode()), {"X": "1", "V": value})
    written = locate(Document("Dockerfile", (head.format(f'"{value}"') + rest).encode()))
    assert written is not None
    assert [shown(place) for place in read.places] == [shown(place) for place in written.places]
    for place in read.places:
        if place.span.start >= GIVEN:
            assert (place.span.start - GIVEN) // STRIDE == (place.span.end - GIVEN) // STRIDE == 1


def test_nothing_given_is_what_stands_there() -> None:
    document = Document("Dockerfile", b"ARG V=1\nFROM x:$V\nARG W\nCOPY --from=y:1 / /\n")
    located = locate(document)
    assert located is not None
    assert locate_given(document, {}).places == located.places
    assert locate_given(document, {}).declared == {"V", "W"}
    assert locate_given(Document("Dockerfile", b"FROM " + b"x" * 70_000), {"V": "1"}).places == ()


def plant(folder: Path) -> list[Target]:
    (folder / "app").mkdir()
    files = {
        "compose.yaml": web("{V: '3.13', K: 1}"),
        "app/Dockerfile": f"ARG V=3.12@{DIGEST}\nARG K=2\nFROM python:$V\nFROM alpine:3\nFROM c:$K\n",
    }
    for path, text in files.items():
        (folder / path).write_text(text)
    return [Target(str(folder / path), path, named=True) for path in files]


def test_pinning_goes_where_the_value_is_and_unpinning_takes_it_off_again(tmp_path: Path) -> None:
    targets = plant(tmp_path)
    before = (tmp_path / "compose.yaml").read_bytes()
    found = survey(targets, Settings(), today=TODAY)
    rules = [finding.rule.id for source in found.sources for finding in check_source(source, {})]
    assert sorted(rules) == ["PIN001", "PIN001", "PIN001", "PIN009"]
    plans = asyncio.run(make_plans(found.sources, "pin", Settings(), FakeResolver()))
    assert write(plans, targets, home=str(tmp_path)) == ()
    compose = (tmp_path / "compose.yaml").read_text()
    assert (
        f"V: '3.13@{digest_of('docker.io/library/python:3.13')}', K: 1@{digest_of('docker.io/library/c:1')}" in compose
    )
    again = survey(targets, Settings(), today=TODAY)
    assert not any(finding.rule.id == "PIN001" for source in again.sources for finding in check_source(source, {}))
    write(unpin_plans(again.sources, targets, None), targets, home=str(tmp_path))
    assert (tmp_path / "compose.yaml").read_bytes() == before


def test_a_named_file_alone_is_judged_with_the_other(tmp_path: Path) -> None:
    targets = plant(tmp_path)
    (tmp_path / ".git").mkdir()
    whole = {source.document.path: source for source in survey(targets, Settings(), today=TODAY).sources}
    for target in targets:
        [alone] = survey([target], Settings(), today=TODAY).sources
        assert [one.place for one in alone.candidates] == [one.place for one in whole[target.path].candidates]


def test_an_edit_that_changes_another_file_s_image_is_not_made(tmp_path: Path) -> None:
    targets = plant(tmp_path)
    found = survey(targets, Settings(), today=TODAY)
    links = found.sources[0].links
    assert links is not None
    compose = (tmp_path / "compose.yaml").read_bytes()
    spans: dict[PlaceKey, str] = {
        place.span: str(place.reference) for place in links.changed["compose.yaml"] if isinstance(place, Occurrence)
    }
    assert unproved_paths(links, {"compose.yaml": Expected(compose, spans)}) == frozenset()
    # Without the argument the Dockerfile's own default is read again.
    lost = compose.replace(b"V: '3.13'", b"U: '3.13'")
    assert unproved_paths(links, {"compose.yaml": Expected(lost, spans)}) == {"compose.yaml"}
    broken = {"compose.yaml": Expected(b"a: b\n", {}), "app/Dockerfile": Expected(b"FROM x:1\n", {})}
    assert unproved_paths(links, broken) == {"compose.yaml", "app/Dockerfile"}
    assert link_files([]).files == ()


def test_a_plan_that_is_not_proved_is_a_failure(tmp_path: Path) -> None:
    targets = plant(tmp_path)
    found = survey(targets, Settings(), today=TODAY)
    links = found.sources[0].links
    assert links is not None
    # As if something else had been read before.
    other = links._replace(changed={**links.changed, "compose.yaml": links.changed["compose.yaml"][:1]})
    sources = [source._replace(links=other) for source in found.sources]
    plans = asyncio.run(make_plans(sources, "pin", Settings(), FakeResolver()))
    verdicts = [verdict for plan in plans for verdict in plan.verdicts]
    assert any(isinstance(verdict, Failed) for verdict in verdicts)
    assert not any(isinstance(verdict, Changed) for verdict in verdicts)
    assert not any(plan.changed for plan in plans)
