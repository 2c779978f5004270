"""Labels, assignees and reviewers of a pull request on Gitea and Forgejo.

Source: go-gitea/gitea, routers/api/v1/repo/pull.go and pull_review.go, and a server of version 1.26.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pinner.bot.forges.base import ForbiddenError, ForgeError, MissingError, UnreachableError, lacking
from pinner.bot.forges.rest import issue_of, path_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from pinner.bot.forges.transport import Api
    from pinner.bot.model import PullRequest, Repository

_MISSING, _UNPROCESSABLE = 404, 422
_PAGE = 50
_COLOUR = "#1d63ed"


async def add_labels(api: Api, repository: Repository, request: PullRequest, names: Collection[str]) -> None:
    """Put labels on ``request``, by number: older instances take no names."""
    numbers = await _labels(api, repository, names)
    await api.call("POST", f"{issue_of(repository, request)}/labels", body={"labels": numbers})


async def _labels(api: Api, repository: Repository, names: Collection[str]) -> list[int]:
    """Return the numbers of labels, the repository's or its organisation's; what is none yet is made."""
    known = await _known_labels(api, repository)
    path = f"{path_of(repository.name)}/labels"
    for name in names:
        if name.lower() not in known:

            async def is_made(name: str = name) -> bool:
                # Gitea would make a second one of the same name.
                return name.lower() in await _known_labels(api, repository)

            await api.call("POST", path, body={"name": name, "color": _COLOUR}, done=is_made)
            known = await _known_labels(api, repository)
    return [known[name.lower()] for name in names]


async def _known_labels(api: Api, repository: Repository) -> dict[str, int]:
    known: dict[str, int] = {}
    owner = repository.name.partition("/")[0]
    try:
        async for label in api.pages(f"/orgs/{quote(owner, safe='')}/labels", {"limit": _PAGE}):
            known[label["name"].lower()] = label["id"]
    except (MissingError, ForbiddenError):
        # A user's repository, or a token for repositories alone.
        pass
    async for label in api.pages(f"{path_of(repository.name)}/labels", {"limit": _PAGE}):
        known[label["name"].lower()] = label["id"]
    return known


async def assign(api: Api, repository: Repository, at: str, there: Collection[str], names: Collection[str]) -> None:
    """Assign people to the pull request ``at`` an address, as far as they may be; ``there`` are its assignees.

    One who may not read the repository would be answered with 500. Raises `ForgeError` that names who is left out.
    """
    may = [item["login"] async for item in api.pages(f"{path_of(repository.name)}/assignees")]
    wrong = lacking(names, may)
    fit = [name for name in names if name not in wrong]
    if fit:
        # The list is replaced as a whole: who is there stays.
        await api.call("PATCH", at, body={"assignees": [*there, *fit]})
    if wrong:
        raise ForgeError(f"{_named(wrong)} cannot be assigned: the repository is not theirs to see")


async def ask_reviewers(api: Api, at: str, names: list[str]) -> None:
    """Ask for reviews: of all at once, or, where one name is wrong, of each that is right.

    A reviewer ``organisation/team`` is a team. Raises `ForgeError` that names who cannot be asked.
    """
    path = f"{at}/requested_reviewers"
    try:
        await api.call("POST", path, body=_reviewers(names))
    except UnreachableError:
        raise
    except ForgeError as error:
        wrong = names
        if len(names) > 1:
            wrong = [name for name in names if not await _is_asked(api, path, name)]
        if wrong:
            why = "it knows no such name" if isinstance(error, MissingError) else error.message
            raise ForgeError(f"{_named(wrong)} cannot be asked for a review: {why}") from None


async def _is_asked(api: Api, path: str, name: str) -> bool:
    reply = await api.call("POST", path, body=_reviewers([name]), expect=(_MISSING, _UNPROCESSABLE))
    return reply.status not in (_MISSING, _UNPROCESSABLE)


def _reviewers(names: Collection[str]) -> dict[str, list[str]]:
    """Return who is asked: people, and teams without their organisation."""
    people = [name for name in names if "/" not in name]
    teams = [name.partition("/")[2] for name in names if "/" in name]
    return {key: some for key, some in (("reviewers", people), ("team_reviewers", teams)) if some}


def _named(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
