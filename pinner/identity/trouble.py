"""What is wrong with an archive, gathered while it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pinner.identity.contents import MAX_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pinner.identity.contents import Member
    from pinner.identity.model import ConfigDigest, DiffId

_MAX = 20


@dataclass(slots=True)
class Trouble:
    """Sentences about contradictions, and about what could not be looked at; the first twenty of each are kept."""

    _tampered: dict[str, None] = field(default_factory=dict)
    _unchecked: dict[str, None] = field(default_factory=dict)

    def tampered(self, sentence: str) -> None:
        """Note a contradiction."""
        self._tampered[sentence] = None

    def unchecked(self, sentence: str) -> None:
        """Note something that could not be looked at."""
        self._unchecked[sentence] = None

    @property
    def tampered_once(self) -> tuple[str, ...]:
        """Every contradiction, once."""
        return _few(list(self._tampered))

    @property
    def unchecked_once(self) -> tuple[str, ...]:
        """Everything that could not be looked at, once."""
        return _few(list(self._unchecked))


def no_config(trouble: Trouble, name: str, member: Member) -> None:
    """Say why the config ``name`` says nothing: it is none, or it is too large to be read."""
    if member.data is None and member.size > MAX_DOCUMENT:
        trouble.unchecked(f"the config {name} has over {MAX_DOCUMENT >> 20} MB: it was not read")
    else:
        trouble.tampered(f"the config {name} is no config of an image")


def _few(sentences: Sequence[str]) -> tuple[str, ...]:
    more = len(sentences) - _MAX
    return (*sentences[:_MAX], f"and {more} more") if more > 0 else tuple(sentences)


def check_layers(
    config: ConfigDigest, diff_ids: Sequence[DiffId], members: Sequence[Member | None], trouble: Trouble
) -> None:
    """Say where the layers at hand (None: not here) are not those that the config ``config`` lists."""
    if len(diff_ids) != len(members):
        trouble.tampered(f"the config {config} lists {len(diff_ids)} layers, and there are {len(members)}")
        return
    for number, (diff_id, member) in enumerate(zip(diff_ids, members, strict=True), 1):
        if member is None:
            continue
        if member.trouble is not None and "broken" not in member.trouble:
            trouble.unchecked(f"layer {number}: {member.trouble}")
        elif member.trouble is not None:
            trouble.tampered(f"layer {number} cannot be unpacked: {member.trouble}")
        elif member.content != diff_id:
            trouble.tampered(f"layer {number} unpacks to {member.content}, and the config lists {diff_id}")
