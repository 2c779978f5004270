"""Format registry: which formats exist, which files they claim."""

from __future__ import annotations

from functools import lru_cache
from re import escape

from pinner._typing import TYPE_CHECKING
from pinner.formats.base import NEVER, Format, claimed_name, compiled, excess, is_no_loss, largest, merged, unread_kind
from pinner.limits import FILE_PLACES, YAML_DOCUMENTS
from pinner.model import Calls, FormatChoice, Located, SkippedOccurrence, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pinner.model import Document

__all__ = ["FORMATS", "PLACES", "by_name", "claims", "configured", "is_no_loss", "largest", "locate", "unread_kind"]

_YAML = r"\.ya?ml$"
_ENDINGS = (".yaml", ".yml", ".json", ".template", "Kustomization")
"""What the names of files end in that the formats of YAML claim, one or the other."""
# Not Terraform's, nor templates of YAML, which are none before they are filled in.
_JSON = r"[^/]*(?<!\.tf)(?<!\.tofu)\.json$"
_TERRAFORM = r"\.(?:tf|tofu)(?:\.json)?$"
_BAKE = r"(?:^|[._-])bake[^/]*\.(?:hcl|json)$"
_TEMPLATE = r"(?<!\.yaml)(?<!\.yml)\.template$"
_ECS = r"task[-_.]?def|container[-_.]?def|(?:^|[-_.])ecs"
_OBJECT = r"deploy|pod|controller|(?:stateful|daemon|replica)[-_]?set|job|k8s|kube"
_STACK = r"template|cloudformation|cfn|stack"


def _dialect(
    name: str, *words: bytes, signs: tuple[bytes, ...] = (), names: str = _YAML, path_word: str = ""
) -> Format:
    """Return the format that is the dialect ``name`` of the table of positions."""
    module = "pinner.formats.ci"
    return Format(name, module, names, words=words, signs=signs, path_word=path_word, is_dialect=True, endings=_ENDINGS)


_KUBERNETES = Format(
    "kubernetes",
    "pinner.formats.kubernetes",
    rf"{_YAML}|^Kustomization$|(?i:{_OBJECT}){_JSON}",
    endings=_ENDINGS,
    stating_names=r"^(?:kustomization\.ya?ml|Kustomization)$",
    # skaffold's configuration, kbld's and kustomize's transformers may be called anything.
    stating_words=rb"kustomize\.(?:config\.k8s|toolkit\.fluxcd)\.io|ImageTagTransformer|skaffold/|kbld\.k14s\.io"
    rb"|\bkustomize[\"']?:",
    stating_signs=(b"kustomize", b"ImageTagTransformer", b"skaffold/", b"kbld.k14s.io"),
)
"""Before the table, where Ansible's files have its objects as well."""

