"""Facts for the linker: what one file states about images that other files name."""

from __future__ import annotations

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from pinner.model import Span


INFLATED = "helmCharts/"
"""What the owner begins with of images in values of a kustomization's charts: its ``images`` change what they make."""


class ImageRule(NamedTuple):
    """One entry of kustomize's ``images``: what becomes of the image called ``name`` (api/types/image.go)."""

    name: str
    """The name that is replaced, compared as text: kustomize does not normalise it."""
    new_name: str = ""
    new_tag: str = ""
    """A tag, or ``tag@sha256:…``."""
    digest: str = ""
    line: int = 0
    span: Span | None = None
    """The span of the place that stands for the entry in its file."""


class Kustomization(NamedTuple):
    """A kustomization: the files that it builds from, and the images that it replaces in what they render."""

    resources: tuple[str, ...] = ()
    """Paths of files and folders relative to the kustomization's folder, as written: ``resources`` and ``bases``."""
    components: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    """Files that patch what was accumulated, or are values of charts in it, before images are replaced."""
    transformers: tuple[str, ...] = ()
    """Files that may hold an `ImageTagTransformer`, whose entry comes after those of ``images``."""
    rules: tuple[ImageRule, ...] = ()
    is_deployment: bool = False
    """Whether it is a controller's own object (Flux, Argo CD): its paths count from the repository's root."""


class ImageTransformer(NamedTuple):
    """kustomize's ``ImageTagTransformer``: an entry of ``images`` in a file of its own."""

    rule: ImageRule


class Built(NamedTuple):
    """A name that a build makes: where its folder's manifests say it they mean that build, and no registry's image."""

    name: str
    """Without tag and digest, in the registry's full form."""
    line: int
    by: str
    """Who builds it, for people: ``skaffold``, ``kbld``."""


class Argument(NamedTuple):
    """One of ``build.args``: the value that takes the place of a Dockerfile's ``ARG`` default."""

    name: str
    value: str | None
    """None where the environment gives it."""
    line: int
    column: int
    span: Span
    """The bytes of the value."""
    via: tuple[str, ...] = ()
    """The variables in whose default it stands."""
    obstacle: str = ""
    """Why no digest may go at its end; empty where one may."""


class ComposeBuild(NamedTuple):
    """``build`` of a compose service."""

    context: str | None = None
    """As written; None where the file says nothing of it."""
    dockerfile: str | None = None
    """Relative to the context."""
    args: tuple[Argument, ...] = ()
    is_inline: bool = False
    """Whether the Dockerfile stands in the compose file itself."""
    tags: tuple[str, ...] = ()
    """The names beside ``image`` that the result gets, in the registry's full form."""
    format: str = "compose"
    """Of the file that says so: bake builds, too."""
    contexts: tuple[str, ...] = ()
    """What the Dockerfile calls by these names (in the registry's full form) is given to it: no image is pulled."""


class ComposeService(NamedTuple):
    """A service of a compose file, as that file alone has it, ``<<`` merged."""

    name: str
    line: int = 0
    image: str | None = None
    """In the registry's full form; None where the file says nothing of it."""
    build: ComposeBuild | None = None
    extends: tuple[str, str] | None = None
    """The file as written, empty for the same one, and the service that is extended."""
    resets: frozenset[str] = frozenset()
    """The keys tagged ``!reset`` or ``!override``: what other files say under them is dropped."""
    is_reset: bool = False
    """Whether the service is taken out of what the files before it have."""
    replaces: bool = False
    """Whether all that the files before it say of the service is dropped (``!override``)."""


class VariableRead(NamedTuple):
    """A variable that is read as something else than the end of an image."""

    name: str
    line: int


class EnvironmentVariable(NamedTuple):
    """A variable of a compose project's ``.env``."""

    name: str
    value: str | None
    """With those of others in it filled in; None where that is not known, or no bytes of the file are read so."""
    line: int
    column: int
    span: Span
    """The bytes of the value."""
    ends_in: str = ""
    """The variable whose value its own ends in; empty where it ends in bytes of its own."""
    filled: str = ""
    """A variable that stands before those bytes."""


class EnvironmentFile(NamedTuple):
    """A ``.env`` file: its variables, each once, and those that are read into others' values, but at their ends."""

    variables: tuple[EnvironmentVariable, ...] = ()
    inner_reads: tuple[VariableRead, ...] = ()


