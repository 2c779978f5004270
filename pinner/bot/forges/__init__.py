"""Forge registry: GitHub, GitLab, Gitea, Forgejo."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from pinner.bot.forges.base import Access, Forge, ForgeError, UnreachableError
from pinner.errors import did_you_mean, public_address

if TYPE_CHECKING:
    from collections.abc import Mapping


class Known(NamedTuple):
    """How a forge is told from others, and who speaks to it."""

    module: str
    kind: str
    """The class in the module: made of an `Access`."""
    hosts: str
    """A regular expression for the hosts that are surely it."""
    probe: str
    """What only it answers, without a token."""
    tokens: tuple[str, ...]
    """The variables of the environment that hold a token for those hosts, in their order; PINNER_TOKEN comes first."""
    elsewhere: tuple[str, ...]
    """Those for its servers at other hosts, where a person says that it is this forge and not the server alone."""


_GITHUB = ("GITHUB_TOKEN", "GH_TOKEN")
# What GitHub's own `gh` reads for servers of one's own.
_ENTERPRISE = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
_GITLAB = ("GITLAB_TOKEN",)
_GITEA = ("GITEA_TOKEN", "FORGEJO_TOKEN")

FORGES: Mapping[str, Known] = {
    "github": Known("github", "GitHub", r"github\.com|.+\.ghe\.com", "/api/v3/meta", _GITHUB, _ENTERPRISE),
    "gitlab": Known("gitlab", "GitLab", r"gitlab\.com", "/api/v4/version", _GITLAB, _GITLAB),
    "gitea": Known("gitea", "Gitea", r"codeberg\.org|gitea\.com", "/api/v1/version", _GITEA, _GITEA),
}
_WEB = re.compile(r"(?P<server>https?://(?:[^/@]*@)?(?P<host>[^/:@]+)(?::[0-9]+)?)/(?P<name>[^?#]+)")
_SSH = re.compile(r"(?:ssh://)?(?:[^/@:]+@)(?P<host>[^/:@]+)(?P<port>:[0-9]+(?=/))?[:/]/?(?P<name>[^?#]+)")
# What stands behind a repository's name in the address of one of its pages; GitLab marks it with `-`.
_PAGE = re.compile(
    r"/-/.*|(?<=/)(?P<name>[^/]+)/(?:src/(?:branch|tag|commit)|tree|blob|raw|commits?|branches|releases|pulls?|issues|"
    r"actions|wiki|merge_requests)(?:/.*)?$"
)
_CREDENTIALS = re.compile(r"//[^/@]*@")


class Place(NamedTuple):
    """Where a repository is."""

    server: str
    """``https://github.com``."""
    host: str
    name: str
    """``owner/name``."""


def parse_url(url: str) -> Place:
    """Return where the repository of a URL is: one of the browser, or git's (HTTPS, SSH, ``git@host:owner/name``).

    What it holds of credentials is dropped. Raises `ForgeError` for anything else.
    """
    web = _WEB.fullmatch(url.strip())
    ssh = None if web else _SSH.fullmatch(url.strip())
    found = web or ssh
    if found is None:
        raise ForgeError(f"`{public_address(url)}` is no repository's address", hint="write https://HOST/OWNER/NAME")
    name = _PAGE.sub(lambda page: page["name"] or "", found["name"].strip("/"), count=1).removesuffix(".git")
    if "/" not in name:
        raise ForgeError(f"`{name}` names no repository", hint="write https://HOST/OWNER/NAME")
    server = _CREDENTIALS.sub("//", web["server"]) if web else f"https://{found['host']}"
    return Place(server, found["host"].lower(), name)


def kind_of(host: str) -> str | None:
    """Return which forge is at a well-known host, None where it has to be asked."""
    return next((name for name, known in FORGES.items() if re.fullmatch(known.hosts, host.lower())), None)


async def locate(access: Access, place: Place, least: int = 2) -> tuple[str, Place]:
    """Return which forge the repository or owner at ``place`` is on, and where: a forge may live below a path.

    ``least`` is how many parts the name has at least. The shortest path at which a forge answers is taken. Raises
    `ForgeError` where none does.
    """
    parts = place.name.split("/")
    failure: ForgeError | None = None
    for count in range(max(1, len(parts) - least + 1)):
        server = "/".join((place.server, *parts[:count]))
        try:
            kind = await probe(access._replace(server=server))
        except UnreachableError:
            raise
        except ForgeError as error:
            failure = failure or error
        else:
            return kind, Place(server, place.host, "/".join(parts[count:]))
    raise failure or ForgeError(f"{place.server} is no forge that pinner knows")


async def probe(access: Access) -> str:
    """Return which forge is at ``access.server``, by what each alone answers; no token is sent.

    Raises `ForgeError` where none is.
    """
    from pinner.bot.forges.transport import Api  # noqa: PLC0415 - with httpx

    api = Api(access.server, access._replace(token=None), None)
    try:
        for name, known in FORGES.items():
            try:
                reply = await api.call("GET", known.probe, expect=range(300, 500))
            except UnreachableError:
                raise
            except ForgeError:
                # Sent on to a page where people sign in, elsewhere.
                continue
            # A version may be for members only (GitLab), and some answer everything with a page.
            said = "json" in reply.headers.get("content-type", "")
            if said and "x-github-request-id" in reply.headers:
                # A server in private mode answers 401 to everything, as GitLab does to this.
                return "github"
            if said and reply.status in (200, 401, 403) and (reply.status == 200 or name == "gitlab"):  # noqa: PLR2004 - HTTP's
                return name
    finally:
        await api.aclose()
    raise ForgeError(
        f"{access.server} is no forge that pinner knows", hint="say which with --forge github|gitlab|gitea"
    )


def token_for(name: str, host: str, environment: Mapping[str, str], *, is_named: bool) -> str | None:
    """Return the token in the environment for the forge ``name`` at ``host``; None without one.

    PINNER_TOKEN, or else the forge's own variables: those for its well-known hosts, and for others only where a person
    has named the forge (``is_named``), or GitHub's host as for `gh` (GH_HOST). What a server answers of itself is no
    reason to show it a token.
    """
    is_named = is_named or (name == "github" and environment.get("GH_HOST", "").strip().lower() == host.lower())
    variables = ("PINNER_TOKEN", *own_variables(name, host, is_named=is_named))
    return next((value for variable in variables if (value := environment.get(variable, "").strip())), None)


def own_variables(name: str, host: str, *, is_named: bool) -> tuple[str, ...]:
    """Return the forge's own variables that hold a token for ``host``."""
    known = FORGES[name]
    if kind_of(host) == name:
        return known.tokens
    return known.elsewhere if is_named else ()


def connect(name: str, access: Access) -> Forge:
    """Return the forge called ``name``; raises `ForgeError` for one that pinner does not know."""
    known = FORGES.get(name)
    if known is None:
        raise ForgeError(
            f"there is no forge `{name}`", hint=did_you_mean(name, FORGES) or f"known: {', '.join(FORGES)}"
        )
    forge: Forge = getattr(import_module(f"pinner.bot.forges.{known.module}"), known.kind)(access)
    return forge
