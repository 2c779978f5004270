"""Hardened git invocation: no content of a repository runs a command.

A tree that we are given may bring a ``.git`` of its own (an unpacked archive), or be laid out as a bare repository in
the middle of a harmless one, and its configuration names programs: monitors, hooks, helpers, transports such as
``ext::sh -c …``. Every git of pinner is called as `hardened` says, and there is no other way to call it.
"""

from __future__ import annotations

import os

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_PROTOCOL = "none"
"""Allows no transport: git-config(1), ``protocol.allow``, knows none of this name."""
SETTINGS = (
    # A folder that merely looks like a bare repository is none (git-config(1); git before 2.38 does not know it).
    "safe.bareRepository=explicit",
    f"core.hooksPath={os.devnull}",
    # The monitor is a command. What it, or a cache in the index, claims to know could hide files besides.
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "submodule.recurse=false",
    # The first empty one clears the list: helpers must neither answer for a token nor keep it.
    "credential.helper=",
    "core.pager=cat",
    "core.editor=false",
    f"core.attributesFile={os.devnull}",
    "core.alternateRefsCommand=false",
    "diff.external=",
    "gpg.program=false",
    "gc.auto=0",
    "maintenance.auto=false",
)
"""Above every configuration file: git takes the last value, and those of the command line come last."""
_OFFLINE_SETTINGS = ("core.sshCommand=false", "core.askPass=false", "protocol.allow=never")
_KEPT = ("GIT_SSH", "GIT_SSL", "GIT_PROXY", "GIT_CONFIG_", "GIT_HTTP_", "GIT_EXEC_PATH")
"""How those of git's own variables begin that the user sets for every repository; the others may name another one."""


class Invocation(NamedTuple):
    """How git is started."""

    command: tuple[str, ...]
    environment: dict[str, str]


def hardened(
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    protocols: str = NO_PROTOCOL,
    settings: tuple[str, ...] = (),
    own: Mapping[str, str] | None = None,
) -> Invocation:
    """Return how git is started with ``arguments``: command and full environment, made from the process's.

    ``protocols`` are the transports that it may use, separated by colons (git(1), ``GIT_ALLOW_PROTOCOL``): by default
    it reaches nobody, and an object that is missing stays missing. ``settings`` (``key=value``) and ``own`` variables
    go on top. Filters and text conversions have names that only the repository knows: callers use commands that convert
    no content, or write an ``info/attributes`` that switches them off.
    """
    offline = protocols == NO_PROTOCOL
    configured = (*SETTINGS, *(_OFFLINE_SETTINGS if offline else ()), *settings)
    options = [part for setting in configured for part in ("-c", setting)]
    variables = {
        name: value for name, value in environment.items() if not name.startswith("GIT_") or name.startswith(_KEPT)
    }
    variables |= {
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C",
    }
    if offline:
        variables["GIT_NO_LAZY_FETCH"] = "1"
    return Invocation(("git", "--no-pager", *options, *arguments), variables | dict(own or {}))
