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
