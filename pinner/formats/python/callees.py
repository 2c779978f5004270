"""The callables that take an image, as data: whose they are, what they are called, which parameter it is."""

from __future__ import annotations

import re

from pinner.lean import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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
