import os

import docker
from airflow.decorators import task
from airflow.providers.docker.operators.docker import DockerOperator
from kfp import dsl
from kubernetes import client
from testcontainers.core.container import DockerContainer
from testcontainers.postgres import PostgresContainer

NODE = "node:20"
engine = docker.from_env()
engine.containers.run(NODE)
engine.images.pull("redis", tag="7")
engine.containers.run(os.environ.get("IMAGE", "alpine:3.20"))
engine.services.create("nginx:1.27")
PostgresContainer("postgres:16")
DockerContainer(f"acme/app:{os.environ['VERSION']}")
DockerOperator(task_id="a", image="python:3.12")
client.V1Container(name="a", image="busybox:1.36")


@task.docker(image="python:3.11")
def job():
    """Runs in a container."""


@dsl.component(base_image="python:3.10")
def train():
    """Runs in a container."""