# The order decides where two formats claim a file: the first that recognises the content has it.
FORMATS = (
    Format(
        "dockerfile",
        "pinner.formats.dockerfile",
        # `Dockerfile.dev`, `MyDockerfile`, `DockerfileDev` are some; `Dockerfile.dockerignore` is BuildKit's list of
        # files to ignore, `dockerfile.yml` a workflow about one, `Dockerfile.approved.txt` what a test expects.
        r"(?:(?:^|[._-])(?i:(?:docker|container)file)|[a-z0-9](?:Docker|Container)file)(?:[._-][^/]*)?$"
        r"|^(?:Docker|Container)file[A-Z0-9][A-Za-z0-9_-]*$",
        trailing_comments=False,
        mirrors=(),
        second="pinner.formats.dockerfile.second_opinion",
        others=(
            *("ignore", ".yaml", ".json", ".yml", ".md", ".rst", ".adoc", ".html", ".txt", ".snap", ".diff", ".patch"),
            *(".py", ".ipynb", ".js", ".ts", ".go", ".sh", ".rb", ".rs", ".java", ".kt", ".php", ".xml", ".toml"),
            *(".png", ".svg", ".log", ".lock", ".sha256", ".asc", ".gz", ".zip", "~"),
        ),
    ),
    # Values by their name, and by what is in them; those for charts of a kustomization are that one's.
    Format("helm", "pinner.formats.helm", _YAML, others=("kustomization.yaml", "kustomization.yml"), endings=_ENDINGS),
    # Before compose and kubernetes, which take every YAML file: these know theirs by its path or by its root keys.
    _dialect("github", b"container", b"services", b"docker://", b"using", signs=(b"jobs", b"runs")),
    _dialect("gitlab", b"image", b"services"),
    _dialect("cloudbuild", b"steps", names=rf"{_YAML}|cloudbuild[^/]*\.json$"),
    _dialect("circleci", b"docker", signs=(b"jobs", b"executors")),
    _dialect("woodpecker", b"image", path_word="woodpecker"),
    _dialect("drone", b"image", signs=(b"pipeline", b"steps")),
    _dialect("ko", b"defaultBaseImage", b"baseImageOverrides"),
    _dialect("goreleaser", b"base_image", names=rf"goreleaser[^/]*{_YAML}"),
    _dialect("azure", b"container", b"services", signs=(b"job", b"resources", b"container:", b"services:")),
    _dialect("bitbucket", b"image", b"docker://", names=rf"^bitbucket[^/]*{_YAML}"),
    _dialect("cirrus", b"container", names=rf"^\.cirrus[^/]*{_YAML}"),
    _dialect("kubeflow", b"deploymentSpec", b"implementation"),
    _dialect("buildkite", b"docker", b"podSpec", signs=(b"plugins",), path_word="buildkite"),
    _dialect("pre-commit", b"docker_image", names=rf"^\.pre-commit-(?:config|hooks){_YAML}"),
    _dialect("ecs", b"containerDefinitions", b"image", names=rf"{_YAML}|(?i:{_ECS}){_JSON}"),
    _dialect("cloudformation", b"AWS::ECS::TaskDefinition", names=rf"{_YAML}|(?i:{_STACK}){_JSON}|{_TEMPLATE}"),
    Format(
        "compose",
        "pinner.formats.compose",
        _YAML,
        mirrors=(),
        endings=_ENDINGS,
        siblings=rf"compose[^/]*{_YAML}",
        stating_names=rf"compose[^/]*{_YAML}",
        # What an overriding file says counts in its own folder; elsewhere that of a file which reads others along.
        stating_words=rb"(?m)^[\"']?include[\"']?[ \t]*:|\bextends[\"']?[ \t]*:",
        stating_signs=(b"include", b"extends"),
    ),
    # Its files may hold objects as well, which kubernetes reads.
    _dialect("ansible", b"docker_", b"podman_")._replace(also=(_KUBERNETES,)),
    _KUBERNETES,
    # What the compose files beside it make of it.
    Format("dotenv", "pinner.formats.dotenv", r"^\.env$", endings=(".env",), siblings=_YAML, stating_names=r"^\.env$"),
    Format(
        "devcontainer",
        "pinner.formats.devcontainer",
        r"^\.?devcontainer\.json$",
        wraps=True,
        endings=(".json",),
        # The Dockerfile that it builds, and no others.
        stating_names=NEVER,
    ),
    # Not the copies that Jupyter keeps to go back to.
    Format("notebook", "pinner.formats.notebook", r"(?<!-checkpoint)\.ipynb$", calls=Calls(), wraps=True),
    Format("python", "pinner.formats.python", r"\.pyw?$", calls=Calls(), endings=(".py", ".pyw")),
    Format(
        "terraform",
        "pinner.formats.terraform",
        _TERRAFORM,
        endings=(".tf", ".tofu", ".json"),
        siblings=_TERRAFORM,
        # The files of its own folder and no others.
        stating_names=NEVER,
        calls=Calls(),
    ),
    Format("bake", "pinner.formats.bake", _BAKE, endings=(".hcl", ".json"), siblings=_BAKE, stating_names=_BAKE),
    Format("nomad", "pinner.formats.nomad", r"\.nomad(?:\.hcl)?$", endings=(".nomad", ".hcl")),
    Format(
        "quadlet",
        "pinner.formats.quadlet",
        r"\.(?:container|image|volume)$",
        endings=(".container", ".image", ".volume"),
        trailing_comments=False,
        drop_ins=r"(?:^|\.)(?:container|image|volume)\.d/[^/]+\.conf$",
    ),
)

