"""Table of calls that take an image, and the search of bytes that finds their files."""

from __future__ import annotations

import re
from functools import lru_cache

from pinner._typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from pinner.model import Calls


class Callee(NamedTuple):
    """One callable, or a family of them."""

    roots: tuple[str, ...]
    """The packages it is imported from; ``*`` for any, by what the call looks like alone."""
    pattern: str
    """A regular expression for the qualified name after the root, or for the end of the name where `methods`."""
    parameters: tuple[str, ...] = ("image",)
    """The parameters that take an image."""
    position: int | None = None
    """Where the first of them stands among the positional arguments; None where it is given by name only."""
    methods: bool = False
    """A method of an object that nobody may have named in this file: a client that was handed in."""
    tag: tuple[str, int] | None = None
    """A parameter that overrides the reference's tag, and its position."""
    outputs: tuple[str, ...] = ()
    """Parameters that name an image to be built."""
    takes_apart: bool = False
    """Whether it reads a version out of the end of the text, where it then finds a digest."""
    tier: str = ""
    """The tier that has to be asked for in the configuration; empty for those that are always looked for."""


_DOCKER = ("docker", "podman")
# `docker.from_env()`, `docker.client.DockerClient`, `docker.DockerClient`: one object.
_CLIENT = r"(?:\w+\.)*(?:DockerClient|PodmanClient|from_env\(\))"
_LOW_LEVEL = rf"(?:(?:\w+\.)*(?:APIClient|Client|AutoVersionClient)|{_CLIENT}\.api)"
_HANDED_IN = r"(?i:\w*(?:client|docker|podman|api|cli)\w*(?:\(\))?)"
_ANYWHERE = r"(?:\w+\.)*"

# Sources: docker 7.2 (models/containers.py, models/images.py, models/services.py, api/container.py, api/image.py,
# types/services.py), podman 5.8 (domain/*_manager.py), testcontainers 4.15, apache-airflow-providers-docker 4.6.1 and
# -cncf-kubernetes 10.25.0, kfp 1.8 and 2.17 (dsl, components), kubernetes 33 (client/models).
CALLEES: tuple[Callee, ...] = (
    Callee(_DOCKER, rf"{_CLIENT}\.containers\.(?:run|create)", position=0),
    Callee(_DOCKER, rf"{_CLIENT}\.services\.create", position=0),
    Callee(_DOCKER, rf"{_CLIENT}\.images\.pull", ("repository",), 0, tag=("tag", 1)),
    Callee(_DOCKER, rf"{_CLIENT}\.images\.get", ("name",), 0),
    Callee(_DOCKER, rf"{_CLIENT}\.images\.build", (), outputs=("tag",)),
    Callee(_DOCKER, rf"{_LOW_LEVEL}\.create_container", position=0),
    Callee(_DOCKER, rf"{_LOW_LEVEL}\.pull", ("repository",), 0, tag=("tag", 1)),
    Callee(_DOCKER, rf"{_LOW_LEVEL}\.build", (), outputs=("tag",)),
    Callee(("docker",), r"types\.(?:services\.)?ContainerSpec", position=0),
    # A client that was handed in: two words that no other library has, in a file that imports docker. `images.get` and
    # `create_container` alone say too little (a dictionary, a test's own helper): what they are called on must say it.
    Callee(_DOCKER, r"containers\.(?:run|create)", position=0, methods=True),
    Callee(_DOCKER, r"services\.create", position=0, methods=True),
    Callee(_DOCKER, r"images\.pull", ("repository",), 0, methods=True, tag=("tag", 1)),
    Callee(_DOCKER, r"images\.build", (), methods=True, outputs=("tag",)),
    Callee(_DOCKER, rf"{_HANDED_IN}\.images\.get", ("name",), 0, methods=True),
    Callee(_DOCKER, rf"{_HANDED_IN}\.create_container", position=0, methods=True),
    # `image.split(":")[-1]` and its like: Kafka's `with_kraft` raises, others choose wrongly.
    Callee(
        ("testcontainers",),
        rf"{_ANYWHERE}(?:Kafka|Valkey|OpenSearch|ElasticSearch|Mosquitto)Container",
        position=0,
        takes_apart=True,
    ),
    Callee(("testcontainers",), rf"{_ANYWHERE}ServerContainer", position=1),
    Callee(("testcontainers",), rf"{_ANYWHERE}CosmosDBMongoEndpointContainer", position=1),
    Callee(("testcontainers",), rf"{_ANYWHERE}BrowserWebDriverContainer", position=2),
    Callee(("testcontainers",), rf"{_ANYWHERE}[A-Z]\w*Container", position=0),
    Callee(("testcontainers",), rf"{_ANYWHERE}DockerImage", (), outputs=("tag",)),
    Callee(
        ("airflow",),
        rf"{_ANYWHERE}(?:Docker(?:Swarm)?Operator|KubernetesPodOperator|KubernetesJobOperator|SparkKubernetesOperator"
        r"|KubernetesStartKueueJobOperator|GKEStartPodOperator|GKEStartJobOperator|GKEStartKueueJobOperator|GKEPodOperator"
        # `Operator.partial(image=…).expand(…)` is a mapped task.
        r"|EksPodOperator|AzureContainerInstancesOperator)(?:\.partial)?",
    ),
    Callee(("airflow",), rf"{_ANYWHERE}task\.(?:docker|kubernetes|kubernetes_cmd)"),
    Callee(("airflow",), rf"{_ANYWHERE}(?:docker_task|kubernetes_task|kubernetes_cmd_task)"),
    Callee(("kfp",), rf"{_ANYWHERE}ContainerSpec", position=0),
    Callee(("kfp",), rf"{_ANYWHERE}(?:notebook_)?component", ("base_image",), outputs=("target_image",)),
    Callee(("kfp",), rf"{_ANYWHERE}(?:ContainerOp|Sidecar|InitContainer|UserContainer)", position=1),
    Callee(("kfp",), rf"{_ANYWHERE}(?:create_component_from_func(?:_v2)?|func_to_container_op)", ("base_image",), 2),
    Callee(("kubernetes", "kubernetes_asyncio"), rf"{_ANYWHERE}V1(?:Ephemeral)?Container"),
    Callee(("kubernetes", "kubernetes_asyncio"), rf"{_ANYWHERE}V1ImageVolumeSource", ("reference",)),
    Callee(("dagger",), r"container\(\)(?:\.\w+\(\))*\.from_", ("address",), 0, methods=True, tier="frameworks"),
    Callee(("modal",), rf"{_ANYWHERE}Image\.from_registry", ("tag",), 0, tier="frameworks"),
    Callee(
        ("prefect", "prefect_docker", "prefect_kubernetes", "prefect_aws", "prefect_gcp", "prefect_azure"),
        # `flow.deploy(image=…)` names what it builds and pushes.
        rf"{_ANYWHERE}[A-Z]\w*",
        tier="frameworks",
    ),
    Callee(
        ("flytekit", "flytekitplugins", "flyte", "union"),
        rf"{_ANYWHERE}\w+",
        ("container_image", "image", "base_image"),
        tier="frameworks",
    ),
    Callee(("ray",), rf"{_ANYWHERE}\w+", ("image_uri", "container_image", "image"), tier="frameworks"),
)

