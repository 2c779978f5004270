"""Format type: a name, the file names it claims, a module that locates references."""

from __future__ import annotations

import re
import sys
from functools import cache, lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple, cast
from pinner.limits import FILE_BYTES, FILE_PLACES, IGNORE_BYTES, NOTEBOOK_BYTES
from pinner.model import Located, SkippedOccurrence, Span

if TYPE_CHECKING:
    from typing import Protocol

    from pinner.model import Calls, Document, PlaceRule

    class FormatModule(Protocol):
        """What the module (or package) of a format offers."""

        def locate(self, document: Document) -> Located | None:
            """Return what ``document`` holds, or None where the content is not of this format after all.

            Never raises, on any bytes: what cannot be parsed comes back as a `SkippedOccurrence` with reason
            ``parse-error`` or
            ``templated``, and the rest of the document goes on.
            """
            ...

    class CallsModule(Protocol):
        """A format with code in it: what the calls are that take an image can be configured."""

        def locate(self, document: Document, calls: Calls) -> Located | None:
            """Return what ``document`` holds with ``calls`` looked at too; see `FormatModule.locate`."""
            ...

    class DialectsModule(Protocol):
        """A module of several formats, told apart by their names."""

        def locate(self, document: Document, name: str) -> Located | None:
            """Return what ``document`` holds of the format ``name``; see `FormatModule.locate`."""
            ...

    class MirrorsModule(Protocol):
        """A format with variables that may stand for registries: which of them name mirrors can be configured."""

        def locate(self, document: Document, mirrors: tuple[str, ...] = ()) -> Located | None:
            """Return what ``document`` holds where ``mirrors`` are such variables; see `FormatModule.locate`."""
            ...

    class PlacesModule(Protocol):
        """The format of the user's own places."""

        def locate(self, document: Document, rules: tuple[PlaceRule, ...]) -> Located | None:
            """Return what ``rules`` find in ``document``; see `FormatModule.locate`."""
            ...

    class WrappingModule(Protocol):
        """A format in which code stands inside something else, a notebook's JSON."""

        def unwrapped(self, document: Document) -> bytes:
            """Return the code alone, in which comments are looked for, every line of it on the line of the file."""
            ...

    class SecondModule(Protocol):
        """A reader of the same format that is not ours."""

        def same_instructions(self, before: Document, after: Document) -> bool:
            """Tell whether ``after`` is ``before`` with other images, and nothing else, as far as it can tell."""
            ...


NEVER = r"(?!)"
"""A regular expression that nothing fits."""
DROP_IN = ".conf"
"""What the name of a file ends in whose folder says what it adds to: ``web.container.d/image.conf``."""

# Asked for every file; a tree of thousands of files has few names for those that matter.
compiled = cache(re.compile)


@cache
def _module(name: str) -> object:
    """Return the module called ``name``: what importlib has, which is 1 ms to import, does no more."""
    __import__(name)
    return sys.modules[name]


def claimed_name(path: str) -> str:
    """Return the part of ``path`` that tells whose file it is: its name; of a drop-in the folder's name too."""
    start = path.rfind("/") + 1
    if start and path.endswith(DROP_IN):
        start = path.rfind("/", 0, start - 1) + 1
    return path[start:]


