"""Helm charts linked: what templates make of a tag decides whether it can hold a digest."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Literal

import pytest
from fakes import FakeResolver, digest_of
from hypothesis import given
from hypothesis import strategies as st

from pinner.checks.encoding import decode, encode
from pinner.config import Settings
from pinner.formats import locate
from pinner.formats.helm.chart_facts import chart_facts
from pinner.link.facts import Chart, TagRead
from pinner.link.link import LinkInput, link
from pinner.model import Document, Occurrence, Place, SkippedOccurrence
from pinner.pipeline import make_plans, survey, unpin_plans
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 1)
CHART = 'apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: "1.2.3"  # the app\'s\n'
VALUES = """\
image: {repository: acme/web, tag: v1}
sidecar:
  image: {repository: acme/sidecar, tag: v2}
fields:
  image: {repository: acme/fields, tag: v3, digest: ""}
"""


def said(place: Place) -> str:
    if isinstance(place, Occurrence):
        return str(place.reference)
    return f"{place.reason}: {place.text} {place.decided_by[0] if place.decided_by else ''}".strip()


def linked(files: dict[str, str]) -> dict[str, list[str]]:
    inputs = []
    for path, text in files.items():
        found = locate(Document(path, text.encode()))
        if found is not None:
            inputs.append(LinkInput(path, found[1].places, found[1].facts))
    changed = link(inputs)
    return {one.path: [said(place) for place in changed.get(one.path, one.places)] for one in inputs}


def judged(template: str, values: str = VALUES) -> list[str]:
    files = {"c/Chart.yaml": CHART, "c/values.yaml": values, "c/templates/_x.tpl": template}
    return linked(files)["c/values.yaml"]


HELD = ["acme/web:v1", "acme/sidecar:v2", "acme/fields:v3"]
LEFT = ["separate-tag: acme/web:v1 c/templates/_x.tpl:{}", "acme/sidecar:v2", "acme/fields:v3"]


@pytest.mark.parametrize(
    ("template", "line"),
    [
        ("app.kubernetes.io/version: {{ .Values.image.tag | default .Chart.AppVersion | quote }}", 1),
        ('metadata:\n  labels:\n    version: "{{ $.Values.image.tag }}"', 3),
        ("spec:\n  version: {{ .Values.image.tag }}", 2),
        ("  labels:\n    # why\n    acme: {{ .Values.image.tag }}", 3),
        ("    acme.io/release: '{{ .Values.image.tag }}'", 1),
        ('{{- if semverCompare ">=1.4.0-0" (coalesce .Values.image.tag .Chart.AppVersion) }}', 1),
        ("{{ (semver .Values.image.tag).Major }}", 1),
        ('{{- $tag := .Values.image.tag -}}\n\n{{ if semverCompare ">1" $tag }}', 3),
        ('{{- $v := semverCompare "1" .Values.image.tag -}}', 1),
        ("- name: VERSION\n  value: {{ .Values.image.tag }}", 2),
        ("image: {{ .Values.other.repository }}:{{ .Values.image.tag }}", 1),
        ('{{ printf "%s:%s" .Values.agent.image.repository .Values.image.tag }}', 1),
    ],
)
def test_a_tag_that_is_read_otherwise_is_left_alone(template: str, line: int) -> None:
    assert judged(template) == [text.format(line) for text in LEFT]


@pytest.mark.parametrize(
    "template",
    [
        "",
        'image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
        '{{ printf "%s/%s:%s" .Values.image.registry .Values.image.repository .Values.image.tag }}',
        "  annotations:\n    acme.io/tag: {{ .Values.image.tag }}",
        "app.kubernetes.io/version: {{ .Chart.AppVersion }}",
        "app.kubernetes.io/version: {{ .Values.image.tagSuffix }}",
        "app.kubernetes.io/version: {{ .Values.other.tag }}",
        "app.kubernetes.io/version: {{ .Values.fields.image.tag }}",
        "tag: {{ .Values.image.tag }}",
        "initImage: {{ .Values.image.repository }}:{{ .Values.image.tag }}",
        "{{- $tag := .Values.image.tag -}}\nimage: x:{{ $tag }}",
        "image: {{ .Values.sidecar.image.repository }}:{{ .Values.sidecar.image.tag | default .Values.image.tag }}",
        "labels: {{ $unknown }}",
    ],
)
def test_a_tag_that_ends_its_own_image_can_be_pinned(template: str) -> None:
    assert judged(template) == HELD


def test_a_fallback_counts_where_nothing_comes_before_it() -> None:
    template = "image: {{ .Values.init.repository }}:{{ .Values.init.tag | default .Values.image.tag }}"
    assert judged(template) == [text.format(1) for text in LEFT]
    before = VALUES + "init: {repository: acme/init, tag: v4}\n"
    assert judged(template, before) == [*HELD, "acme/init:v4"]


@pytest.mark.parametrize(
    ("block", "template"),
    [
        ("{image: acme/web, imageTag: v1}", "image: {{ .Values.web.image }}:{{ .Values.web.imageTag }}"),
        ("{webImage: acme/web, webImageTag: v1}", "image: {{ .Values.web.webImage }}:{{ .Values.web.webImageTag }}"),
        (
            "{image: {repository: acme/web, version: v1}}",
            "a: {{ .Values.web.image.repository }}:{{ .Values.web.image.version }}",
        ),
        ("{image: {name: acme/web, tag: v1}}", "image: {{ .Values.web.image.name }}:{{ .Values.web.image.tag }}"),
        ("{image: {repo: acme/web, tag: v1}}", "image: {{ .Values.web.image.repo }}:{{ .Values.web.image.tag }}"),
        ("{imageName: acme/web, imageTag: v1}", "image: {{ .Values.web.imageName }}:{{ .Values.web.imageTag }}"),
        ("{dockerImage: acme/web, dockerTag: v1}", "image: {{ .Values.web.dockerImage }}:{{ .Values.web.dockerTag }}"),
        ("{image: acme/web, image_tag: v1}", "image: {{ .Values.web.image }}:{{ .Values.web.image_tag }}"),
    ],
)
def test_tags_under_other_keys_belong_to_the_names_beside_them(block: str, template: str) -> None:
    assert judged(template, f"web: {block}\n") == ["acme/web:v1"]
    label = template.replace("image:", "version:").replace("a:", "version:").partition("}}:")[2]
    assert judged(f"version: {label}", f"web: {block}\n") == ["separate-tag: acme/web:v1 c/templates/_x.tpl:1"]


SPELLED = "image: {repository: acme/web, tag: v1, %s: ''}\n"


@pytest.mark.parametrize(
    ("key", "template", "written"),
    [
        ("digest", "image: {{ .Values.image.repository }}@{{ .Values.image.digest }}", "sha256:{}"),
        ("digest", "image: a@sha256:{{ .Values.image.digest }}", "{}"),
        ("digest", "{{- $digest := .Values.image.digest -}}\nimage: a@sha256:{{ $digest }}", "{}"),
        ("digest", '{{ printf "%s@sha256:%s" .Values.image.repository .Values.image.digest }}', "{}"),
        ("digest", "{{ if .Values.image.digest }}", "sha256:{}"),
        ("sha", "image: a@sha256:{{ .Values.image.sha }}", "{}"),
        ("sha", "image: a@{{ .Values.image.sha }}", "sha256:{}"),
        ("sha", "", "{}"),
    ],
)
def test_a_digest_is_spelled_as_the_template_expects_it(tmp_path: Path, key: str, template: str, written: str) -> None:
    tree = {".git/HEAD": "", "Chart.yaml": CHART, "values.yaml": SPELLED % key, "templates/x.tpl": template}
    for name, text in tree.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    values = str(tmp_path / "values.yaml")

    def run(operation: Literal["pin", "unpin"]) -> str:
        found = survey([Target(values, "values.yaml", named=True)], Settings(), today=TODAY)
        if operation == "pin":
            (plan,) = asyncio.run(make_plans(found.sources, "pin", Settings(), FakeResolver()))
        else:
            (plan,) = unpin_plans(found.sources, [Target(values, "values.yaml")], None)
        (tmp_path / "values.yaml").write_bytes(plan.result)
        return plan.result.decode()

    digest = digest_of("docker.io/acme/web:v1").hex
    assert run("pin") == (SPELLED % key).replace("''", f"'{written.format(digest)}'")
    assert run("pin") == (SPELLED % key).replace("''", f"'{written.format(digest)}'")
    assert run("unpin") == SPELLED % key


def test_a_digest_that_is_there_stays_what_it_is() -> None:
    digest = f"v1@sha256:{'ab' * 32}"
    values = f'image: {{repository: acme/web, tag: "{digest}"}}\n'
    assert judged("version: {{ .Values.image.tag }}", values) == [f"acme/web:{digest}"]


def test_an_empty_tag_is_the_version_of_the_chart() -> None:
    values = "image: {repository: acme/web, tag: ''}\nother: {image: $X/y:1}\n"
    assert judged("", values) == ["no-default: acme/web c/Chart.yaml:4", "interpolated-name: $X/y:1"]
    files = {"c/Chart.yaml": "apiVersion: v2\nname: web\n", "c/values.yaml": values}
    assert linked(files)["c/values.yaml"][0] == "no-default: acme/web"


@pytest.mark.parametrize(
    ("template", "is_left"),
    [
        ("image: {{ .Values.hub }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n", True),
        ('{{ printf "%s/%s:%s" .Values.hub .Values.image.repository .Values.image.tag }}\n', True),
        ("{{ .Values.image.registry | default .Values.images.registry }}/x:{{ .Values.image.tag }}\n", True),
        ("{{ $r := default .Values.images.registry .Values.image.registry }}{{ .Values.image.tag }}\n", True),
        ("image: {{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n", False),
        ('{{ printf "%s/%s" .Values.image.registry .Values.image.repository }}:{{ .Values.image.tag }}\n', False),
        ("{{ if .Values.hub }}\n{{ .Values.hub }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n", False),
        ("{{ .Values.global.registry | default .Values.image.registry }}/x:{{ .Values.image.tag }}\n", False),
    ],
)
@pytest.mark.parametrize("field", ["", ", digest: ''"])
def test_a_name_that_templates_put_something_before_is_left_alone(template: str, field: str, *, is_left: bool) -> None:
    [said_] = judged(template, f"image: {{repository: acme/web, tag: v1{field}}}\n")
    line = template[: template.index(".Values")].count("\n") + 1
    assert said_ == (f"interpolated-name: acme/web:v1 c/templates/_x.tpl:{line}" if is_left else "acme/web:v1")


@pytest.mark.parametrize(
    ("template", "is_left"),
    [
        ('{{ printf "%s-%s%s" .Values.image.repository $cloud .Values.image.tag }}\n', True),
        ("image: {{ .Values.image.repository }}-slim:{{ .Values.image.tag }}\n", True),
        ("image: {{ .Values.hub }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n", True),
        ('{{ printf "%s%s%s" .Values.image.repository $tag .Values.image.tag }}\n', False),
        ("image: {{ .Values.image.repository }}{{ with .Values.image.tag }}:{{ . }}{{ end }}\n", False),
    ],
)
def test_a_name_that_templates_add_to_is_left_alone(template: str, *, is_left: bool) -> None:
    [said_] = judged(template, "hub: registry.acme.io\nimage: {repository: acme/web, tag: v1}\n")
    assert said_ == ("interpolated-name: acme/web:v1 c/templates/_x.tpl:1" if is_left else "acme/web:v1")


@pytest.mark.parametrize("key", ["name", "repo"])
def test_a_name_under_another_key_is_added_to_as_well(key: str) -> None:
    values = f"hub: registry.acme.io\nimage: {{{key}: acme/web, tag: v1}}\n"
    tag = ":{{ .Values.image.tag }}\n"
    left = ["interpolated-name: acme/web:v1 c/templates/_x.tpl:1"]
    assert judged(f"image: {{{{ .Values.hub }}}}/{{{{ .Values.image.{key} }}}}{tag}", values) == left
    assert judged(f"image: {{{{ .Values.image.{key} }}}}-slim{tag}", values) == left
    assert judged(f"image: {{{{ .Values.image.{key} }}}}{tag}", values) == ["acme/web:v1"]
    other = f"image: {{{{ .Values.agent.{key} }}}}{tag}"
    joined = ["separate-tag: acme/web:v1 c/templates/_x.tpl:1"] if key == "repo" else ["acme/web:v1"]
    assert judged(other, values) == joined


def test_a_key_beside_the_name_comes_before_it() -> None:
    template = "image: {{ .Values.org }}/{{ .Values.repository }}:{{ .Values.tag }}\n"
    values = "org: acme\nrepository: team/web\ntag: v1\n"
    assert judged(template, values) == ["interpolated-name: team/web:v1 c/templates/_x.tpl:1"]


@pytest.mark.parametrize(
    "piece",
    [
        b".Values.a",
        b"default .Values.a",
        b"{{.Values.a}}/{{.Values.",
        b"if ",
        b'printf "%s-',
        b'printf "%s-" .Values.a',
    ],
)
def test_a_long_line_is_looked_through_once(piece: bytes) -> None:
    first = b"{{ .Values.hub }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}\n"
    facts = chart_facts(Document("c/templates/a.tpl", first + piece * 20_000))
    assert [fact.use for fact in facts if isinstance(fact, TagRead)] == ["prefix"]


def test_a_registry_that_is_there_is_the_name_s() -> None:
    template = "{{ .Values.image.registry | default .Values.images.registry }}/x:{{ .Values.image.tag }}\n"
    for registry in ("quay.io", "docker.io"):
        values = f"image: {{registry: {registry}, repository: acme/web, tag: v1}}\n"
        assert judged(template, values) == [f"{registry}/acme/web:v1"]


@pytest.mark.parametrize(
    "template",
    [
        "image: {{ .Values.image.repository }}:{{ .Values.image.tag | default .Values.global.imageTag }}\n",
        "image: {{ printf `%s:%s` .Values.image.repository (default .Values.global.imageTag .Values.image.tag) }}\n",
        "{{- $tag := .Values.image.tag | default .Values.global.imageTag -}}\n",
    ],
)
def test_an_empty_tag_is_the_value_that_templates_take_then(template: str) -> None:
    values = "image: {repository: acme/web, tag: ''}\nglobal: {imageTag: v1}\n"
    inputs = []
    for path, text in (("c/Chart.yaml", CHART), ("c/values.yaml", values), ("c/templates/a.tpl", f"\n{template}")):
        found = locate(Document(path, text.encode()))
        assert found is not None
        inputs.append(LinkInput(path, found[1].places, found[1].facts))
    [place] = link(inputs)["c/values.yaml"]
    assert isinstance(place, SkippedOccurrence)
    assert place.reason == "no-default"
    assert place.detail == "its tag is empty: templates then take `global.imageTag` (c/templates/a.tpl:2)"


def test_nothing_leaks_from_one_chart_to_another() -> None:
    template = "version: {{ .Values.image.tag }}"
    values = "image: {repository: acme/web, tag: v1}\n"
    files = {
        "a/Chart.yaml": CHART,
        "a/templates/x.yaml": template,
        "a/values.yaml": values,
        "a/ci/values-test.yaml": values,
        "b/Chart.yaml": CHART,
        "b/values.yaml": values,
        "values.yaml": values,
        "c/templates/lost.yaml": template,
    }
    left = ["separate-tag: acme/web:v1 a/templates/x.yaml:1"]
    assert linked(files) == {
        "a/Chart.yaml": [],
        "a/templates/x.yaml": [],
        "a/values.yaml": left,
        "a/ci/values-test.yaml": left,
        "b/Chart.yaml": [],
        "b/values.yaml": ["acme/web:v1"],
        "values.yaml": ["acme/web:v1"],
        "c/templates/lost.yaml": [],
    }


def test_a_chart_s_values_are_read_by_the_charts_in_it() -> None:
    files = {
        "c/Chart.yaml": CHART,
        "c/values.yaml": "db: {image: {repository: acme/db, tag: v1}}\nimage: {repository: acme/web, tag: v2}\n",
        "c/charts/db/Chart.yaml": CHART,
        "c/charts/db/values.yaml": "image: {repository: acme/db, tag: v1}\n",
        "c/charts/db/templates/x.yaml": "version: {{ .Values.image.tag }}\n",
        "charts/d/Chart.yaml": CHART,
        "charts/d/values.yaml": "image: {repository: acme/d, tag: v1}\n",
        "charts/d/templates/x.yaml": "version: {{ .Values.image.tag }}\n",
    }
    found = linked(files)
    where = "c/charts/db/templates/x.yaml:1"
    assert found["c/values.yaml"] == [f"separate-tag: acme/db:v1 {where}", "acme/web:v2"]
    assert found["c/charts/db/values.yaml"] == [f"separate-tag: acme/db:v1 {where}"]
    assert found["charts/d/values.yaml"] == ["separate-tag: acme/d:v1 charts/d/templates/x.yaml:1"]


def test_a_template_with_images_of_its_own_states_facts_beside_them() -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {labels: {x: y}}\nspec: {containers: [{image: a/b:1}]}\n# .Values.\n"
    found = locate(Document("c/templates/pod.yaml", f'{text}#\nversion: "{{{{ .Values.image.tag }}}}"\n'.encode()))
    assert found is not None
    assert found[1].facts == (TagRead("image.tag", 7, "label"),)
    assert [said(place) for place in found[1].places] == ["a/b:1"]


def test_facts_of_charts_are_kept_and_read_again() -> None:
    facts = (Chart("1.2", 3), TagRead("a.tag", 1, "repository", "b.repository", ("c.tag",)))
    assert decode(encode(facts)) == facts


@pytest.mark.parametrize("mark", [".git/HEAD", "README"])
@pytest.mark.parametrize("path", ["c/values.yaml", "c/ci/values-test.yaml"])
def test_a_run_over_values_alone_says_what_a_run_over_the_whole_says(tmp_path: Path, path: str, mark: str) -> None:
    tree = {
        mark: "",
        "c/Chart.yaml": CHART,
        "c/values.yaml": VALUES + "empty: {image: {repository: acme/empty}}\n",
        "c/ci/values-test.yaml": VALUES,
        "c/templates/_helpers.tpl": "version: {{ .Values.image.tag }}\n",
        "c/templates/tests/pod.yaml": "version: {{ .Values.sidecar.image.tag }}\n",
        "c/files/x.tpl": "version: {{ .Values.sidecar.image.tag }}\n",
    }
    for name, text in tree.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "c" / "templates" / "link.tpl").symlink_to(tmp_path / "c" / "files" / "x.tpl")
    yaml = [name for name in tree if name.endswith(".yaml")]
    whole = survey([Target(str(tmp_path / name), name) for name in yaml], Settings(), today=TODAY)
    alone = survey([Target(str(tmp_path / path), path, named=True)], Settings(), today=TODAY)
    [of_whole] = [source for source in whole.sources if source.document.path == path]
    [source] = alone.sources
    assert source.candidates == of_whole.candidates
    reasons = [getattr(one.place, "reason", "") for one in source.candidates]
    assert reasons[:3] == ["separate-tag", "separate-tag", ""]
    lone = tmp_path / "values.yaml"
    lone.write_text(VALUES)
    [source] = survey([Target(str(lone), "values.yaml", named=True)], Settings(), today=TODAY).sources
    assert [getattr(one.place, "reason", "") for one in source.candidates] == ["", "", ""]


@given(st.text('{}.$Values\n imagetagrepository:/-"', max_size=80).map(str.encode))
def test_any_template_is_read_without_an_error(data: bytes) -> None:
    chart_facts(Document("c/templates/x.tpl", b"{{ .Values.image.tag }}" + data))
