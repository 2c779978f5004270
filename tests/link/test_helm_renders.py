"""Charts rendered by helm itself, before and after `pin`: nothing but digests changes, each that of its own name."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import FakeResolver, digest_of

from pinner.config import Settings
from pinner.pipeline import make_plans, survey, unpin_plans
from pinner.reference import ImageReference
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from pathlib import Path

HELM = shutil.which("helm")
TODAY = date(2026, 11, 1)
CHART = "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 1.2.3\n"
VALUES = """\
image: {registry: ghcr.io, repository: acme/web, tag: v1}
wholeImage: ghcr.io/acme/whole:v2
fields:
  image: {repository: acme/fields, tag: v3, digest: ""}
hex:
  image:
    repository: acme/hex
    tag: v4
    digest:
old:
  image: {repository: acme/old, tag: v5, sha: ''}
labelled:
  image: {repository: acme/labelled, tag: "1.6.0"}
compared:
  image: {repository: acme/compared, tag: 1.7.0}
joined:
  image: {repository: acme/joined, tag: v8}
other: {repository: acme/other}
versioned:
  image: {repository: acme/versioned, tag: ""}
number:
  image: {repository: acme/number, tag: 12}
global: {imageRegistry: ""}
"""
TEMPLATE = """\
{{- define "web.image" -}}
{{ .registry | default "docker.io" }}/{{ .repository }}:{{ .tag }}{{ if .digest }}@{{ .digest }}{{ end }}
{{- end -}}
apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    version: {{ .Values.labelled.image.tag | quote }}
spec:
  containers:
  - image: {{ include "web.image" .Values.image }}
  - image: {{ .Values.wholeImage | quote }}
  - image: {{ include "web.image" .Values.fields.image }}
  {{- $hex := .Values.hex.image }}
  {{- $digest := .Values.hex.image.digest }}
  - image: "{{ $hex.repository }}:{{ $hex.tag }}{{ if $digest }}@sha256:{{ $digest }}{{ end }}"
  {{- $old := .Values.old.image }}
  - image: "{{ $old.repository }}:{{ $old.tag }}{{ with $old.sha }}@sha256:{{ . }}{{ end }}"
  - image: {{ include "web.image" .Values.labelled.image }}
  - image: {{ include "web.image" .Values.compared.image }}
  {{- if semverCompare ">=1.5.0" .Values.compared.image.tag }}
    args: [new]
  {{- end }}
  - image: {{ include "web.image" .Values.joined.image }}
  - image: "{{ .Values.other.repository }}:{{ .Values.joined.image.tag }}"
  - image: "{{ .Values.versioned.image.repository }}:{{ .Values.versioned.image.tag | default .Chart.AppVersion }}"
  - image: "{{ .Values.number.image.repository }}:{{ .Values.number.image.tag }}"
"""
IMAGE = re.compile(r'image: "?([^"\s]+)"?')
HELD = {"acme/web", "acme/whole", "acme/fields", "acme/hex", "acme/old", "acme/number"}


def render(chart: Path) -> str:
    assert HELM is not None
    command = [HELM, "template", "t", str(chart)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(HELM is None, reason="helm is not here (go install helm.sh/helm/v3/cmd/helm)")
def test_a_pinned_chart_renders_as_before_but_for_digests(tmp_path: Path) -> None:
    files = {".git/HEAD": "", "Chart.yaml": CHART, "values.yaml": VALUES, "templates/pod.yaml": TEMPLATE}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    values = tmp_path / "values.yaml"
    target = Target(str(values), "values.yaml", named=True)
    before = render(tmp_path)
    plans = asyncio.run(
        make_plans(survey([target], Settings(), today=TODAY).sources, "pin", Settings(), FakeResolver())
    )
    values.write_bytes(plans[0].result)
    after = render(tmp_path)
    held = set()
    for old, new in zip(IMAGE.findall(before), IMAGE.findall(after), strict=True):
        assert new.partition("@")[0] == old
        if new != old:
            reference = ImageReference.parse(new)
            assert reference.digest == digest_of(reference.canonical)
            held.add(reference.path)
    assert held == HELD
    assert re.sub(r"@sha256:[0-9a-f]{64}", "", after) == before
    (plan,) = unpin_plans(survey([target], Settings(), today=TODAY).sources, [target], None)
    assert plan.result.decode() == VALUES