class Format(NamedTuple):
    """One way of writing image references down. The module is imported when a file needs it, not before."""

    name: str
    module: str
    names: str
    """A regular expression, searched in what comes after the path's last ``/``: the files worth a look."""
    trailing_comments: bool = True
    """Whether ``# comment`` may follow the reference on its line (not so in a Dockerfile)."""
    siblings: str = ""
    """A regular expression for the names of files in the same folder whose facts decide about those of this format."""

    stating_names: str = ""
    """Where the module finds facts: a regular expression for the names of files that are looked into for any."""
    stating_words: bytes = NEVER.encode()
    """A regular expression for what any other file has in it that states some."""
    stating_signs: tuple[bytes, ...] = ()
    """One of these is in whatever that regular expression is found in."""

    calls: Calls | None = None
    """Where the module is a `CallsModule`: the calls to look at beyond those it knows."""
    mirrors: tuple[str, ...] | None = None
    """Where the module is a `MirrorsModule`: the variables that name mirrors."""
    wraps: bool = False
    """Whether the module is a `WrappingModule`."""
    others: tuple[str, ...] = ()
    """What the names of files end in that are something else, although they fit ``names``."""
    endings: tuple[str, ...] = ("",)
    """One of these is the end of whatever fits ``names``: to know a name by its end spares compiling the expression."""
    drop_ins: str = ""
    """A regular expression, searched in ``folder/name`` of a drop-in: those worth a look."""

    words: tuple[bytes, ...] = ()
    """Where there are any: a file without one of them is not looked into."""
    since: str = "0.1"
    """The version of pinner that read it first."""
    is_off: bool = False
    """Whether the files of the format are left alone: they are no other format's."""
    folder: str = ""
    """The folder that paths of documents start from, where it is known."""
    signs: tuple[bytes, ...] = ()
    """As ``words``: one of these, too."""
    path_word: str = ""
    """What is in the paths of its files, in lower case."""
    rules: tuple[PlaceRule, ...] = ()
    """The user's own places, where the module is that of them."""
    root: str = ""
    """The folder that the patterns of ``rules`` start from."""
    also: tuple[Format, ...] = ()
    """What finds more in the same file: the user's places, Kubernetes objects. Of two that overlap its own count."""
    is_dialect: bool = False
    """Whether the module is a `DialectsModule`."""
    second: str = ""
    """A module that judges edits by the reader of somebody else: a `SecondModule`."""

    @property
    def states_facts(self) -> bool:
        """Tell whether files of this format decide about each other's images."""
        return bool(self.stating_names)

    def claims(self, path: str) -> bool:
        """Tell by its name alone whether the file at ``path`` may be of this format."""
        name = path[path.rfind("/") + 1 :]
        if self.drop_ins and name.endswith(DROP_IN):
            return compiled(self.drop_ins).search(claimed_name(path)) is not None
        return self.may_end_in(name) and compiled(self.names).search(name) is not None

    def may_end_in(self, ending: str) -> bool:
        """Tell whether a file whose name ends in ``ending`` may be of this format, as far as that says."""
        return ending.endswith(self.endings) and not ending.endswith(self.others)

    def may_state(self, document: Document) -> bool:
        """Tell, without parsing, whether ``document`` may state facts about images that other files name."""
        name = document.path[document.path.rfind("/") + 1 :]
        if re.search(self.stating_names, name) is not None:
            return True
        # Asked of each file of a repository where a hook names one: the expression alone takes fifty times as long.
        if self.stating_signs and not any(map(document.data.__contains__, self.stating_signs)):
            return False
        return re.search(self.stating_words, document.data) is not None

    def locate(self, document: Document) -> Located | None:
        """Return what ``document`` holds; see `FormatModule.locate`."""
        located = self._located(document)
        for other in self.also if located is not None else ():
            located = merged(located, other.locate(document)) if located is not None else None
        return located

    def _located(self, document: Document) -> Located | None:
        has = document.data.__contains__
        if self.words and not any(map(has, self.words)):
            return None
        if self.signs and not any(map(has, self.signs)):
            return None
        if self.path_word and self.path_word not in f"{self.folder}/{document.path}".lower():
            return None
        module = _module(self.module)
        if self.rules:
            return cast("PlacesModule", module).locate(document, self.rules)
        if self.is_dialect:
            whole = document._replace(path=self.whole_path(document.path))
            return cast("DialectsModule", module).locate(whole, self.name)
        if self.mirrors:
            return cast("MirrorsModule", module).locate(document, self.mirrors)
        if self.calls is not None:
            return cast("CallsModule", module).locate(document, self.calls)
        return cast("FormatModule", module).locate(document)

    def confirms(self, before: Document, after: Document) -> bool:
        """Tell whether ``after`` has other images at most than ``before``, for a second reader where there is one."""
        return not self.second or cast("SecondModule", _module(self.second)).same_instructions(before, after)

    def whole_path(self, path: str) -> str:
        """Return ``path`` with the folders around, where these are known: they may tell a dialect."""
        return _joined(self.folder, path) if self.folder else path

    def for_file(self, path: str) -> Format | None:
        """Return the user's places as far as they are for the file at ``path``; None where none is."""
        from pinner.patterns.globs import read_patterns  # noqa: PLC0415 - few users have places of their own

        whole = self.whole_path(path)
        inner = whole.removeprefix(f"{self.root}/") if self.root else path
        rules = tuple([rule for rule in self.rules if read_patterns(rule.files)[0].match(inner)])
        return self._replace(rules=rules) if rules else None

    def unwrapped(self, document: Document) -> bytes:
        """Return the bytes in which comments are looked for; see `WrappingModule.unwrapped`."""
        if not self.wraps:
            return document.data
        return cast("WrappingModule", _module(self.module)).unwrapped(document)


