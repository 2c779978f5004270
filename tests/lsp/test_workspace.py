"""The language server's workspace: what is read again, and what is kept."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from pinner.config import Settings
from pinner.formats import locate
from pinner.lsp.buffer import Buffer
from pinner.lsp.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from pinner.formats.base import Format
    from pinner.model import Document, Located

TODAY = date(2026, 11, 1)


def rules(workspace: Workspace) -> dict[str, list[str]]:
    return {path: [one.rule.id for one in found.findings] for path, found in workspace.check(TODAY).items()}


def test_only_the_text_that_changed_is_located_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    located: list[str] = []

    def counting(document: Document, formats: Sequence[Format]) -> tuple[Format, Located] | None:
        located.append(document.path)
        return locate(document, formats)

    monkeypatch.setattr("pinner.lsp.workspace.locate", counting)
    settings = Settings()
    workspace = Workspace(str(tmp_path), lambda _: settings, {})
    workspace.open = {"Dockerfile": Buffer("FROM a\n"), "b.Dockerfile": Buffer("FROM b\n"), "x.txt": Buffer("")}
    assert rules(workspace) == {"Dockerfile": ["PIN001"], "b.Dockerfile": ["PIN001"], "x.txt": []}
    workspace.open["Dockerfile"] = Buffer("FROM scratch\n")
    assert rules(workspace) == {"Dockerfile": [], "b.Dockerfile": ["PIN001"], "x.txt": []}
    assert located == ["Dockerfile", "b.Dockerfile", "Dockerfile"]
    # Formats that are configured anew see every text again, and a text that was closed is forgotten.
    settings = settings._replace(formats=settings.formats._replace(disabled=("dockerfile",)))
    workspace.reload()
    del workspace.open["Dockerfile"]
    assert rules(workspace) == {"b.Dockerfile": [], "x.txt": []}
    assert located[3:] == ["b.Dockerfile"]


def test_of_a_folder_that_nobody_opened_its_own_files_count(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / ".env").write_text("TAG=1.2\n")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / "below" / "Dockerfile").write_text("FROM a\n")
    (tmp_path / "Dockerfile").mkdir()
    workspace = Workspace(str(tmp_path), lambda _: Settings(), {})
    workspace.is_whole = False
    workspace.reload()
    workspace.open = {"compose.yaml": Buffer("services: {a: {image: 'nginx:${TAG}'}}\n")}
    source = workspace.check(TODAY)["compose.yaml"].source
    assert source is not None
    assert [one.place.decided_by for one in source.candidates] == [(".env:1",)]
    targets, survey = workspace.surveyed(TODAY)
    assert [target.path for target in targets] == ["compose.yaml"]
    assert len(survey.sources) == 1
    for folder in (tmp_path / "below", tmp_path / "none"):
        other = Workspace(str(folder), lambda _: Settings(), {})
        other.is_whole = False
        other.reload()
        other.open = {"b.Dockerfile": Buffer("FROM b\n")}
        assert rules(other) == {"b.Dockerfile": ["PIN001"]}


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    workspace = Workspace(str(tmp_path), lambda _: Settings(), {})
    assert not workspace.wants(str(tmp_path))
    assert workspace.wants(str(tmp_path / "new" / "Dockerfile"))
