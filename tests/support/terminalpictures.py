"""Pictures of a terminal (SVG), made from what pinner really prints about the demo's project."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = 128
DEMO = Path(__file__).parent.parent.parent / "pinner" / "cli" / "demo"
SIGNED = Path(__file__).parent.parent.parent / "testdata" / "signed"
"""A project whose image was signed by one and is signed by another since."""

PICTURES = {
    "check": ("check",),
    "pin-diff": ("pin", "--diff", "Dockerfile"),
    "inspect": ("inspect", "python:3.12-slim"),
    "inspect-signed": ("inspect", "ghcr.io/acme/app:1.1"),
    "held-back": ("update",),
}
_OF_SIGNED = ("inspect-signed", "held-back")

_CELL, _LINE, _SIZE, _MARGIN, _BAR = 8.4, 20, 14, 22, 40
_PAPER, _FRAME, _INK, _FAINT, _PROMPT = "#161b22", "#30363d", "#d5dbe3", "#8b96a5", "#7ee787"
_INKS = {31: "#ff8a80", 32: "#7ee787", 33: "#e6b450", 34: "#79b8ff", 35: "#d2a8ff", 36: "#76d9e6"}
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
_STYLE = re.compile(r"\x1b\[([\d;]*)m")


class Look(NamedTuple):
    """How characters look."""

    ink: str = _INK
    bold: bool = False


def picture(name: str, folder: Path) -> str:
    """Return the picture called ``name``, an SVG; the demo's project is put into ``folder`` to be talked about."""
    arguments = PICTURES[name]
    command = f"pinner {' '.join(arguments)}"
    return _drawn(command, [*_prompt(command), *_rows(printed(arguments, folder))])


def printed(arguments: tuple[str, ...], folder: Path) -> str:
    """Return what pinner, run with ``arguments`` in ``folder``, writes to a terminal with colours."""
    about = SIGNED if any(PICTURES[name] == arguments for name in _OF_SIGNED) else DEMO
    shutil.copytree(about / "project", folder, dirs_exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        "COLUMNS": str(COLUMNS),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
        "HOME": str(folder),
        "PYTHONUTF8": "1",
        "XDG_CACHE_HOME": str(folder / ".cache"),
    }
    command = (sys.executable, "-m", "pinner", "--color=always", f"--layout={about / 'layout'}", *arguments)
    ran = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    assert ran.returncode in (0, 1), ran.stdout
    return ran.stdout.decode().replace("\r\n", "\n")


def _prompt(command: str) -> list[list[tuple[str, Look]]]:
    return [[("$ ", Look(_PROMPT, bold=True)), (command, Look(bold=True))]]


def _rows(text: str) -> Iterator[list[tuple[str, Look]]]:
    """Yield the rows of a terminal: runs of characters that look the same; a long line goes on in the next row."""
    look = Look()
    for line in text.rstrip("\n").split("\n"):
        row: list[tuple[str, Look]] = []
        used = 0
        for number, piece in enumerate(_STYLE.split(line)):
            if number % 2:
                look = _changed(look, piece)
                continue
            rest = piece
            while used + len(rest) > COLUMNS:
                row.append((rest[: COLUMNS - used], look))
                rest = rest[COLUMNS - used :]
                yield row
                row, used = [], 0
            row.append((rest, look))
            used += len(rest)
        yield row


def _changed(look: Look, codes: str) -> Look:
    for code in map(int, codes.split(";") if codes else ("0",)):
        if code == 0:
            look = Look()
        elif code == 1:
            look = look._replace(bold=True)
        elif code == 2:
            look = look._replace(ink=_FAINT)
        else:
            look = look._replace(ink=_INKS[code])
    return look


def _drawn(title: str, rows: list[list[tuple[str, Look]]]) -> str:
    columns = max(sum(len(text) for text, _ in row) for row in rows)
    width = round(2 * _MARGIN + columns * _CELL)
    height = _BAR + len(rows) * _LINE + _MARGIN
    lines = [
        "<!-- Made from what pinner prints, by `make pictures`. -->",
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
        '     role="img" aria-labelledby="title">',
        f'  <title id="title">{escape(title)}</title>',
        f'  <rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="9" fill="{_PAPER}" stroke="{_FRAME}"/>',
        *(f'  <circle cx="{_MARGIN + 2 + 18 * at}" cy="18" r="5.5" fill="{_FRAME}"/>' for at in range(3)),
        f'  <g font-family="{_FONT}" font-size="{_SIZE}" style="white-space: pre">',
    ]
    for number, row in enumerate(rows):
        column = 0
        for text, look in row:
            lines += _words(text, look, column, _BAR + number * _LINE + _SIZE)
            column += len(text)
    return "\n".join([*lines, "  </g>", "</svg>", ""])


def _words(text: str, look: Look, column: int, y: int) -> Iterator[str]:
    """Yield ``text`` as SVG, the parts between wide gaps by themselves: every font then keeps the columns."""
    bold = ' font-weight="bold"' if look.bold else ""
    for part in re.finditer(r"\S+(?: \S+)*", text):
        x = _MARGIN + (column + part.start()) * _CELL
        length = len(part[0]) * _CELL
        yield (
            f'    <text x="{x:.1f}" y="{y}" textLength="{length:.1f}" fill="{look.ink}"{bold}>{escape(part[0])}</text>'
        )
