"""Search for tag upgrades: each repository's list read once, the best candidates proved by asking about them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from pinner._typing import TYPE_CHECKING, NamedTuple
from pinner.errors import NotFoundError, ResolveError, SignatureError
from pinner.tag_upgrades.model import (
    Outlook,
    SharedOutlook,
    Upgrade,
    begin_of_allowed,
    ended_words,
    missing_words,
    reasons_of,
)
from pinner.tag_upgrades.shared_variables import text_in
from pinner.tags.candidate_proof import MOST, Facts, Proof, facts_of, floating_tag, prove
from pinner.tags.candidates import find_candidates, level_between
from pinner.tags.model import Candidates, Options
from pinner.tags.release_lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pinner.cache.first_seen import FirstSeenStore
    from pinner.config import Settings, UpdateRules
    from pinner.model import Resolved
    from pinner.oci.resolver import Registry
    from pinner.reference import Digest, ImageReference
    from pinner.tag_upgrades.model import Shared, SharedKey, Wanted, WantedKey
    from pinner.tags.model import Tag


class _Repository(NamedTuple):
    """A repository's tags, as listed and by line."""

    tags: tuple[str, ...]
    lines: Lines


class TagLists:
    """The lists of tags of one run, each read once."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._repositories: dict[tuple[str, str], asyncio.Task[_Repository]] = {}

    async def repository(self, wanted: Wanted) -> _Repository:
        """Return the repository of ``wanted``. Of a list that is too long, what its range allows is read."""
        reference = wanted.reference
        begin = begin_of_allowed(str(reference.tag), wanted.rules.allow)
        key = (reference.repository, begin)
        if key not in self._repositories:
            self._repositories[key] = asyncio.create_task(self._listed(reference, begin))
        return await asyncio.shield(self._repositories[key])

    async def lines(self, wanted: Wanted) -> Lines:
        """Return the tags of the repository of ``wanted``, by line."""
        return (await self.repository(wanted)).lines

    async def _listed(self, reference: ImageReference, begin: str) -> _Repository:
        tags = await self._registry.list_tags(reference, begin)
        return _Repository(tags, Lines(tags))


class Search:
    """Looks for upgrades in one run; what is asked twice is asked once."""

    def __init__(self, registry: Registry, settings: Settings, first_seen_store: FirstSeenStore) -> None:
        self._registry = registry
        self._settings = settings
        self._first_seen_store = first_seen_store
        self._lists = TagLists(registry)
        self._answers: dict[str, Resolved] = {}
        self._seen: dict[str, datetime] = {}

    async def find(
        self, wanted: Iterable[Wanted], on_answer: Callable[[int, int], None] | None = None
    ) -> dict[WantedKey, Outlook]:
        """Return what there is for each of ``wanted``; an error of a registry is an answer.

        ``on_answer`` is told how many of how many tags are seen to.
        """
        wanted = tuple(wanted)
        found: dict[WantedKey, Outlook] = {}

        async def one(each: Wanted) -> None:
            try:
                found[each.key] = await self._look(each)
            except ResolveError as error:
                found[each.key] = Outlook(each, error=error)
            if on_answer is not None:
                on_answer(len(found), len(wanted))

        async with asyncio.TaskGroup() as group:
            for each in wanted:
                group.create_task(one(each))
        return {each.key: found[each.key] for each in wanted}

    async def find_shared(self, shared: Iterable[Shared]) -> dict[SharedKey, SharedOutlook]:
        """Return what each text may become that is a part of several tags; an error of a registry is an answer."""

        async def one(each: Shared) -> SharedOutlook:
            try:
                return await self._look_at_all(each)
            except ResolveError as error:
                return SharedOutlook(each, error=error)

        found = await asyncio.gather(*map(one, shared))
        return {outlook.shared.key: outlook for outlook in found}

    async def _look_at_all(self, shared: Shared) -> SharedOutlook:
        """Return the greatest text with which every use of ``shared`` is a tag that is proved to follow its own."""
        following: list[dict[str, tuple[Wanted, Tag]]] = []
        for use in shared.uses:
            lines = await self._lists.lines(use)
            options = options_of(use.rules)
            found = find_candidates(use.reference.repository, str(use.reference.tag), lines, options, use.level)
            texts = [(text_in(use, tag.text, shared.text), tag) for tag in found.tags]
            following.append({text: (use, tag) for text, tag in texts if text is not None})
        reasons: list[str] = []
        for text in [text for text in following[0] if all(text in tags for tags in following)][:MOST]:
            refused = await self._refused([tags[text] for tags in following])
            if refused is None:
                return SharedOutlook(shared, text, tuple(reasons))
            reasons.append(refused)
        return SharedOutlook(shared, None, tuple(reasons) or _nothing_common(shared, following))

    async def _refused(self, raised: Iterable[tuple[Wanted, Tag]]) -> str | None:
        """Return why one of ``raised`` may not become its tag; None where all may."""
        for use, tag in raised:
            repository = await self._lists.repository(use)
            current = repository.lines.parse(str(use.reference.tag))
            ceiling = None if current is None else floating_tag(current, options_of(use.rules), repository.tags)
            proof = await self._prove(use, Candidates((tag,)), ceiling)
            if proof.tag is None:
                return f"{use.reference.familiar}: {tag.text}: {proof.refused[-1].why}"
        return None

    async def _look(self, wanted: Wanted) -> Outlook:
        reference = wanted.reference
        repository = await self._lists.repository(wanted)
        tag = repository.lines.parse(str(reference.tag))
        if tag is None:
            return Outlook(wanted)
        options = options_of(wanted.rules)
        found = find_candidates(reference.repository, tag.text, repository.lines, options, wanted.level)
        ceiling = floating_tag(tag, options, repository.tags)
        proof = await self._prove(wanted, found, ceiling)
        reasons = (*reasons_of(found.notes, proof), *missing_words(wanted.rules.track, ceiling))
        ended = ended_words(tag, found.notes, repository.lines)
        names = [f"{reference.repository}:{one.text}" for one in found.tags]
        seen = tuple([(name, self._answers[name], self._seen[name]) for name in names if name in self._seen])
        if proof.tag is None:
            held_back = proof.refused[-1].why if proof.is_final else None
            return Outlook(wanted, None, reasons, ended, seen, held_back=held_back)
        resolved = self._answers[f"{reference.repository}:{proof.tag.text}"]
        upgrade = Upgrade(proof.tag.text, level_between(tag, proof.tag), resolved, proof.lost)
        return Outlook(wanted, upgrade, reasons, ended, seen)

    async def _prove(self, wanted: Wanted, found: Candidates, ceiling: str | None) -> Proof:
        """Return the candidate that holds: `prove` says what has to be known, and is told."""
        asking = prove(found.tags, str(wanted.reference.tag), self._needed(), ceiling)
        try:
            asked = next(asking)
            while True:
                asked = asking.send(await self._facts(wanted, asked))
        except StopIteration as ended:
            proof: Proof = ended.value
            return proof

    def _needed(self) -> frozenset[str]:
        platform = self._settings.platform
        platforms = self._settings.platforms if platform is None else (platform,)
        return frozenset(map(str, platforms))

    async def _facts(self, wanted: Wanted, tag: str) -> Facts | None:
        """Return what is known of ``tag`` once it was asked about; None where there is no such tag."""
        needed = self._needed()
        if tag == wanted.reference.tag:
            return await self._present(wanted, needed)
        new = wanted.reference._replace(written=wanted.reference.familiar, digest=None).with_tag(tag)
        try:
            resolved = await self._registry.resolve(new, None)
        except NotFoundError:
            return None
        except SignatureError as error:
            # Whoever can publish a tag could have a lower one taken instead.
            return Facts(objection=error.message, is_final=True)
        self._answers[new.canonical] = resolved
        digest = resolved.digest
        if digest in {held.digest for held in wanted.held}:
            return Facts(str(digest), objection="it is the image in use")
        if (objection := self._too_young(new, digest, wanted.rules)) is not None:
            return Facts(str(digest), objection=objection)
        facts = await facts_of(new.at(digest), self._registry, needed)
        if facts is None:
            return None
        try:
            for held in wanted.held or (wanted.reference,):
                await self._registry.signature(new.at(digest), held)
        except SignatureError as error:
            return facts._replace(objection=error.message, is_final=True)
        return facts

    async def _present(self, wanted: Wanted, needed: frozenset[str]) -> Facts:
        """Return what is known of the image in use: of the digest that is held, else of what the tag means."""
        reference = wanted.reference
        for held in wanted.held:
            facts = await facts_of(held, self._registry, needed)
            if facts is not None:
                return facts
        try:
            digest = (await self._registry.resolve(reference, None)).digest
        except (NotFoundError, SignatureError):
            return Facts()
        return await facts_of(reference.at(digest), self._registry, needed) or Facts(str(digest))

    def _too_young(self, reference: ImageReference, digest: Digest, rules: UpdateRules) -> str | None:
        if rules.min_age is None:
            return None
        store = self._first_seen_store
        since = self._seen[reference.canonical] = store.first_seen(reference.canonical, digest)
        left = timedelta(seconds=rules.min_age) - (store.now - since)
        return None if left <= timedelta(0) else f"pinner has to know it for another {_shown(left)}"


def _shown(left: timedelta) -> str:
    hours = max(1, round(left / timedelta(hours=1)))
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"  # noqa: PLR2004 - two days


def _nothing_common(shared: Shared, following: Iterable[Mapping[str, object]]) -> tuple[str, ...]:
    """Return what each use could have, where they have nothing in common."""
    if len(shared.uses) == 1:
        return ()
    could = [
        f"{use.reference.familiar} {f'could have {next(iter(texts))}' if texts else 'has nothing newer'}"
        for use, texts in zip(shared.uses, following, strict=True)
    ]
    return (f"one text for all of them: {', '.join(could)}",)


def options_of(rules: UpdateRules) -> Options:
    """Return the options of the version order that ``rules`` say."""
    return Options(
        follow=rules.variant == "follow",
        pre=bool(rules.pre),
        allow=rules.allow,
        ignore=rules.ignore or (),
        track=rules.track or "",
    )