PLACES = Format("places", "pinner.formats.places", NEVER)
"""The user's own: which files these are says the configuration."""


def by_name(name: str, formats: Iterable[Format] = FORMATS) -> Format:
    """Return the format called ``name`` among ``formats``, the formats as they are configured."""
    return next(format_ for format_ in formats if format_.name == name)


@lru_cache(maxsize=16)
def configured(choice: FormatChoice) -> tuple[Format, ...]:
    """Return the formats as ``choice`` has them; `FORMATS` itself where it says nothing."""
    if choice == FormatChoice():
        return FORMATS
    limit = _version(choice.since)
    chosen = [format_ for format_ in FORMATS if not limit or _version(format_.since) <= limit]
    if choice.places:
        chosen.append(PLACES)
    return tuple([_as_chosen(format_, choice) for format_ in chosen])


def _as_chosen(format_: Format, choice: FormatChoice) -> Format:
    changed = format_._replace(
        calls=None if format_.calls is None else choice.calls,
        mirrors=None if format_.mirrors is None else choice.mirrors,
        is_off=format_.name in choice.disabled or bool(choice.only and format_.name not in choice.only),
        folder=choice.folder if format_.is_dialect or format_ is PLACES else "",
        rules=choice.places if format_ is PLACES else (),
        root=choice.root if format_ is PLACES else "",
        also=tuple([one for one in [_as_chosen(other, choice) for other in format_.also] if not one.is_off]),
    )
    return format_ if changed == format_ else changed


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()


def claims(path: str) -> bool:
    """Tell by its name alone whether any format wants to look at the file at ``path``."""
    return _is_claimed(claimed_name(path))


@lru_cache(maxsize=4096)
def _is_claimed(name: str) -> bool:
    return name.endswith((".yaml", ".yml", ".tf", ".py")) or any(format_.claims(name) for format_ in _FIRST)


def _first_of_names(formats: Iterable[Format]) -> dict[tuple[str, tuple[str, ...]], Format]:
    """Return one of ``formats`` for each way of claiming names: most claim the same, those of YAML."""
    return {(format_.names, format_.others): format_ for format_ in formats}


_FIRST = tuple(_first_of_names(FORMATS).values())
_CLAIMING: dict[tuple[str, int], tuple[tuple[Format, ...], tuple[Format, ...]]] = {}
_MOST_NAMES = 4096
# Most formats of YAML claim it all by its ending. What the name of a file has to fit, ending so, for any other claim.
_TELLING = "|".join(
    [f"{escape(other)}$" for one in _FIRST if one.names.startswith(_YAML) for other in one.others]
    + [one.names for one in _FIRST if not one.names.startswith(_YAML) and one.may_end_in(".yaml")]
)


def _spelled(name: str) -> str:
    """Return what tells the formats that claim a file called ``name``: of most YAML that is the ending."""
    ending = name[name.rfind(".") :]
    return ending if ending in (".yaml", ".yml") and compiled(_TELLING).search(name) is None else name


