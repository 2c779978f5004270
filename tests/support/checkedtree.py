"""A tree with a file of every kind that a check tells apart, and what its survey says, file by file."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pinner.config import Settings
from pinner.findings import check_source
from pinner.pipeline import survey
from pinner.report.base import shown_places, summarise, summary_of
from pinner.scan.discover import Target
from pinner.scan.suppressions import occurrences_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pinner.checks.one_file import Examined

TODAY = date(2026, 11, 1)
DIGEST = "sha256:" + "0a" * 32
POD = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: {}\n"
FILES = {
    "Dockerfile": f"FROM alpine:3.20@{DIGEST} AS base\nFROM base\nFROM alpine:3.20\n",
    "clean/Dockerfile": f"FROM alpine:3.20@{DIGEST}\n",
    "old/Dockerfile": f"# pinner: ignore until=2026-01-01\nFROM alpine:3.20@{DIGEST}\nFROM alpine\n",
    "silent/Dockerfile": "# pinner: ignore\nFROM alpine:3.20\n",
    "typo/Dockerfile": f"# pinner: ignroe\nFROM alpine:3.20@{DIGEST}\n",
    "untagged/Dockerfile": f"FROM alpine@{DIGEST}\nFROM ${{NAME}}\n",
    "app/compose.yaml": f"services:\n  web:\n    image: web:1\n  db:\n    image: redis:7@{DIGEST}\n",
    "app/compose.override.yaml": "services:\n  web:\n    build: .\n",
    "app/compose.broken.yaml": "services:\n  web: [\n    image: x\n",
    "lone/compose.yaml": "services:\n  web:\n    image: web:1\n  built:\n    build: .\n    image: own:1\n",
    "pod.yaml": f"apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: a:1@{DIGEST}\n",
    "k8s/kustomization.yaml": "resources: [web.yaml, own.yaml]\nimages: [{name: web, newName: b.io/w, newTag: '2'}]\n",
    "k8s/web.yaml": POD.format(f"web:1@{DIGEST}"),
    "k8s/own.yaml": POD.format("own:1"),
    "k8s/skaffold.yaml": "apiVersion: skaffold/v4\nkind: Config\nbuild: {artifacts: [{image: own}]}\n",
    "notes.yaml": "image: of a kind\n",
    "code.py": "import docker\ndocker.from_env().images.pull('redis:7')\n",
    "other.py": "import os\n",
}


def plant(folder: Path) -> list[Target]:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    (folder / "Dockerfile.binary").write_bytes(b"FROM a\0")
    (folder / "library.py").write_bytes(b"\0")
    names = [*FILES, "Dockerfile.binary", "library.py", "missing/Dockerfile"]
    return [Target(str(folder / name), name) for name in names]


def agree(targets: Sequence[Target], examined: Sequence[Examined], settings: Settings | None = None) -> None:
    """Hold what came of single files against what the survey of all of them says."""
    settings = settings or Settings()
    found = survey(targets, settings, today=TODAY)
    findings = [finding for source in found.sources for finding in check_source(source, settings.rules)]
    assert [finding for one in examined for finding in one.findings] == findings
    assert [(one.path, one.error.message) for one in examined if one.error] == [
        (one.path, one.error.message) for one in found.unreadable
    ]
    known = [one for one in examined if one.format is not None]
    assert [(one.path, one.format, one.problems) for one in known] == [
        (source.document.path, source.format.name, source.problems) for source in found.sources
    ]
    for one in known:
        assert not one.findings or one.data == next(
            source.document.data for source in found.sources if source.document.path == one.path
        )
    places = shown_places((source.document.path, occurrences_for(source, "pin")) for source in found.sources)
    counts = map(sum, zip(*(one.counts for one in known), strict=True))
    assert summary_of(len(known), counts, findings, 0) == summarise(len(found.sources), places, findings)
