import dagger
import modal
import ray
from dagger import dag
from flytekit import task
from prefect.infrastructure import DockerContainer

dag.container().from_("alpine:3.20")
modal.Image.from_registry("python:3.12")
ray.init(runtime_env={"image_uri": "rayproject/ray:2.40.0"})
DockerContainer(image="prefecthq/prefect:3")


@task(container_image="ghcr.io/acme/flyte:1")
def step() -> None: ...
