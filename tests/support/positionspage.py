"""The blocks of docs/what-is-pinned.md: of each format its positions, and an example as pinner has it."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from fakes import FakeResolver

from pinner.config import Settings
from pinner.config.load import load_settings
from pinner.formats import FORMATS, PLACES
from pinner.formats.ci import DIALECTS
from pinner.formats.terraform.extract import POSITIONS
from pinner.model import Occurrence
from pinner.pipeline import make_plans, survey
from pinner.scan.discover import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.ci.position_types import Dialect, Position
    from pinner.formats.terraform.extract import Position as Attribute
    from pinner.model import Place
    from pinner.scan.suppressions import Source

EXAMPLES = Path(__file__).parent.parent.parent / "testdata" / "positions"
TODAY = date(2026, 11, 1)
_BEGIN, _END = "<!-- positions of {}: made by `make docs` -->\n", "<!-- end of positions -->\n"
_DIGEST = re.compile(rb"(?:sha256:)[0-9a-f]{64}")
_FENCES = {"py": "python", "tf": "hcl", "hcl": "hcl", "nomad": "hcl", "json": "json", "ipynb": "json", "toml": "toml"}
_INLINE = {
    "from": "`FROM` in {}",
    "copy-from": "`COPY --from` in {}",
    "run-mount": "`RUN --mount=…from=` in {}",
    "syntax": "`# syntax=` in {}",
}
_VALUES = {
    "values-image": "a block of `repository` and `tag`, `version`, `digest` or `sha`, with `registry`;"
    " `imageRepository` beside `imageTag`{}",
    "values-text": "a text under a key that ends in `image`; one with its tag under `images` and `images.tags`{}",
}

WHERE: dict[str, dict[str, str]] = {
    "dockerfile": {
        "syntax": "`# syntax=`",
        "from": "`FROM`, and the defaults of `ARG` that end it",
        "copy-from": "`COPY --from`, behind `ONBUILD` too",
        "run-mount": "`RUN --mount=…from=`",
    },
    "helm": {kind: text.format("") for kind, text in _VALUES.items()},
    "compose": {
        "service-image": "`services.*.image`",
        "hook-image": "`services.*.{post_start,pre_stop}[].image`",
        "image-volume": "`services.*.volumes[].source` where `type` is `image`",
        "build-context": "`services.*.build.additional_contexts.*` behind `docker-image://`",
        **{kind: text.format("`dockerfile_inline`") for kind, text in _INLINE.items()},
        "build-arg": "`services.*.build.args.*` that end an image in the Dockerfile of the build",
    },
    "kubernetes": {
        "container-image": "`image` of containers anywhere in an object, of patches and of custom resources",
        "image-volume": "`volumes[].image.reference`",
        "kustomize-image": "`images[]` of kustomize, Flux and Argo CD, `ImageTagTransformer`",
        "values-image": _VALUES["values-image"].format(", in the values of Flux, Argo CD and k3s"),
        "values-text": _VALUES["values-text"].format(", in the same values"),
        "oci-artifact": "`url` and `ref.tag` of Flux's `OCIRepository`",
        "bundle": "`bundle` of Tekton's references",
        "package": "`spec.package` of Crossplane's packages",
        "resource-image": "a text with its tag in custom resources, under a key that ends in `image` or under `images`",
        "image-name": "`spec.imageName` of CloudNativePG's clusters, `spec.dockerImage` of Zalando's",
        "storage-uri": "`storageUri` of KServe behind `oci://`",
        "related-image": "`env[].value` of variables `RELATED_IMAGE_…`",
        "base-image": "`build.artifacts[].{jib,ko}.fromImage`, `….buildpacks.{builder,runImage}`,"
        " `….kaniko.{image,initImage}` of Skaffold",
        "build-arg": "`build.artifacts[].{docker,kaniko}.buildArgs.*` of Skaffold that end an image in the Dockerfile",
    },
    "dotenv": {"variable": "the value of a variable that ends an image of the compose file beside it"},
    "devcontainer": {
        "image": "`image`",
        "build-arg": "`build.args.*` that end an image in the Dockerfile of the build, in the same folder or below",
        "feature": "`features.*`: only listed",
    },
    "notebook": {"call": "calls in code cells, as in Python"},
    "python": {"call": "calls of docker, podman, testcontainers, Airflow, Kubeflow Pipelines and kubernetes"},
    "bake": {
        "context": "`target.*.contexts.*` behind `docker-image://`",
        **{kind: text.format("`dockerfile-inline`") for kind, text in _INLINE.items()},
        "build-arg": "`target.*.args.*` that end an image in the Dockerfile of the target",
        "variable": "`variable.default` that ends an image",
    },
    "nomad": {
        "task": "`task.config.image` of drivers that run containers",
        "variable": "`variable.default` and `locals` that end an image",
    },
    "quadlet": {
        "container": "`[Container] Image=`",
        "mount": "the source in `Mount=type=image,…`",
        "image": "`[Image] Image=`",
        "volume": "`[Volume] Image=` where `Driver=image`",
    },
    "places": {"place": "what `[[places]]` in the configuration says"},
}
"""Of the formats without a table: the kinds of places, and where these are."""


def formats() -> tuple[str, ...]:
    """Return the names of all formats."""
    return tuple(format_.name for format_ in (*FORMATS, PLACES))


def dialect(name: str) -> Dialect | None:
    """Return the dialect of the table of positions called ``name``."""
    return next((one for one in DIALECTS if one.name == name), None)


def filled(text: str) -> str:
    """Return the page ``text`` with the blocks as they should be."""
    for name in formats():
        before, begin, rest = text.partition(_BEGIN.format(name))
        assert begin, f"no block for {name}"
        lines = "\n".join(block(name))
        text = f"{before}{begin}{lines}\n{_END}{rest.partition(_END)[2]}"
    return text


def block(name: str) -> Iterator[str]:
    """Yield the lines about the format ``name``."""
    since = next(format_.since for format_ in (*FORMATS, PLACES) if format_.name == name)
    yield from (f"Since {since}.", "", "| kind | where |", "|---|---|")
    for kind, where in kinds(name).items():
        yield f"| `{kind}` | {where} |"
    sources = surveyed(name)
    for path, text in pinned(name, sources):
        ending = path.rpartition(".")[2]
        fence = "`" * 3
        yield from ("", f"`{path}`:", "", f"{fence}{_language(path, ending)}", *text.splitlines(), fence)
    left = [(source, place) for source in sources for place in _places(source) if not isinstance(place, Occurrence)]
    if left:
        yield from ("", "Left alone there:", "")
    for source, place in left:
        assert not isinstance(place, Occurrence)
        detail = place.detail.replace("|", "\\|")
        yield f"- `{source.document.path}`, line {place.line}, `{place.text}`: `{place.reason}`, {detail}."


def _language(path: str, ending: str) -> str:
    if "Dockerfile" in path:
        return "dockerfile"
    return "yaml" if ending in ("yaml", "yml") else _FENCES.get(ending, "text")


def kinds(name: str) -> dict[str, str]:
    """Return the kinds of places of the format ``name``, and in words where they are."""
    if name == "terraform":
        found = _gathered((one.type, _attribute(one)) for one in POSITIONS)
        return {**found, "variable": "`variable.default` and `locals` that end an image"}
    known = dialect(name)
    return WHERE[name] if known is None else _gathered((one.kind, _position(one)) for one in known.positions)


def _gathered(pairs: Iterator[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for kind, where in pairs:
        found.setdefault(kind, []).append(where)
    return {kind: ", ".join(dict.fromkeys(wheres)) for kind, wheres in found.items()}


def _attribute(attribute: Attribute) -> str:
    steps = [step for step in (*attribute.path, *attribute.attributes, *attribute.inside) if step != "[]"]
    where = f"`{'.'.join('…' if step == '**' else step for step in steps)}`"
    return f"{where} of the data source" if attribute.kind == "data" else where


def _position(position: Position) -> str:
    steps = ".".join(_step(step) for step in position.path.split("/") if step not in ("@", "[]@", "[]"))
    where = f"`{steps.replace('.**.', '.…').replace('**.', '…')}`"
    if position.strip:
        where += f" behind `{position.strip}`" if position.required else f", `{position.strip}` before it or not"
    conditions = " and ".join(f"`{key}` is {_words(pattern)}" for key, pattern in position.when)
    return f"{where} where {conditions}" if conditions else where


def _step(step: str) -> str:
    step = step.removesuffix("@")
    if step.startswith("!"):
        return "*"
    if not step.startswith("~"):
        return step
    alternatives = re.search(r"\(\?:([a-z0-9_|]+)\)\$$", step)
    return "{" + alternatives[1].replace("|", ",") + "}" if alternatives else "docker#…"


def _words(pattern: str) -> str:
    """Return in words what the regular expression ``pattern`` of a condition asks for."""
    if pattern.startswith("^(?!"):
        return f"not `{pattern[4:].partition('$')[0]}`"
    words = pattern.removeprefix("^").removesuffix("$").removeprefix("(?:").removesuffix(")").split("|")
    return "there" if words == ["."] else " or ".join(f"`{word}`" if word else "absent" for word in words)


def surveyed(name: str) -> tuple[Source, ...]:
    """Return what is found in the example of the format ``name``, linked."""
    folder = EXAMPLES / name
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    targets = [Target(str(path), path.relative_to(folder).as_posix()) for path in files]
    return survey(targets, _settings(name), today=TODAY).sources


def _settings(name: str) -> Settings:
    return load_settings(str(EXAMPLES / name)) if name == PLACES.name else Settings()


def _places(source: Source) -> list[Place]:
    return [candidate.place for candidate in source.candidates if candidate.place.kind != "document"]


def pinned(name: str, sources: tuple[Source, ...]) -> Iterator[tuple[str, str]]:
    """Yield the paths of the example of ``name`` and their texts once pinned, each digest cut short."""
    plans = asyncio.run(make_plans(sources, "pin", _settings(name), FakeResolver()))
    changed = {plan.document.path: plan.result for plan in plans if plan.changed}
    for file in sorted((EXAMPLES / name).rglob("*")):
        path = file.relative_to(EXAMPLES / name).as_posix()
        if file.is_file():
            data = changed.get(path, file.read_bytes())
            yield path, _DIGEST.sub("sha256:…".encode(), data).decode("utf-8")
