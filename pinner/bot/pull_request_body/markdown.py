"""Markdown escaping of foreign text, and links to registries and forges.

It goes into code spans, in which no forge looks for mentions, issues, commits, links, images, emphasis or HTML: their
filters work on what was rendered, so that escapes and entities do not help against them. Source: GitHub's html-pipeline
(``IGNORE_PARENTS``: pre, code, a), GitLab's reference filters and Gitea's ``postProcess`` leave code alone alike.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from pinner.reference import ImageReference

_MOST = 80
# Controls, formats (bidirectional marks, zero widths, tags), surrogates, private use and what is not assigned.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MOST_MARKS = 2
_MARKS = frozenset({"Mn", "Me"})
# Words, small numbers and dates, and what stands between them in a sentence: nothing here can become a link.
_WORD = r"(?:[A-Za-z]{1,20}|[0-9]{1,4}|[0-9]{4}-[0-9]{2}-[0-9]{2})"
_SENTENCE = re.compile(rf"{_WORD}(?:[,;:]? {_WORD})*")


def clean(text: str, most: int = _MOST) -> str:
    """Return ``text`` as one line of at most ``most`` characters, without what cannot be seen."""
    kept: list[str] = []
    marks = 0
    # Of something endless only the beginning is looked at.
    for character in text[: most * 8]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if category in _UNSEEN or marks > _MOST_MARKS:
            character = " " if character in "\t\n\r\v\f\x85\u2028\u2029" else ""  # noqa: PLW2901 - the same, made harmless
        kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def code(text: str, most: int = _MOST) -> str:
    """Return ``text`` as a code span that holds in a table as well; nothing for nothing.

    A backtick would end the span, a bar the cell (GFM, tables: before anything else is looked at), and a comment's
    beginning might be taken for the marker's.
    """
    line = clean(text, most).replace("`", "'").replace("|", "¦").replace("<!--", "<!- -")
    return f"`{line}`" if line else ""


def prose(text: str, most: int = 200) -> str:
    """Return ``text`` as it is where it is a plain sentence, and as a code span where it may be more."""
    line = clean(text, most)
    return line if _SENTENCE.fullmatch(line) else code(line, most)


_SCHEME = re.compile(r"(?:git\+)?(?:https?|ssh|git)://", re.IGNORECASE)
_SCP = re.compile(r"(?:[A-Za-z0-9_.-]+@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/].*)")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_SEGMENT = re.compile(r"(?!\.+\Z)[A-Za-z0-9._-]{1,100}")
_REVISION = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_URL = 500

_GITHUB = "https://{host}/{path}/compare/{old}...{new}"
_GITLAB = "https://{host}/{path}/-/compare/{old}...{new}"
# Bitbucket Cloud names the newer first and puts an encoded line end between them.
_BITBUCKET = "https://{host}/{path}/branches/compare/{new}%0D{old}"
_KNOWN = {
    "github.com": _GITHUB,
    "gitlab.com": _GITLAB,
    "codeberg.org": _GITHUB,  # Forgejo and Gitea have GitHub's form
    "gitea.com": _GITHUB,
    "bitbucket.org": _BITBUCKET,
}
# The usual names of own installations; any other host could be any server.
_OWN = {"gitlab.": _GITLAB, "gitea.": _GITHUB, "forgejo.": _GITHUB}


class SourceRepository(NamedTuple):
    """A repository on a forge."""

    host: str
    """Lower-case."""
    path: str
    """``owner/name``, with GitLab's subgroups."""


def page_of(canonical: str) -> str | None:
    """Return the address of an image's page for people, or None where its registry has none."""
    reference = ImageReference.try_parse(canonical)
    if reference is None:
        return None
    path = reference.path
    if reference.domain == "docker.io":
        official = path.removeprefix("library/")
        return f"https://hub.docker.com/{'r/' if official == path else '_/'}{official}"
    if reference.domain == "ghcr.io":
        return f"https://ghcr.io/{path}"  # leads to the package's page on GitHub
    if reference.domain == "quay.io":
        return f"https://quay.io/repository/{path}"
    return f"https://gallery.ecr.aws/{path}" if reference.domain == "public.ecr.aws" else None


def source_repository(url: str) -> SourceRepository | None:
    """Return the repository that an ``org.opencontainers.image.source`` label means; None for what is no forge's.

    Takes https, http, ssh and git addresses and ``git@host:path``; user names, passwords, ports, queries, fragments and
    what follows the repository (``/tree/…``) are dropped.
    """
    url = url.strip()
    if len(url) > _MOST_URL or not url.isascii():
        return None
    scheme, scp = _SCHEME.match(url), _SCP.fullmatch(url)
    if scheme:
        authority, _, path = url[scheme.end() :].partition("/")
        host = authority.rpartition("@")[2].partition(":")[0]
    elif scp and "//" not in url:
        host, path = scp.group("host", "path")
    else:
        return None
    host = host.lower().removeprefix("www.")
    form = _form(host)
    if form is None:
        return None
    segments = _segments(re.split(r"[?#]", path, maxsplit=1)[0], form)
    return None if segments is None else SourceRepository(host, "/".join(segments))


def _form(host: str) -> str | None:
    """Return how a forge spells the address of a comparison."""
    own = next((form for prefix, form in _OWN.items() if host.startswith(prefix)), None)
    return _KNOWN.get(host) or (own if _HOST.fullmatch(host) else None)


def _segments(path: str, form: str) -> list[str] | None:
    """Return the parts of a repository's path: two, and on GitLab as many as there are before ``/-/``."""
    parts = [part for part in path.split("/") if part]
    if form is _GITLAB:
        # Before there was `/-/`, GitLab wrote `/tree/` itself: no project may be called so.
        end = next((at for at, part in enumerate(parts) if part in ("-", "tree", "blob") and at), len(parts))
        parts = parts[: min(end, 20)]
    else:
        parts = parts[:2]
    if len(parts) < 2:  # noqa: PLR2004 - owner and name
        return None
    parts[-1] = parts[-1].removesuffix(".git")
    return parts if all(_SEGMENT.fullmatch(part) for part in parts) else None


def is_revision(text: str) -> bool:
    """Tell whether ``text`` is a commit's full ID, of SHA-1 or SHA-256."""
    return _REVISION.fullmatch(text) is not None


def compare_url(repository: SourceRepository, old: str, new: str) -> str | None:
    """Return the address at which the forge shows what changed from one revision to another."""
    form = _form(repository.host)
    if form is None or not is_revision(old) or not is_revision(new):
        return None
    return form.format(host=repository.host, path=repository.path, old=old, new=new)