def _claiming(name: str, formats: tuple[Format, ...]) -> tuple[Format, ...]:
    """Return those of ``formats`` that claim a file called ``name``: trees of thousands of files have few names.

    Formats go by identity: to compare all that is said of them takes longer than to look.
    """
    name = _spelled(name)
    key = (name, id(formats))
    known = _CLAIMING.get(key)
    if known is None or known[0] is not formats:
        if len(_CLAIMING) > _MOST_NAMES:
            _CLAIMING.clear()
        firsts = _FIRST if formats is FORMATS else _first_of_names(formats).values()
        claiming = {(format_.names, format_.others) for format_ in firsts if format_.claims(name)}
        those = [format_ for format_ in formats if (format_.names, format_.others) in claiming]
        known = _CLAIMING[key] = (formats, tuple(those))
    return known[1]


def locate(document: Document, formats: Iterable[Format] = FORMATS) -> tuple[Format, Located] | None:
    """Return what ``document`` holds and the format that found it, or None where no format knows it.

    Formats that claim the name come first; a file that none claims (named on the command line) is tried by content:
    as Python where its first line says so, as a Dockerfile where an instruction ``FROM`` or ``ARG`` comes first, as
    YAML otherwise. ``formats`` are the formats as they are configured.
    """
    known = tuple(formats)
    own = known[-1].for_file(document.path) if known and known[-1].rules else None
    if own is not None:
        return _with_own(document, known[:-1], own)
    path = document.path
    candidates = _claiming(claimed_name(path), known)
    if not candidates:
        names = _by_content(document.data)
        candidates = tuple([format_ for format_ in known if format_.name in names])
    if (crowded := _crowded(document, candidates)) is not None:
        return crowded
    for format_ in _possible(document, candidates):
        located = format_.locate(document)
        if located is not None and not format_.is_off:
            return format_, located if len(located.places) <= FILE_PLACES else excess(format_)
        if located is not None and not format_.also:
            return None
    return None


def _possible(document: Document, candidates: tuple[Format, ...]) -> Iterable[Format]:
    """Return those of ``candidates`` that can find anything, as far as one look for all dialects tells."""
    first = next((format_ for format_ in candidates if format_.is_dialect), None)
    if first is None or len(candidates) == 1:
        return candidates
    from pinner.formats.ci import possible  # noqa: PLC0415 - only where the name does not tell the format

    names = possible(first.whole_path(document.path), document.data)
    return [format_ for format_ in candidates if not format_.is_dialect or format_.name in names]


def _with_own(document: Document, formats: tuple[Format, ...], own: Format) -> tuple[Format, Located]:
    """Return what a format and the user's places ``own`` find in ``document`` together."""
    found = locate(document, formats) if _claiming(document.path[document.path.rfind("/") + 1 :], formats) else None
    if found is None:
        return own, own.locate(document) or Located()
    both = found[0]._replace(also=(*found[0].also, own))
    return both, merged(found[1], own.locate(document))


def _crowded(document: Document, candidates: Iterable[Format]) -> tuple[Format, Located] | None:
    """Return what is told of YAML with more documents than are read; None for what is no YAML that names an image."""
    if len(document.data) < YAML_DOCUMENTS or document.data.count(b"\n---") <= YAML_DOCUMENTS:
        return None
    yaml = next((format_ for format_ in candidates if format_.name == "kubernetes"), None)
    if yaml is None or b"image" not in document.data:
        return None
    detail = f"it has more than {YAML_DOCUMENTS:,} documents"
    skip = SkippedOccurrence("kubernetes", "document", "", 1, 1, Span(0, 0), "parse-error", detail)
    return yaml, Located((skip,))


def _by_content(data: bytes) -> tuple[str, ...]:
    if data.startswith(b"#!") and b"python" in data[:200].partition(b"\n")[0]:
        return ("python",)
    for line in data.removeprefix(b"\xef\xbb\xbf").splitlines():
        words = line.split(None, 1)
        if words and not words[0].startswith(b"#"):
            if words[0].upper() in (b"FROM", b"ARG"):
                return ("dockerfile",)
            break
    return ("compose", "kubernetes")
