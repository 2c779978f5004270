from kfp import dsl


@dsl.component(base_image="python:3.12", target_image="ghcr.io/acme/built:1")
def train(rows: int) -> int:
    return rows


@dsl.container_component
def say():
    return dsl.ContainerSpec(image="alpine:3.20", command=["echo"])


def old():
    return dsl.ContainerOp("name", "busybox:1.37")
