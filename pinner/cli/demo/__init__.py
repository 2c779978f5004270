"""``pinner demo``: all of it on a project in a temporary folder, answered by an OCI layout without a network."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from pinner.cli.commands import pinner_command
from pinner.cli.context import DEFAULTS, Invocation, Options

if TYPE_CHECKING:
    from typing import TextIO

    from pinner.cli.context import Context

_HERE = Path(__file__).parent

_STEPS = (
    (("list",), "Every image reference in three files, and how it stands."),
    (("pin", "--diff"), "What pinning would change: the digests, and not one other byte."),
    (("pin",), "Pin them, in place."),
    (("check",), "Offline: nothing left to say."),
    (("pin",), "A second run changes nothing."),
    (("unpin",), "And back again: the first bytes, exactly."),
)


class DemoOptions(NamedTuple):
    """What ``demo`` was asked."""

    options: Options = DEFAULTS
    keep: bool = False


def demo(context: Context, asked: DemoOptions) -> int:
    """Run the demo; return its status."""
    out = io.TextIOWrapper(context.stdout.raw, context.stdout.encoding, write_through=True)
    try:
        return run(out, keep=asked.keep)
    finally:
        out.detach()


def run(out: TextIO, *, keep: bool = False) -> int:
    """Pin the demo project in a temporary folder and show each step on ``out``; return 0 where all went as promised.

    The folder is removed at the end unless ``keep`` asks for it.
    """
    folder = Path(tempfile.mkdtemp(prefix="pinner-demo-"))
    try:
        return _steps(folder, out)
    finally:
        if keep:
            out.write(f"\nThe project is in {folder}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _steps(folder: Path, out: TextIO) -> int:
    shutil.copytree(_HERE / "project", folder, dirs_exist_ok=True)
    before = _contents(folder)
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(folder / ".cache"),
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    for arguments, caption in _STEPS:
        out.write(f"\n{caption}\n$ pinner {' '.join(arguments)}\n")
        out.flush()
        command = [sys.executable, "-m", "pinner", *arguments, "--layout", str(_HERE / "layout")]
        status = subprocess.run(command, cwd=folder, env=environment, check=False).returncode  # noqa: S603 - pinner itself
        if status:
            return status
    if _contents(folder) != before:
        out.write("error: the files differ from what they were\n")
        return 3
    return 0


def _contents(folder: Path) -> dict[str, bytes]:
    return {name.name: (folder / name.name).read_bytes() for name in sorted((_HERE / "project").iterdir())}


@pinner_command("demo", "")
@click.option("--keep", is_flag=True, help="Leave the folder where it is, to play with.")
@click.pass_context
def command(ctx: click.Context, /, **values: Any) -> Invocation:  # noqa: ANN401 - click hands over what it parsed
    """Show what pinner does on a small project in a temporary folder.

    The images come with pinner: neither a network nor an account is needed.
    """
    return Invocation(ctx.obj, partial(demo, asked=DemoOptions(ctx.obj, **values)))