LOOSE_PARAMETERS = ("image", "base_image", "container_image", "docker_image", "image_uri")
"""What the tier ``loose`` takes for an image whoever is called, and what passing a constant on to is no conflict."""
LOOSE = Callee(("*",), r"(?!(?:\w+\.)*assert_)[\w.()\[\]…]+", LOOSE_PARAMETERS, methods=True, tier="loose")


class Table(NamedTuple):
    """The callees that one run looks for."""

    callees: tuple[Callee, ...]
    loose: bool = False


def table_for(calls: Calls) -> Table:
    """Return what to look for with ``calls``, as `pinner.config` has checked them."""
    own = tuple(_configured(text) for text in calls.own)
    known = tuple(callee for callee in CALLEES if not callee.tier or callee.tier in calls.tiers)
    # The user's own come first: they know better.
    return Table((*own, *known), "loose" in calls.tiers)


def _configured(text: str) -> Callee:
    """Return the callee that ``my.module.Runner.start:image`` (or ``…:0``, or ``*.start:image``) names."""
    name, _, parameter = text.rpartition(":")
    root, _, rest = name.partition(".")
    position = int(parameter) if parameter.isdigit() else None
    parameters = () if parameter.isdigit() else (parameter,)
    return Callee((root,), re.escape(rest), parameters, position, methods=root == "*")


_Lines: TypeAlias = "tuple[tuple[str, ...], ...]"


def _whole(word: str) -> str:
    """Return a pattern for ``word`` alone, in a notebook too, whose line break is a backslash and an ``n``."""
    # It begins with the word, which is searched for ten times as fast.
    return rf"{word}\b(?:(?<!\w{word})|(?<=\\[nrt]{word}))"


