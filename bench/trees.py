"""Generate trees of Dockerfiles and compose files for the benchmarks: synthetic, reproducible, of real shape."""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_IMAGES = (
    "python:3.12-slim",
    "golang:1.23",
    "node:22-alpine",
    "debian:bookworm",
    "nginx:1.27",
    "redis:7",
    "postgres:16",
)


def pinned(image: str) -> str:
    return f"{image}@sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def dockerfile(choice: random.Random, *, pin: bool = True) -> str:
    name = pinned if pin else str
    build, runtime, tool = (name(choice.choice(_IMAGES)) for _ in range(3))
    packages = " \\\n".join(f"      package-{choice.randrange(900)}" for _ in range(choice.randrange(2, 9)))
    steps = "\n".join(f"RUN make step-{number} && echo done" for number in range(choice.randrange(1, 6)))
    return (
        f"# The service's image\nFROM {build} AS build\nWORKDIR /src\nCOPY go.mod go.sum ./\n"
        f"RUN --mount=type=cache,target=/root/.cache \\\n    apt-get update && apt-get install -y \\\n{packages}\n"
        f"COPY . .\n{steps}\n\nFROM {runtime}\nENV PORT=8080 \\\n    MODE=production\n"
        f"COPY --from=build /src/out /app\nCOPY --from={tool} /bin/tool /bin/tool\nEXPOSE 8080\n"
        'USER nobody\nENTRYPOINT ["/app/server"]\nCMD ["--serve"]\n'
    )


def compose(choice: random.Random, *, pin: bool = True) -> str:
    name = pinned if pin else str
    services = "".join(
        f"  service{number}:\n    image: {name(choice.choice(_IMAGES))}\n    restart: unless-stopped\n"
        f'    ports:\n      - "{8000 + number}:80"\n    environment:\n      MODE: production\n'
        f"      LEVEL: {choice.randrange(9)}\n    volumes:\n      - data{number}:/data\n"
        for number in range(choice.randrange(2, 5))
    )
    return f"# The stack\nservices:\n{services}volumes:\n  data0: {{}}\n"


def write_tree(folder: Path, dockerfiles: int, composes: int, *, pin: bool = True) -> None:
    choice = random.Random(7)
    for number in range(max(dockerfiles, composes)):
        service = folder / f"team{number // 100:02}" / f"service{number:04}"
        service.mkdir(parents=True)
        if number < dockerfiles:
            (service / "Dockerfile").write_text(dockerfile(choice, pin=pin))
        if number < composes:
            (service / "compose.yaml").write_text(compose(choice, pin=pin))


def deployment(choice: random.Random, number: int, *, pin: bool = True) -> str:
    """Return one document of a bundle, ``---`` before it."""
    image = pinned if pin else str
    name = f"service-{number}"
    containers = "".join(
        f"        - name: container-{each}\n          image: {image(choice.choice(_IMAGES))}\n"
        f'          args: ["--port", "80{each}0", --verbose]\n          ports:\n            - name: http\n'
        f"              containerPort: 80{each}0\n              protocol: TCP\n          env:\n"
        f'            - name: LEVEL\n              value: "{choice.randrange(9)}"\n            - name: SECRET\n'
        f"              valueFrom:\n                secretKeyRef:\n                  name: {name}-secret\n"
        f"                  key: token\n          resources:\n            requests:\n"
        f"              cpu: {choice.randrange(1, 9)}00m\n              memory: {choice.randrange(1, 9)}28Mi\n"
        f"          readinessProbe:\n            httpGet:\n              path: /healthz\n              port: http\n"
        f"            initialDelaySeconds: {choice.randrange(30)}\n          volumeMounts:\n"
        f"            - name: data\n              mountPath: /data\n"
        for each in range(choice.randrange(1, 4))
    )
    return (
        f"---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: team-{number % 40}\n"
        f"  labels:\n    app.kubernetes.io/name: {name}\n    app.kubernetes.io/part-of: shop\nspec:\n"
        f"  replicas: {choice.randrange(1, 9)}\n  selector:\n    matchLabels:\n"
        f"      app.kubernetes.io/name: {name}\n  template:\n    metadata:\n      labels:\n"
        f"        app.kubernetes.io/name: {name}\n    spec:\n      serviceAccountName: {name}\n      containers:\n"
        f"{containers}      volumes:\n        - name: data\n          emptyDir: {{}}\n"
    )


def bundle(choice: random.Random, size: int, *, pin: bool = True) -> str:
    """Return the documents of about ``size`` characters: every one names images."""
    documents: list[str] = []
    written = 0
    while written < size:
        documents.append(deployment(choice, len(documents), pin=pin))
        written += len(documents[-1])
    return "".join(documents)


def write_mixed_tree(folder: Path, files: int, images: list[str]) -> None:
    """Write ``files`` files, two Dockerfiles to a compose file, that name each of ``images`` at least once."""
    choice = random.Random(7)
    names = [*images, *(choice.choice(images) for _ in range(2 * files))]
    choice.shuffle(names)
    for number in range(files):
        service = folder / f"service{number:04}"
        service.mkdir(parents=True)
        first, second = names[2 * number : 2 * number + 2]
        if number % 3:
            text = f"FROM {first} AS build\nRUN make\n\nFROM {second}\nCOPY --from=build /out /app\n"
            (service / "Dockerfile").write_text(text, newline="\n")
        else:
            text = f"services:\n  web:\n    image: {first}\n  db:\n    image: {second}\n"
            (service / "compose.yaml").write_text(text, newline="\n")


def write_python_tree(root: Path, files: int, choice: random.Random) -> int:
    """Write ``files`` Python modules that name no image; return how many bytes they are.

    One in twenty imports a library that pinner looks for, so that not all are done after a search of their bytes.
    """
    size = 0
    for number in range(files):
        folder = root / f"package{number // 100:03}"
        folder.mkdir(exist_ok=True)
        text = _module(choice)
        (folder / f"module{number:05}.py").write_text(text, newline="\n")
        size += len(text)
    return size


def _module(choice: random.Random) -> str:
    library = choice.choice(("docker", "kubernetes", "airflow")) if choice.random() < 0.05 else "json"
    functions = "\n\n".join(
        f"def step_{number}(value: int, factor: float = {choice.randrange(9)}.5) -> dict[str, float]:\n"
        f'    """Return what step {number} makes of `value`."""\n'
        f"    total = sum(item * factor for item in range(value) if item % {choice.randrange(2, 7)})\n"
        f'    if total > {choice.randrange(900)}:\n        raise ValueError(f"too much: {{total}}")\n'
        f'    return {{"total": total, "image": float(value), "name-{number}": factor}}\n'
        for number in range(choice.randrange(3, 25))
    )
    return f'"""A module of a made-up program."""\n\nimport os\nimport {library}\n\nNAME = "made-up"\n\n\n{functions}'
