"""Calls that are prepared here and made later."""

from functools import partial

import docker
from airflow.providers.cncf.kubernetes.operators.kueue import KubernetesStartKueueJobOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

client = docker.from_env()

run_shell = partial(client.containers.run, "alpine:3.20@sha256:75be9c490b21b793193f47be0daf1e1ba283c3a002c8e84091e2c871cc49f219", remove=True)
run_named = partial(client.containers.run, image="busybox:1.36@sha256:d55432289a2f69dad7e00346d00e8d4df4d0053a44dffb3f8cf463f6e3fb4b04")
format_name = partial("{}:{}".format, "debian:12")

mapped = KubernetesPodOperator.partial(task_id="count", image="debian:12@sha256:2c6047a3e5437e109e09dadb2c4d0b8f0756e1a1a2caa78e31a6dd10ee7fda01").expand(arguments=[["1"], ["2"]])
queued = KubernetesStartKueueJobOperator(task_id="pi", queue_name="q", image="perl:5.40@sha256:090644ac1b9f9fb6ffcf738665c6425a9eba2503192dc5663db3eacd13dc694d")