# What the text of a file holds in which a call of the package's is made: one of each line of one of the groups; a test
# holds every row of the table to that. Many files import such a package, few of them start containers.
_DOCKER_IMPORTS: tuple[_Lines, ...] = (
    ((r"containers\b",), (r"run\b", r"create\b")),
    ((r"services\b",), (r"create\b",)),
    ((r"images\b",), (r"pull\b", r"get\b", r"build\b")),
    ((r"create_container\b", r"ContainerSpec\b"),),
    ((r"Client\b", r"from_env\b", r"api\b"), (r"pull\b", r"build\b")),
)
_KUBERNETES: tuple[_Lines, ...] = (
    (
        (r"V1Container\b", r"V1EphemeralContainer\b", r"V1ImageVolumeSource\b"),
        (r"image\s*=", r"reference\s*="),
    ),
)
_CLUES: dict[str, tuple[_Lines, ...]] = {
    "docker": _DOCKER_IMPORTS,
    "podman": _DOCKER_IMPORTS,
    "testcontainers": (((r"Container\b(?<=[\w\x80-\xff]Container)", r"DockerImage\b"),),),
    "airflow": (
        (
            (
                r"DockerOperator\b",
                r"SwarmOperator\b",
                r"PodOperator\b",
                r"JobOperator\b",
                r"KubernetesOperator\b",
                r"InstancesOperator\b",
                r"\.docker\s*\(",
                r"\.kubernetes(?:_cmd)?\s*\(",
                r"docker_task\b",
                r"kubernetes_task\b",
                r"kubernetes_cmd_task\b",
            ),
            (r"image\s*=",),
        ),
    ),
    "kfp": (
        (
            (
                _whole("ContainerSpec"),
                _whole("ContainerOp"),
                _whole("InitContainer"),
                _whole("UserContainer"),
                _whole("Sidecar"),
                r"base_image\s*=",
                r"create_component_from_func(?:_v2)?\b",
                r"func_to_container_op\b",
            ),
        ),
    ),
    "kubernetes": _KUBERNETES,
    "kubernetes_asyncio": _KUBERNETES,
}
_CLUES_OF_TIERS: tuple[_Lines, ...] = ((("image", "from_"),),)


class _Package(NamedTuple):
    name: bytes
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    """One of them finds where the package is imported."""
    groups: tuple[tuple[tuple[re.Pattern[bytes], ...], ...], ...]
    """What else has to be there: one of each line of one of them."""


class _Search(NamedTuple):
    imports: tuple[re.Pattern[bytes], re.Pattern[bytes]]
    """One of them finds where any of the packages is imported."""
    packages: tuple[_Package, ...]
    anywhere: tuple[bytes, ...]
    """What makes a file worth a look whatever it imports."""


def worth_parsing(data: bytes, calls: Calls) -> bool:
    """Tell whether ``data``, the bytes of Python code in whatever encoding or wrapping, may call a known callee.

    20 µs for an ordinary file.
    """
    search = _search(calls)
    if any(pattern.search(data) for pattern in search.imports):
        for package, imports, groups in search.packages:
            if (
                package in data
                and any(pattern.search(data) for pattern in imports)
                and any(all(any(clue.search(data) for clue in clues) for clues in lines) for lines in groups)
            ):
                return True
    return any(word in data for word in search.anywhere)


@lru_cache(maxsize=8)
def _search(calls: Calls) -> _Search:
    callees = [callee for callee in CALLEES if not callee.tier or callee.tier in calls.tiers]
    clues = {
        (root, lines) for callee in callees for root in callee.roots for lines in _CLUES.get(root, _CLUES_OF_TIERS)
    }
    anywhere = set(LOOSE_PARAMETERS) if "loose" in calls.tiers else set()
    for text in calls.own:
        root, *rest = text.rpartition(":")[0].split(".")
        if root == "*":
            anywhere.add(rest[-1])
        else:
            clues.add((root, ((re.escape(rest[-1]),),)))
    return _Search(
        _imports({root for root, _ in clues}),
        tuple(
            _Package(
                root.encode(),
                _imports((root,)),
                tuple(tuple(map(_compiled, lines)) for name, lines in sorted(clues) if name == root),
            )
            for root in sorted({root for root, _ in clues})
        ),
        tuple(sorted(word.encode() for word in anywhere)),
    )


def _imports(packages: Iterable[str]) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    names = "|".join(sorted(map(re.escape, packages))).encode()
    # Each begins with a word to search for, which is ten times as fast as a choice of several.
    several = rb"import[ \t]+(?:[^\s,]++(?:[ \t]+as[ \t]+[^\s,]++)?[ \t]*,[ \t\\\r\n]*)*?(?:%b)\b"
    return re.compile(rb"from[ \t]+(?:%b)\b" % names), re.compile(several % names)


def _compiled(clues: Iterable[str]) -> tuple[re.Pattern[bytes], ...]:
    return tuple(re.compile(clue.encode()) for clue in clues)
