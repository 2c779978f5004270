"""Image positions of GitHub Actions, GitLab, Azure, Bitbucket, CircleCI, Drone, other CI, ko, goreleaser.

Sources: actions/runner (workflow-v1.0.json, ActionManager.cs), GitLab's ci.json, SchemaStore (Cloud Build, CircleCI,
Bitbucket, Drone), woodpecker's schema, Microsoft Learn (Azure Pipelines), Cirrus CI's docs, ko's and goreleaser's.
"""

from __future__ import annotations

from pinner.formats.ci.position_types import Dialect, Position

_DOCKER = "docker://"
_YAML = r"\.ya?ml$"

GITHUB = Dialect(
    "github",
    (
        *(
            Position(kind, f"jobs/*/{path}", strip=_DOCKER)
            for kind, path in (
                ("container", "container"),
                ("container", "container/image"),
                ("service", "services/*"),
                ("service", "services/*/image"),
            )
        ),
        Position("uses", "jobs/*/steps/[]/uses", strip=_DOCKER, required=True),
        Position("uses", "runs/steps/[]/uses", strip=_DOCKER, required=True),
        Position("action-image", "runs@/image", strip=_DOCKER, required=True, fold=True, when=(("using", "^docker$"),)),
    ),
    names=rf"(?:^|/)(?:\.(?:github|gitea|forgejo)/workflows/|workflow-templates/)[^/]*{_YAML}|(?:^|/)action{_YAML}",
    words=("workflows/", "workflow-templates/", "action.y"),
    root=("jobs", "runs"),
    shapes=(("on", "jobs/*/{steps,uses,runs-on}"), ("runs/using",)),
    likely=_YAML,
    expression=r"\$\{\{",
    variables="github",
    signs=(b"runs-on", b"using", b"steps", b"uses"),
)

# Root keys that are no jobs (GitLab, "CI/CD YAML syntax reference": global keywords).
_NO_JOB = "!{variables,include,stages,workflow,spec,cache,image,services,before_script,after_script,types}"
GITLAB = Dialect(
    "gitlab",
    tuple(
        Position(kind, f"{start}{path}")
        for start in ("", f"{_NO_JOB}/")
        for kind, path in (
            ("image", "image"),
            ("image", "image/name"),
            ("service", "services/[]"),
            ("service", "services/[]/name"),
        )
    ),
    names=rf"\.gitlab-ci[^/]*{_YAML}|(?:^|/)\.gitlab-ci\.d/(?:[^/]+/){{0,3}}[^/]*{_YAML}",
    words=(".gitlab-ci",),
    shapes=(
        *((f"{_NO_JOB}/{key}",) for key in ("script", "trigger", "extends")),
        *((key,) for key in ("image", "services", "default", "include", "stages")),
    ),
    # Parts that are included, and components, whose first document is `spec`.
    likely=rf"(?:^|/)\.?gitlab(?:-ci)?/(?:[^/]+/){{0,3}}[^/]*{_YAML}|(?:^|/)templates/(?:[^/]+/)?[^/]*{_YAML}",
    # What `include` and `trigger` name may be anywhere: jobs with their stage, and hidden ones.
    anywhere=(
        *((where, f"{_NO_JOB}/{key}") for where in (f"{_NO_JOB}/stage", "stages") for key in ("script", "extends")),
        *((rf"~^\./{key}",) for key in ("script", "before_script", "stage", "rules")),
    ),
    expression=r"\$",
    variables="gitlab",
    signs=(b"script:", b"trigger:", b"stages:", b"default:", b"stage:", b"rules:"),
)

CLOUD_BUILD = Dialect(
    "cloudbuild",
    (Position("step", "steps/[]/name"),),
    names=r"cloudbuild[^/]*\.(?:ya?ml|json)$",
    words=("cloudbuild",),
    root=("steps",),
    shapes=(
        (r"steps/[]/name=^(?:[a-z]+\.)?gcr\.io/|^[a-z0-9-]+-docker\.pkg\.dev/", "steps/[]/{args,entrypoint,script}"),
    ),
    likely=_YAML,
    expression=r"\$",
    builds=True,
    signs=(b"gcr.io/", b"-docker.pkg.dev/"),
)

_CIRCLE = ("jobs", "executors")
# An orb that stands in the configuration itself may have orbs in it.
_ORBS = ("", "orbs/*/", "orbs/*/orbs/*/", "orbs/*/orbs/*/orbs/*/")
CIRCLECI = Dialect(
    "circleci",
    tuple(Position(key[:-1], f"{start}{key}/*/docker/[]/image") for start in _ORBS for key in _CIRCLE),
    names=rf"(?:^|/)\.circleci/(?:[^/]+/){{0,3}}[^/]*{_YAML}",
    words=(".circleci/",),
    root=(*_CIRCLE, "orbs"),
    shapes=tuple(("version", f"{start}{key}/*/docker/[]/image") for start in _ORBS[:2] for key in _CIRCLE),
    likely=_YAML,
    expression="<<",
    unread=r"^(?!(?:version|setup|orbs|commands|executors|jobs|workflows|parameters)$)",
    signs=(b"docker:", b'docker":'),
)

