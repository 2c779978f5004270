"""The formats pinner knows: one module (or folder) each, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pinner.formats.base import Format

if TYPE_CHECKING:
    from pinner.model import Document, Located

_YAML = r"\.ya?ml$"

# The order decides where two formats claim a file: the first that recognises the content has it.
FORMATS = (
    Format(
        "dockerfile",
        "pinner.formats.dockerfile",
        # `Dockerfile.dev` is one; `Dockerfile.dockerignore` is BuildKit's list of files to ignore, `dockerfile.yml` a
        # workflow about one.
        r"(?:(?:^|/)(?:[^/]*[.-])?(?:[Dd]ocker|[Cc]ontainer)file(?:[._-][^/]*)?|\.(?:docker|container)file)$"
        r"(?<!ignore)(?<!\.yaml)(?<!\.json)(?<!\.yml)(?<!\.md)(?<!\.py)(?<!\.js)(?<!\.ts)(?<!\.go)(?<!\.sh)",
        trailing_comments=False,
    ),
    Format("compose", "pinner.formats.compose", _YAML, siblings=rf"compose[^/]*{_YAML}"),
    Format("kubernetes", "pinner.formats.kubernetes", _YAML),
)

_BY_NAME = {format_.name: format_ for format_ in FORMATS}


def by_name(name: str) -> Format:
    """Return the format called ``name``."""
    return _BY_NAME[name]


def claims(path: str) -> bool:
    """Tell by its name alone whether any format wants to look at the file at ``path``."""
    return any(format_.claims(path) for format_ in FORMATS)


def locate(document: Document) -> tuple[Format, Located] | None:
    """Return what ``document`` holds and the format that found it, or None where no format knows it.

    Formats that claim the name come first; a file that none claims (named on the command line) is tried by content:
    as a Dockerfile where an instruction ``FROM`` or ``ARG`` comes first, as YAML otherwise.
    """
    candidates = [format_ for format_ in FORMATS if format_.claims(document.path)] or _by_content(document.data)
    for format_ in candidates:
        located = format_.locate(document)
        if located is not None:
            return format_, located
    return None


def _by_content(data: bytes) -> list[Format]:
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        words = line.split(None, 1)
        if words and not words[0].startswith(b"#"):
            if words[0].upper() in (b"FROM", b"ARG"):
                return [_BY_NAME["dockerfile"]]
            break
    return [_BY_NAME["compose"], _BY_NAME["kubernetes"]]
