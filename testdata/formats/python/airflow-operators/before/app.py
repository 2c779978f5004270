from airflow.decorators import task
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.docker.operators.docker import DockerOperator

run = DockerOperator(task_id="run", image="python:3.12-slim", command="python -V")
pod = KubernetesPodOperator(
    task_id="pod",
    name="pod",
    image="ghcr.io/acme/job:2024.1",  # nightly
)


@task.docker(image="python:3.12-slim")
def inside() -> None: ...


@task.kubernetes(image="python:3.12", name="k")
def in_a_pod() -> None: ...
