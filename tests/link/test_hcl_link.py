"""Names of HCL modules linked: which value holds the digest, whoever is looked at and in whatever order."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.config import Settings
from pinner.formats import configured, locate
from pinner.link.link import LinkInput, link
from pinner.model import Calls, Document, FormatChoice, Occurrence, Place
from pinner.pipeline import survey
from pinner.scan.discover import Target

FORMATS = Path(__file__).parents[2] / "testdata" / "formats"
CASES = sorted(
    path.parent
    for name in ("terraform", "nomad", "bake", "quadlet")
    for path in FORMATS.glob(f"{name}/*/before")
    if len([file for file in path.rglob("*") if file.is_file()]) > 1
)
DIGEST = "sha256:" + "a" * 64


def linked(files: dict[str, str]) -> dict[str, tuple[Place, ...]]:
    """Return the places of ``files`` in the light of each other."""
    inputs = []
    for path, text in files.items():
        found = locate(Document(path, text.encode()))
        if found is not None:
            inputs.append(LinkInput(path, found[1].places, found[1].facts))
    changed = link(inputs)
    return {one.path: changed.get(one.path, one.places) for one in inputs}


def said(files: dict[str, str], path: str) -> list[str]:
    """Return what is said of each place in the file at ``path``: its image, or why there is none."""
    places = linked(files).get(path, ())
    return [str(one.reference) if isinstance(one, Occurrence) else one.reason for one in places]


def image(name: str) -> str:
    return f'resource "docker_image" "a" {{ name = {name} }}\n'


def variable(name: str, default: str) -> str:
    return f'variable "{name}" {{ default = "{default}" }}\n'


@pytest.mark.parametrize(
    ("use", "values", "expected"),
    [
        ("var.a", variable("a", "nginx:1"), ["nginx:1"]),
        ("(var.a)", variable("a", "nginx:1"), ["nginx:1"]),
        ('"${var.a}"', variable("a", "nginx:1"), ["nginx:1"]),
        ('"nginx:${var.a}"', variable("a", "1"), ["nginx:1"]),
        ('"nginx:${var.a}-alpine"', variable("a", "1"), []),
        ('"${var.a}:1"', variable("a", "nginx"), []),
        ('"${var.a}:${var.b}"', variable("a", "nginx") + variable("b", "1"), ["nginx:1"]),
        ('"${var.a}${var.b}"', variable("a", "nginx:1") + variable("b", "-alpine"), []),
        ("var.a", variable("a", f"nginx:1@{DIGEST}"), [f"nginx:1@{DIGEST}"]),
        ("var.a", variable("a", ""), []),
        ("var.a", variable("a", "Not a name"), []),
        ("var.a", variable("a", "${var.b}"), []),
        ("var.a", 'variable "a" { default = <<E\nnginx:1\nE\n}\n', []),
        ("var.a", 'variable "a" { default = 7 }\n', []),
        ("var.a.b", 'variable "a" { default = { b = "nginx:1" } }\n', ["nginx:1"]),
        ('var.a["b"]', 'variable "a" { default = { b = "nginx:1" } }\n', ["nginx:1"]),
        ("var.a[0]", 'variable "a" { default = ["nginx:1"] }\n', []),
        ("local.a", 'locals {\n a = "nginx:1"\n}\n', ["nginx:1"]),
        ("local.a", 'locals {\n a = "nginx:${local.b}"\n b = "1"\n}\n', ["nginx:1"]),
        ("local.a", 'locals {\n a = "nginx:${local.b}"\n b = "1${local.a}"\n}\n', []),
        ("local.a", 'locals {\n a = "nginx\\u003a1"\n}\n', []),
        ("local.a", 'locals {\n a = "$${nginx}"\n}\n', []),
    ],
)
def test_a_value_is_an_image_where_it_ends_one(use: str, values: str, expected: list[str]) -> None:
    files = {"main.tf": image(use), "values.tf": values}
    assert said(files, "values.tf") == expected
    [place] = linked(files)["main.tf"]
    assert not isinstance(place, Occurrence)
    assert (place.reason == "replaced") is bool(expected)


@pytest.mark.parametrize("use", ['"${local.a}/nginx:1"', '"${local.a}/${local.b}:1"'])
def test_what_nobody_can_change_is_as_good_as_written_out(use: str) -> None:
    files = {"main.tf": image(use), "values.tf": 'locals {\n a = "ghcr.io"\n b = "x/y"\n}\n'}
    [place] = linked(files)["main.tf"]
    assert isinstance(place, Occurrence)
    assert place.insert == files["main.tf"].index(":1") + 2


@pytest.mark.parametrize(
    "other",
    [
        'output "o" { value = var.a }\n',
        'output "o" { value = "x ${upper(var.a)}" }\n',
        'resource "x" "y" { z = <<E\n${var.a}\nE\n}\n',
        'resource "docker_image" "b" { name = "nginx:${var.a}" }\n',
        'resource "docker_image" "b" { name = "${var.a}-alpine" }\n',
        'resource "docker_image" "b" { name = "${var.unknown}${var.a}" }\n',
        'resource "docker_container" "b" { image = var.a == "" ? "x" : var.a }\n',
        'locals {\n b = "${var.a}:2"\n}\n',
        'locals {\n b = var.a\n}\noutput "o" { value = local.b }\n',
        'variable "c" { default = var.a }\noutput "o" { value = var.c }\n',
    ],
)
def test_a_value_that_others_read_is_left_alone(other: str) -> None:
    files = {"main.tf": image("var.a"), "values.tf": variable("a", "nginx:1"), "other.tf": other}
    assert said(files, "values.tf") == ["arg-conflict"]
    held = {**files, "values.tf": variable("a", f"nginx:1@{DIGEST}")}
    [place] = [one for one in linked(held)["values.tf"] if one.kind == "variable"]
    if isinstance(place, Occurrence):
        assert place.digest_span is None


@pytest.mark.parametrize(
    "other",
    [
        "# var.a\n",
        'output "o" { value = var.b }\n',
        'output "o" { value = var.aa }\n',
        'resource "docker_image" "b" { name = var.a }\n',
        'locals {\n b = var.a\n}\nresource "docker_image" "b" { name = local.b }\n',
        "locals {\n b = var.a\n}\n",
        'resource "x" "y" { z = "var.a" }\n',
    ],
)
def test_others_that_read_something_else_or_the_same_image_are_no_matter(other: str) -> None:
    # The last one has no image and no definition: such a file is not scanned, and a text in it might be anything.
    files = {"main.tf": image("var.a"), "values.tf": variable("a", "nginx:1"), "other.tf": image('"x:1"') + other}
    assert said(files, "values.tf") == ["nginx:1"]


def test_modules_do_not_know_each_other() -> None:
    files = {"a/main.tf": image("var.a"), "b/values.tf": variable("a", "nginx:1")}
    assert said(files, "b/values.tf") == []
    assert said(
        {"a.nomad": 'task "t" { config { image = var.a } }\n', "b.nomad": variable("a", "nginx:1")}, "a.nomad"
    ) == ["no-default"]


def test_two_values_of_a_name_are_none() -> None:
    files = {"main.tf": image("var.a"), "b.tf": variable("a", "nginx:1"), "c_override.tf": variable("a", "nginx:2")}
    assert said(files, "b.tf") == []
    assert said(files, "main.tf") == ["no-default"]


PIECES = st.sampled_from(("var.a", "var.b", "local.c", "local.d", '"nginx:${var.a}"', '"${local.c}:${var.b}"', '"x:1"'))
LINES = st.one_of(
    PIECES.map(image),
    st.builds(variable, st.sampled_from("ab"), st.sampled_from(("nginx:1", "1", "nginx", "${local.c}"))),
    st.builds(lambda name, value: f"locals {{\n {name} = {value}\n}}\n", st.sampled_from("cd"), PIECES),
    PIECES.map(lambda piece: f'output "o" {{ value = {piece} }}\n'),
)
MODULES = st.dictionaries(st.sampled_from(("a.tf", "b.tf", "c.tf", "m/d.tf")), st.lists(LINES, max_size=3).map("".join))


@given(files=MODULES, data=st.data())
def test_the_order_of_files_and_one_that_states_nothing_are_no_matter(
    files: dict[str, str], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(sorted(files.items()))))
    expected = linked(files)
    assert linked(shuffled) == expected
    silent = 'resource "aws_instance" "a" { ami = "b" }\n'
    assert linked({**files, "silent.tf": silent}) == expected


@given(files=MODULES)
def test_what_is_pinned_reads_as_planned_and_all_else_as_before(files: dict[str, str]) -> None:
    before = linked(files)
    edited = dict(files)
    for path, places in before.items():
        spots = {one.insert for one in places if isinstance(one, Occurrence) and one.reference.digest is None}
        for spot in sorted(spots, reverse=True):
            edited[path] = f"{edited[path][:spot]}@{DIGEST}{edited[path][spot:]}"
    after = linked(edited)
    for path, places in before.items():
        assert len(after[path]) == len(places)
        for old, new in zip(places, after[path], strict=True):
            if isinstance(old, Occurrence):
                assert isinstance(new, Occurrence)
                assert str(new.reference) == f"{old.reference}@{DIGEST}"
            else:
                assert not isinstance(new, Occurrence)
                assert (old.reason, old.text) == (new.reason, new.text)


def places_of(targets: list[Target]) -> dict[str, list[Place]]:
    found = survey(targets, Settings(), today=date(2026, 11, 1))
    return {source.document.path: [one.place for one in source.candidates] for source in found.sources}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_a_file_alone_is_judged_as_in_the_whole(case: Path) -> None:
    before = case / "before"
    files = sorted(path for path in before.rglob("*") if path.is_file())
    targets = [Target(str(path), path.relative_to(before).as_posix(), named=True) for path in files]
    whole = places_of(targets)
    for target in targets:
        assert places_of([target]).get(target.path, []) == whole.get(target.path, [])


def test_a_chain_of_thousands_and_values_that_double_end() -> None:
    lines = [f' l{at} = "${{local.l{at + 1}}}${{local.l{at + 1}}}"\n' for at in range(50)]
    chain = [f" c{at} = local.c{at + 1}\n" for at in range(3_000)]
    text = "locals {\n" + "".join(lines) + ' l50 = "ab"\n' + "".join(chain) + ' c3000 = "nginx:1"\n}\n'
    assert said({"main.tf": image("local.l0") + image("local.c0"), "values.tf": text}, "main.tf") == ["no-default"] * 2


def test_pin_and_unpin_from_the_command_line(tmp_path: Path) -> None:
    tmp_path.joinpath("main.tf").write_text(image('"redis:${var.v}"'))
    tmp_path.joinpath("variables.tf").write_text(variable("v", f"7@{DIGEST}"))
    command = [sys.executable, "-m", "pinner", "unpin"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert result.returncode == 0, result.stderr
    assert tmp_path.joinpath("variables.tf").read_text() == variable("v", "7")


def test_inputs_of_modules_and_locals_count_where_they_are_asked_for() -> None:
    text = (
        'module "web" {\n source = "./web"\n image = "nginx:1"\n tagless_image = "nginx"\n name = "redis:7"\n'
        ' container_definitions = { a = { image = "httpd:2", imageName = "x:1" } }\n web_image = var.x\n'
        ' bad_image = "A:1"\n}\n'
        'locals {\n image = "perl:5"\n images = { image = "ruby:3" }\n other = "go:1"\n}\n'
    )
    document = Document("main.tf", text.encode())
    found = locate(document)
    assert found is not None
    assert found[1].places == ()
    found = locate(document, configured(FormatChoice(Calls(modules=True))))
    assert found is not None
    assert [(place.kind, place.owner, str(getattr(place, "reference", ""))) for place in found[1].places] == [
        ("module", "module.web", "nginx:1"),
        ("module", "module.web", "httpd:2"),
        ("locals", "locals", "perl:5"),
        ("locals", "locals", "ruby:3"),
    ]
