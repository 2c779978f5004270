"""What goes wrong inside one instruction; never leaves the package."""

from __future__ import annotations


class DockerfileError(Exception):
    """BuildKit would refuse this instruction; the message is one sentence for people, without a full stop."""


class UnsetError(DockerfileError):
    """``${NAME:?}``: the value must be given when building."""
