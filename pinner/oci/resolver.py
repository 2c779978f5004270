"""Resolver interface: names asked for once each, concurrently; failures are answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple, Protocol

from pinner.errors import ResolveError
from pinner.model import Unresolved

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from pinner.model import Answer, Question, Resolved
    from pinner.oci.types import Attachment, Config, Depth, Image, Signature
    from pinner.reference import ImageReference, Platform
    from pinner.registry.artifacts import ArtifactReader


class Resolver(Protocol):
    """Answers questions about names: the registries, an OCI layout, a lockfile, a fake."""

    async def resolve(self, reference: ImageReference, platform: Platform | None) -> Resolved:
        """Return what the tag of ``reference`` means now (its digest is not looked at).

        ``platform`` None asks for the index where there is one. Raises `ResolveError`.
        """
        ...


class Registry(Resolver, Protocol):
    """Knows more of an image than its digest: the registries, an OCI layout, a fake."""

    async def describe(
        self, reference: ImageReference, depth: Depth = "index", platforms: Collection[Platform] | None = None
    ) -> Image:
        """Return what is served under the digest of ``reference``, or under its tag where it has no digest.

        With ``platforms``, the image is that of these platforms alone (an index keeps its digest; the others are left
        out and cost no request). Raises `ResolveError`, `NotFoundError` for what is not there.
        """
        ...

    async def config(self, reference: ImageReference) -> Config | None:
        """Return the config that lies in the repository of ``reference`` under its digest, or None.

        That is how an image ID that was written as a digest is told. Raises `ResolveError`.
        """
        ...

    async def attachments(self, reference: ImageReference) -> tuple[Attachment, ...]:
        """Return what lies beside the digest of ``reference``, or what its tag means now: signatures, attestations.

        They are found by where they lie and by what the registry calls them; nothing is verified. Those that an index
        lists itself are not among them: they are `Image.attachments`. Raises `ResolveError`.
        """
        ...

    async def list_tags(self, reference: ImageReference, wanted: str = "") -> tuple[str, ...]:
        """Return every tag in the repository of ``reference``, in whatever order.

        Of a list that is too long, those that begin with ``wanted`` may be all that is returned. Raises `ResolveError`,
        `TagListTooLongError` where that is not enough: nothing may be concluded then from a tag that was not seen.
        """
        ...

    async def signature(self, reference: ImageReference, after: ImageReference | None = None) -> Signature | None:
        """Return who signed the digest of ``reference``; None where no policy asks.

        ``after`` is the image that it is to follow under another tag. Raises `SignatureError` where the policy does not
        accept it, or where it does not go on from who signed before, and other `ResolveError`.
        """
        ...

    def artifacts(self, reference: ImageReference) -> ArtifactReader:
        """Return what reads the signatures in the repository of ``reference``. Raises `ResolveError`."""
        ...

    async def allowance(self, registry: str, reference: ImageReference | None = None) -> Allowance:
        """Return how much ``registry``, as names have it (``docker.io``), lets us fetch; asking counts as no pull.

        Asked about ``reference`` where it is given: a registry may limit some images alone. Raises `ResolveError`.
        """
        ...


class Listener(NamedTuple):
    """Hears what is said beside the answers, each thing once."""

    warning: Callable[[str], None]
    """Of what the user should know although it stopped nothing: at once, for a limit is worth knowing early."""
    note: Callable[[str], None]
    """Of what somebody who wonders about an answer would like to know: at the end."""


NOBODY = Listener(lambda _: None, lambda _: None)


class Allowance(NamedTuple):
    """How much a registry lets somebody fetch, as far as it says."""

    registry: str
    user: str | None
    """The account that was asked with; None for anybody."""
    limit: int | None = None
    """Manifests in a window."""
    remaining: int | None = None
    """Those that are left of it."""
    window: int | None = None
    """Its length in seconds."""
    source: str | None = None
    """Who is counted, in the registry's words: an address, or an account's id."""

    @property
    def is_told(self) -> bool:
        """Tell whether the registry said anything at all."""
        return self.limit is not None or self.remaining is not None


async def resolve_all(
    questions: Iterable[Question],
    resolver: Resolver,
    on_answer: Callable[[int, int], None] | None = None,
) -> dict[tuple[str, Platform | None], Answer]:
    """Return the answer to each distinct question, by its key.

    A `ResolveError` becomes an `Unresolved` answer; any other error stops the run. ``on_answer`` is told how many of
    how many questions are answered. How much is asked at once is the resolver's business.
    """
    distinct = {question.key: question for question in questions}
    answers: dict[tuple[str, Platform | None], Answer] = {}

    async def ask(question: Question) -> None:
        try:
            answers[question.key] = await resolver.resolve(question.reference, question.platform)
        except ResolveError as error:
            answers[question.key] = Unresolved(error)
        if on_answer is not None:
            on_answer(len(answers), len(distinct))

    async with asyncio.TaskGroup() as group:
        for question in distinct.values():
            group.create_task(ask(question))
    return answers
