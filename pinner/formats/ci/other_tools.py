"""Image positions of Ansible plays, ECS tasks, CloudFormation, Kubeflow, Buildkite, pre-commit.

Sources: Kubeflow's pipeline_spec.proto and component.yaml, Buildkite's docker plugin and agent-stack-k8s, the
documentation of community.docker and containers.podman, pre-commit's languages/docker_image.py, the ECS API, AWS
CloudFormation's resource types.
"""

from __future__ import annotations

from pinner.formats.ci.position_types import Dialect, Position

_YAML = r"\.ya?ml$"
_NOWHERE = r"(?!)"
"""No path: such files are known by their content alone."""

_EXECUTOR = "deploymentSpec/executors/*/container/image"
_COMPONENT = "implementation/container/image"
_KUBEFLOW = (
    _EXECUTOR,
    f"pipelineSpec/{_EXECUTOR}",
    _COMPONENT,
    f"implementation/graph/tasks/*/componentRef/spec/{_COMPONENT}",
)
KUBEFLOW = Dialect(
    "kubeflow",
    tuple(Position("executor" if "executors" in path else "component", path) for path in _KUBEFLOW),
    names=_NOWHERE,
    root=("deploymentSpec", "pipelineSpec", "implementation"),
    shapes=tuple((path,) for path in _KUBEFLOW),
    likely=_YAML,
)

# `docker#v5.9.0` is short for the plugin of that name of the organisation `buildkite-plugins`; keys hold no slash here.
_PLUGIN = r"~^(?:docker|buildkite-plugins.docker|.*buildkite-plugins.docker-buildkite-plugin(?:\.git)?)(?:#|$)"
_POD = "kubernetes/podSpec/{containers,initContainers}/[]"
BUILDKITE = Dialect(
    "buildkite",
    tuple(
        Position("plugin", f"{start}/plugins/{items}{plugin}/image")
        for start in ("steps/[]", "steps/[]/steps/[]", "[]", "[]/steps/[]")
        for items in ("[]/", "")
        for plugin in (_PLUGIN, _POD)
    ),
    names=rf"(?:^|/)\.?buildkite/(?:[^/]+/){{0,3}}[^/]*{_YAML}|(?:^|/)\.?buildkite[^/]*{_YAML}",
    words=("buildkite",),
    root=("steps",),
    expression=r"\$",
    unread="^(?:common|aliases)$",
    takes_lists=True,
)

_COLLECTIONS = r"^(?:community\.(?:docker|general)\.|containers\.podman\.)?"
_PULLED = (("state", "^(?:present|)$"), ("source", "^(?:pull|)$"), ("path", "^$"), ("build", "^$"))
_RUNNING = ("docker_container", "docker_swarm_service", "podman_container")
_PULLING = ("docker_image", "docker_image_pull", "podman_image")
# Compose files that are written out in a task: `definition` is one, `compose` of docker_stack a list of them.
_COMPOSING = ("docker_compose", "docker_service", *(f"docker_compose_v2{end}" for end in ("", "_pull", "_run")))
_MODULES = (*_RUNNING, *_PULLING)
_RUN, _PULL, _MODULE, _COMPOSE, _STACK = (
    f"~{_COLLECTIONS}(?:{'|'.join(names)})$" for names in (_RUNNING, _PULLING, _MODULES, _COMPOSING, ("docker_stack",))
)
_SERVICES = (f"{_COMPOSE}/definition/services", f"{_STACK}/compose/[]/services")
ANSIBLE = Dialect(
    "ansible",
    (
        Position("container", f"**/{_RUN}@/image", when=(("state", "^(?!absent$)"),)),
        Position("image", f"**/{_PULL}@/name", when=_PULLED, rest=("tag",)),
        *(Position("service", f"**/{path}/*@/image", when=(("build", "^$"),)) for path in _SERVICES),
    ),
    names=_NOWHERE,
    shapes=((f"[]/**/{_MODULE}",), *((f"[]/**/{path}",) for path in _SERVICES)),
    likely=_YAML,
    # Ansible fills in its own first, compose what is left.
    expression=r"\{\{|\$",
    takes_lists=True,
    signs=tuple(f"{module}:".encode() for module in (*_MODULES, *_COMPOSING, "docker_stack")),
)

# Options of `docker run`, the image, its arguments (pre-commit, languages/docker_image.py). Possessive: hooks are
# somebody else's text.
_ENTRY = (
    r"\A(?:(?>--(?:entrypoint|net(?:work)?|env|volume|workdir|user|platform|mount)[ =]+\S+|-[evwu] +\S+|--?[\w-]+=\S+"
    r"|--(?:rm|init|read-only|privileged|tty|interactive)|-[it]+)\s+|(?!))*+(?P<image>[^\s\"'-][^\s\"']*+)(?=\s|\Z)"
)
_IS_IMAGE = (("language", "^docker_image$"),)
PRE_COMMIT = Dialect(
    "pre-commit",
    (
        Position("hook", "repos/[]/hooks/[]@/entry", when=_IS_IMAGE, within=_ENTRY),
        Position("hook", "[]@/entry", when=_IS_IMAGE, within=_ENTRY),
    ),
    names=rf"(?:^|/)\.pre-commit-(?:config|hooks){_YAML}",
    words=(".pre-commit-",),
    root=("repos",),
    takes_lists=True,
)

_DEFINITIONS = "containerDefinitions/[]/image"
ECS = Dialect(
    "ecs",
    (
        Position("container", _DEFINITIONS),
        Position("container", f"taskDefinition/{_DEFINITIONS}"),
        # What Terraform's `file("container-definitions.json")` reads.
        Position("container", "[]@/image", when=(("name", "."),)),
    ),
    names=r"container[-_]?definitions?[^/]*\.(?:ya?ml|json)$",
    words=("container",),
    root=("containerDefinitions", "taskDefinition"),
    shapes=((_DEFINITIONS,), (f"taskDefinition/{_DEFINITIONS}",)),
    likely=r"\.(?:ya?ml|json)$",
    expression=r"\$[{(]|<|\{\{",
    takes_lists=True,
    signs=(b"containerDefinitions",),
)

# Never `ImageUri` of AWS::Lambda::Function: Lambda refuses a tag beside a digest.
_TASK = (("Type", "^AWS::ECS::TaskDefinition$"),)
CLOUDFORMATION = Dialect(
    "cloudformation",
    (Position("container", "Resources/*@/Properties/ContainerDefinitions/[]/Image", when=_TASK),),
    names=_NOWHERE,
    root=("Resources",),
    shapes=(("Resources/*/Type=^AWS::ECS::TaskDefinition$",),),
    likely=".",
    expression=r"\$\{|\{\{",
)

DIALECTS = (KUBEFLOW, BUILDKITE, ANSIBLE, PRE_COMMIT, ECS, CLOUDFORMATION)
