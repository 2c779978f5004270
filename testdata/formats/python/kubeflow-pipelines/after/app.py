from kfp import dsl


@dsl.component(base_image="python:3.12@sha256:9f39de2cc07aeb65b0c8d87b811d86acce5f86cd7b201b9e906d875b03aa70ff", target_image="ghcr.io/acme/built:1")
def train(rows: int) -> int:
    return rows


@dsl.container_component
def say():
    return dsl.ContainerSpec(image="alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219", command=["echo"])


def old():
    return dsl.ContainerOp("name", "busybox:1.37@sha256:b606ab8238fb2ffb1f1bfea94c26a87238623870cb315cf440156192c92ccd19")