_WOODPECKER = ("steps", "pipeline", "services", "clone")
WOODPECKER = Dialect(
    "woodpecker",
    tuple(Position(key, f"{key}/{items}/image") for key in _WOODPECKER for items in ("*", "[]")),
    names=rf"(?:^|/)\.woodpecker(?:[^/]*|/(?:[^/]+/){{0,3}}[^/]*){_YAML}",
    words=(".woodpecker",),
    root=_WOODPECKER,
    expression=r"\$\{",
    unread="^variables$",
)

_DRONE = (("kind", "^pipeline$"), ("type", "^(?:docker|kubernetes|)$"))
_DRONE_0_8 = (("kind", "^$"), ("type", "^$"))
DRONE = Dialect(
    "drone",
    (
        Position("step", "@/steps/[]/image", when=_DRONE),
        Position("service", "@/services/[]/image", when=_DRONE),
        *(
            Position(kind, f"@/{path}/image", when=_DRONE_0_8)
            for kind, path in (
                ("step", "steps/[]"),
                ("service", "services/[]"),
                ("pipeline", "pipeline/*"),
                ("service", "services/*"),
            )
        ),
    ),
    names=rf"(?:^|/)\.drone(?:[^/]*|/(?:[^/]+/){{0,3}}[^/]*){_YAML}",
    words=(".drone",),
    root=("kind", "pipeline", "steps", "services"),
    shapes=((r"kind=^pipeline$", "steps/[]"),),
    likely=_YAML,
    expression=r"\$",
)

KO = Dialect(
    "ko",
    (Position("base-image", "defaultBaseImage"), Position("base-image", "baseImageOverrides/*")),
    names=rf"(?:^|/)\.?ko{_YAML}",
    words=("ko.y",),
    root=("defaultBaseImage", "baseImageOverrides"),
    shapes=(("defaultBaseImage",), ("baseImageOverrides/*",)),
    likely=_YAML,
)

GORELEASER = Dialect(
    "goreleaser",
    (Position("base-image", "kos/[]/base_image"),),
    names=rf"goreleaser[^/]*{_YAML}",
    words=("goreleaser",),
    root=("kos",),
)

_RESOURCE = "resources/containers/[]"
_STARTS = ("", "jobs/[]/", "stages/[]/jobs/[]/")
AZURE = Dialect(
    "azure",
    (
        Position("resource", f"{_RESOURCE}/image"),
        *(
            position
            for start in _STARTS
            for position in (
                Position("job", f"{start}container", alias=f"{_RESOURCE}/container"),
                Position("job", f"{start}container/image"),
                Position("service", f"{start}services/*", alias=f"{_RESOURCE}/container"),
            )
        ),
    ),
    names=(
        rf"azure-?pipelines?[^/]*{_YAML}|(?:^|/)\.(?:azure-?pipelines?|azuredevops|ado)/(?:[^/]+/){{0,3}}[^/]*{_YAML}"
        rf"|(?:^|/)\.vsts[^/]*{_YAML}"
    ),
    words=("azure", ".ado/", ".vsts"),
    root=("resources", "jobs", "stages", "container", "services"),
    shapes=(
        (f"{_RESOURCE}/container", f"{_RESOURCE}/image"),
        *((f"{start}{{job,deployment}}", f"{start}{{container,services}}") for start in _STARTS[1:]),
    ),
    likely=_YAML,
    expression=r"\$[(\[{]",
    transparent=r"^\$\{\{",
    signs=(b"job:", b"deployment:", b"container:"),
)

_STEPS = ("pipelines/**/step", "definitions/**/step")
BITBUCKET = Dialect(
    "bitbucket",
    (
        *(
            Position(kind, f"{path}{end}")
            for kind, path in (("image", "image"), ("service", "definitions/services/*/image"))
            for end in ("", "/name")
        ),
        *(Position("step", f"{start}/image{end}") for start in _STEPS for end in ("", "/name")),
        *(
            Position("pipe", f"{start}/{{script,after-script}}/[]/pipe", strip=_DOCKER, required=True)
            for start in _STEPS
        ),
    ),
    names=rf"(?:^|/)bitbucket[^/]*{_YAML}",
    words=("bitbucket",),
    root=("pipelines", "definitions", "image"),
    expression=r"\$",
    unread="^definitions$",
)

CIRRUS = Dialect(
    "cirrus",
    (
        Position("container", "**/{container,arm_container,windows_container,gke_container,aks_container}/image"),
        Position("container", "**/additional_containers/[]/image"),
    ),
    names=rf"(?:^|/)\.cirrus[^/]*{_YAML}",
    words=(".cirrus",),
    expression=r"\$",
)

DIALECTS = (*(GITHUB, GITLAB, CLOUD_BUILD, CIRCLECI, WOODPECKER, DRONE, KO, GORELEASER, AZURE, BITBUCKET, CIRRUS),)