def _joined(folder: str, path: str) -> str:
    """Return where the file at ``path``, relative to ``folder``, is: a dialect may be known by the folders around."""
    parts = folder.split("/")
    while path.startswith("../") and len(parts) > 1:
        path = path.removeprefix("../")
        parts.pop()
    return f"{'/'.join(parts)}/{path}"


def merged(first: Located, second: Located | None) -> Located:
    """Return what both found in one file, in the order of the uses; what overlaps a span of ``first`` is left out."""
    if second is None:
        return first
    spans = [place.span for place in first.places]
    more = [
        place
        for place in second.places
        if not any(place.span.start < end and start < place.span.end for start, end in spans)
    ]
    places = sorted((*first.places, *more), key=lambda place: (place.line, place.column))
    facts = (*first.facts, *second.facts)
    return first._replace(places=tuple(places), outline=(first.outline, second.outline), facts=facts)


def excess(format_: Format) -> Located:
    """Return what is told of a file that names more images than are looked at."""
    detail = f"it names more than {FILE_PLACES:,} images"
    return Located((SkippedOccurrence(format_.name, "document", "", 1, 1, Span(0, 0), "parse-error", detail),))


# What a file is called, and what such files are called in a sentence; a file that a format claims is never asked for.
_UNREAD = (
    (r"^(?:Jenkinsfile|jenkinsfile)(?:[._-][^/]*)?$|\.jenkinsfile$", "Jenkinsfile"),
    (r"^Earthfile$", "Earthfile"),
    (r"^\.?devcontainer\.json$", "dev container"),
    (r"^\.drone\.(?:jsonnet|star)$", "Drone pipeline"),
    (r"\.ya?ml\.(?:j2|jinja2?|tmpl|tpl|template|gotmpl|erb|ejs|ytt|in)$", "YAML template"),
)
_UNREAD_NAMES = "|".join(f"(?:{names})" for names, _ in _UNREAD)


def unread_kind(path: str) -> str:
    """Return what the file at ``path`` is, by its name, where such files name images and no format claims it."""
    return _unread_kind(path[path.rfind("/") + 1 :])


@lru_cache(maxsize=4096)
def _unread_kind(name: str) -> str:
    if compiled(_UNREAD_NAMES).search(name) is None:
        return ""
    return next(kind for names, kind in _UNREAD if re.search(names, name))


def largest(path: str) -> int:
    """Return how many bytes of the file at ``path`` are read at most: a notebook carries pictures along."""
    if path.endswith(".ipynb"):
        return NOTEBOOK_BYTES
    return IGNORE_BYTES if path.endswith(".gitignore") else FILE_BYTES


def is_no_loss(path: str) -> bool:
    """Tell by its name alone whether the file at ``path``, being no text, cannot be of a format after all.

    Python and compose refuse such a file, and `dockerfile.abi3.so` is a library. What else is claimed should have been
    text.
    """
    return path.endswith((".env", ".py", ".pyw", ".so", ".pyd", ".pyc", ".dll", ".dylib", ".exe"))
