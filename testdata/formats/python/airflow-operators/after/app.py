from airflow.decorators import task
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.docker.operators.docker import DockerOperator

run = DockerOperator(task_id="run", image="python:3.12-slim@sha256:ea59dc550ffd7fa7cb400f9672cfa8ecb593f62c713ef73433a765b32dab4bac", command="python -V")
pod = KubernetesPodOperator(
    task_id="pod",
    name="pod",
    image="ghcr.io/acme/job:2024.1@sha256:8f4571ff31c2e9a094f99d694ec6c74b60320e06691566c63d46bc6ccf9f1c8d",  # nightly
)


@task.docker(image="python:3.12-slim@sha256:ea59dc550ffd7fa7cb400f9672cfa8ecb593f62c713ef73433a765b32dab4bac")
def inside() -> None: ...


@task.kubernetes(image="python:3.12@sha256:9f39de2cc07aeb65b0c8d87b811d86acce5f86cd7b201b9e906d875b03aa70ff", name="k")
def in_a_pod() -> None: ...