class ComposeInclude(NamedTuple):
    """An entry of ``include``."""

    paths: tuple[str, ...]
    """As written, the later ones laid over the first."""
    folder: str = ""
    """``project_directory``, from which paths in the files count; empty for the folder of the first."""
    environment: str = ""
    """The ``env_file`` that gives variables their values, from the folder of the project that includes; empty for the
    ``.env`` in that folder, ``$`` where there are several."""


class ComposeFile(NamedTuple):
    """A compose file: its services, and the files that belong to its project."""

    services: tuple[ComposeService, ...] = ()
    includes: tuple[ComposeInclude, ...] = ()
    project: str = ""
    reads_variables: tuple[VariableRead, ...] = ()
    """The variables that are read elsewhere than at the end of an image."""
    environment_files: tuple[tuple[str, int], ...] = ()
    """The files, as written, of which all variables are handed to a container, and the lines that say so."""
    is_alone: bool = False
    """Whether no other file is laid over it: skaffold's configuration, which builds as compose does."""

    @property
    def reads(self) -> tuple[str, ...]:
        """The files that compose reads along with this one, as written."""
        extended = (service.extends[0] for service in self.services if service.extends is not None)
        included = (path for entry in self.includes for path in entry.paths)
        return tuple(dict.fromkeys([*filter(None, extended), *included, *self._dockerfiles()]))

    def _dockerfiles(self) -> Iterator[str]:
        for service in self.services:
            build = service.build
            if build is not None and (build.args or build.contexts) and not build.is_inline:
                yield f"{build.context or '.'}/{build.dockerfile or 'Dockerfile'}"


class Chart(NamedTuple):
    """A Helm chart: the version of what it installs, which stands for a tag that is empty."""

    app_version: str = ""
    line: int = 1


class TagRead(NamedTuple):
    """A template reads a tag of its chart's values for something that is no image, or for another one."""

    path: str
    """In the values: ``image.tag``."""
    line: int
    use: str
    """``label``, ``semver``, ``value`` (of an environment), ``repository``: joined to another name, ``default``: where
    it is empty, another value is taken. Of a name ``prefix``, another value comes before it; ``suffix``,
    more comes behind it; of a registry ``registry``, another one is taken where it is empty.

    Of a digest's field ``hex`` or ``whole``: without its algorithm, or with it.
    """
    repository: str = ""
    """The path of that name, or of that value."""
    unless: tuple[str, ...] = ()
    """The paths of tags that come before it: where one of them is set, this one is not read."""


class UnitImage(NamedTuple):
    """``Image=`` of a Quadlet unit, or of a drop-in that adds to one."""

    section: str
    line: int
    span: Span


class HclPart(NamedTuple):
    """A part of a text in HCL: literal, or the name of what stands in its place."""

    text: str
    is_name: bool = False
    """Whether the text is a name (``var.tag``, ``local.images.web``) or something that nobody knows the value of."""


class HclText(NamedTuple):
    """A text in HCL that may be an image's name, or a part of one."""

    parts: tuple[HclPart, ...]
    line: int
    column: int
    span: Span
    """Where it stands; a digest goes to the end of it."""


class HclUse(NamedTuple):
    """An image whose name is put together from other values."""

    format: str
    kind: str
    owner: str
    text: HclText


class HclDefinition(NamedTuple):
    """``variable`` with a default, an entry of ``locals``, or a value in one of these."""

    name: str
    """As it is read: ``var.tag``."""
    text: HclText
    is_given: bool = False
    """Whether another value may be given from outside."""


class HclRead(NamedTuple):
    """A name that is read as anything but an image's."""

    name: str
    line: int


class HclModule(NamedTuple):
    """What one file says of the names of its module."""

    uses: tuple[HclUse, ...] = ()
    definitions: tuple[HclDefinition, ...] = ()
    readers: tuple[HclRead, ...] = ()
    is_alone: bool = False
    """Whether the file has its names for itself; else it shares those of its folder."""


Fact: TypeAlias = (
    Kustomization | ImageTransformer | Built | ComposeFile | EnvironmentFile | Chart | TagRead | HclModule | UnitImage
)
