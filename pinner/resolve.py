"""Ask what names mean: each question once, all at the same time, failures are answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from pinner.errors import ResolveError
from pinner.model import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pinner.model import Answer, Resolved
    from pinner.reference import ImageReference, Platform


class Resolver(Protocol):
    """Answers questions about names: the registries, an OCI layout, a lockfile, a fake."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now (its digest is not looked at).

        ``platform`` None asks for the index where there is one. Raises `ResolveError`.
        """
        ...


async def resolve_all(
    references: Iterable[ImageReference],
    platform: Platform | None,
    resolver: Resolver,
    on_answer: Callable[[int, int], None] | None = None,
) -> dict[str, Answer]:
    """Return the answer for each distinct canonical name among ``references``.

    A `ResolveError` becomes an `Unresolved` answer; any other error stops the run. ``on_answer`` is told how many of
    how many questions are answered. How much is asked at once is the resolver's business.
    """
    questions = {reference.canonical: reference for reference in references}
    answers: dict[str, Answer] = {}

    async def ask(canonical: str, reference: ImageReference) -> None:
        try:
            answers[canonical] = await resolver.resolve(reference, platform)
        except ResolveError as error:
            answers[canonical] = Unresolved(error)
        if on_answer is not None:
            on_answer(len(answers), len(questions))

    async with asyncio.TaskGroup() as group:
        for canonical, reference in questions.items():
            group.create_task(ask(canonical, reference))
    return answers
