"""Templates: what stands plainly among the directives is read where it stands, and the rest is told as a template's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from world import pinner
from yamlplaces import found, in_compose, in_kubernetes

from pinner.formats import dockerfile, locate
from pinner.formats.template_masking import mask
from pinner.model import Document, Occurrence

if TYPE_CHECKING:
    from pathlib import Path

    from pinner.model import Place

DIGEST = f"sha256:{'1' * 64}"
HEAD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Release.Name }}\nspec:\n  containers:\n"


def shown(place: Place) -> str:
    return str(place.reference) if isinstance(place, Occurrence) else f"{place.reason}: {place.text}"


def in_dockerfile(text: str) -> list[str]:
    located = dockerfile.locate(Document("Dockerfile.template", text.encode()))
    assert located is not None
    return [shown(place) for place in located.places]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        # A stage is one, whatever stands around its name.
        (
            "FROM {{base}} AS installer{{if x:\nARG A}}\nFROM alpine:3\nCOPY --from=installer /a /b\n",
            ["templated: {{base}}", "alpine:3", "stage: installer"],
        ),
        (
            "{{ set x }}FROM {{tag}} AS chisel\nFROM scratch\nCOPY --from=chisel /a /b\n",
            ["templated: {{tag}}", "scratch: scratch", "stage: chisel"],
        ),
        (
            "{{ if x then ( -}}\nFROM alpine:3.18\n{{ ) else ( -}}\nFROM debian:{{ env.suite }}-slim\n{{ ) end -}}\n",
            ["alpine:3.18", "templated: debian:{{ env.suite }}-slim"],
        ),
        ("{% if a %}\nFROM a:1 AS x\n{% else %}\nFROM b:1 AS x\n{% endif %}\nFROM x\n", ["a:1", "b:1", "stage: x"]),
        ("<% if a -%>\nFROM a:1\n<% end %>\nFROM <%= b %>\n", ["a:1", "templated: <%= b %>"]),
        ("{# FROM a:1 #}\nFROM b:1\n", ["b:1"]),
        ("{{/* why }} */}}\nFROM b:1\n", ["b:1"]),
        ("FROM a:1{{ if x }}-slim{{ end }}\n", ["templated: a:1{{ if x }}-slim{{ end }}"]),
        ("FROM a:{{ x }} AS b\nFROM b\n", ["templated: a:{{ x }}", "stage: b"]),
        ("FROM --platform={{ p }} a:1\n", ["a:1"]),
        ("ARG V={{ v }}\nFROM a:$V\n", ["templated: {{ v }}"]),
        ("ARG V=1\n{{ x }}\nFROM a:$V\n", ["a:1"]),
        # Which of the two it is, a template chooses.
        ("{{ if x }}\nARG V=1\n{{ else }}\nARG V=2\n{{ end }}\nFROM a:$V\n", ["templated: a:2"]),
        ("FROM a:1\nRUN docker inspect -f '{{ .Id }}' x\nCOPY --from=b:1 /a /b\n", ["a:1", "b:1"]),
        ("{% include 'base' %}\nRUN a\nFROM b:1\n", ["b:1"]),
        ("FROM a:1\nRUN {{ x\nFROM b:1\n", ["a:1", "b:1"]),
    ],
)
def test_a_dockerfile_s_template(text: str, places: list[str]) -> None:
    assert in_dockerfile(text) == places


@pytest.mark.parametrize(
    ("containers", "places"),
    [
        ("  - image: a:1\n", ["a:1"]),
        ("  {{- if .Values.x }}\n  - image: a:1\n  {{- else }}\n  - image: b:1\n  {{- end }}\n", ["a:1", "b:1"]),
        (
            "  - name: x\n    {{- if .x }}\n    image: a:1\n    {{- else }}\n    image: b:1\n    {{- end }}\n",
            ["a:1", "b:1"],
        ),
        (
            '  - image: "{{ .a }}:{{ .b }}"\n  {{- with .c }}\n  - image: a:1\n  {{- end }}\n',
            ["templated: {{ .a }}:{{ .b }}", "a:1"],
        ),
        ('  - image: {{ .a | default "x" | quote }}\n', ['templated: {{ .a | default "x" | quote }}']),
        ("  - image: a:{{ .b }}\n", ["templated: a:{{ .b }}"]),
        ("  - image: {{ if .x }}a:1{{ end }}\n", ["templated: {{ if .x }}a:1{{ end }}"]),
        (
            '  - image: {{ include "x.image" (dict\n      "a" .Values.a) }}\n  - image: b:1\n',
            ["templated: {{", "b:1"],
        ),
        ("  - env:\n      {{- toYaml .Values.env | nindent 6 }}\n    image: a:1\n", ["a:1"]),
        ("  {{- /* image: c:1 }} */}}\n  - image: a:1\n", ["a:1"]),
        # What is no YAML with its directives masked either is one skip.
        ("  - image: a:1\n {{ .x }}: y\n", ["templated: "]),
    ],
)
def test_a_chart_s_template(containers: str, places: list[str]) -> None:
    assert found(in_kubernetes(HEAD + containers)) == places


def test_owners_and_platforms_that_a_template_writes_are_not_told() -> None:
    first, second = in_kubernetes(HEAD + "  - image: a:1\n  - image: '{{ .x }}'\n").places
    assert (first.owner, second.owner) == ("Pod", "Pod")
    text = "services:\n  {% if a %}\n  x{{ a }}:\n    image: a:1\n    platform: linux/{{ p }}\n  {% endif %}\n"
    [place] = in_compose(text).places
    assert (shown(place), place.owner, place.platform) == ("a:1", "", None)


def test_a_compose_file_s_template() -> None:
    text = (
        "services:\n{% for x in y %}\n  {{ x }}: {image: a:1}\n{% endfor %}\n  b:\n    image: b:1\n    image: c:{{t}}\n"
    )
    assert found(in_compose(text)) == ["a:1", "b:1", "templated: c:{{t}}"]


def test_a_pin_in_a_template_changes_nothing_else_and_comes_off(tmp_path: Path) -> None:
    file = tmp_path / "chart" / "templates" / "pod.yaml"
    file.parent.mkdir(parents=True)
    rest = "  - image: busybox:1.36\n  - image: {{ .Values.y }}\n  - image: {{ .z }}\n{{- end }}\n"
    text = "{{- if .Values.x }}\n" + HEAD + rest
    file.write_text(text, "utf-8")
    done = pinner(tmp_path, "check")
    assert "chart/templates/pod.yaml:8:12: error: `busybox:1.36` has no digest [PIN001]" in done.stdout
    assert "note: 2 images here are not known (templated): a template fills them in [PIN006]" in done.stdout
    assert "hint: hold them to digests in the chart's values, or check what `helm template` renders" in done.stdout
    assert done.stderr.startswith("found 1 error, 1 note; 0 of 3 references pinned, 1 to pin, 2 unknown (1 file)")
    assert pinner(tmp_path, "pin").status == 0
    pinned = file.read_text("utf-8")
    assert pinned.count("@sha256:") == 1
    assert pinned.partition("@sha256:")[0].endswith("- image: busybox:1.36")
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert file.read_text("utf-8") == text


def test_a_digest_in_one_branch_is_no_trouble(tmp_path: Path) -> None:
    text = HEAD + f"  {{{{- if .x }}}}\n  - image: a:1@{DIGEST}\n  {{{{- end }}}}\n"
    (tmp_path / "pod.yaml").write_text(text, "utf-8")
    assert pinner(tmp_path, "check").status == 0


PIECES = st.lists(
    st.sampled_from(["{{", "}}", "{%", "%}", "<%", "%>", "{#", "#}", "/*", "*/", "-", "if", " ", "\n", "a", ":", "é"])
)


@given(PIECES, st.booleans())
def test_every_byte_keeps_its_place(pieces: list[str], blanks_control: bool) -> None:  # noqa: FBT001
    data = "".join(pieces).encode()
    masked = mask(data, blanks_control=blanks_control)
    if masked is None:
        return
    assert len(masked.data) == len(data)
    assert all(one in (old, 0x20, 0x01) for one, old in zip(masked.data, data, strict=True))
    assert [i for i, byte in enumerate(masked.data) if byte == 0x0A] == [
        i for i, byte in enumerate(data) if byte == 0x0A
    ]


@given(PIECES)
def test_any_template_is_read_without_an_error(pieces: list[str]) -> None:
    text = "".join(pieces)
    for path in ("Dockerfile", "pod.yaml", "compose.yaml"):
        for head in ("FROM a:1\n", HEAD + "  - image: ", "services:\n  a:\n    image: "):
            locate(Document(path, (head + text).encode()))


def test_what_is_masked_is_yaml_where_the_template_s_lines_are() -> None:
    data = (HEAD + "  {{- range .c }}\n  - image: {{ . }}\n  {{- end }}\n").encode()
    masked = mask(data)
    assert masked is not None
    read = yaml.safe_load(masked.data.replace(b"\x01", b"x"))
    assert read["spec"]["containers"] == [{"image": "x" * len("{{ . }}")}]
