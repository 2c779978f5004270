"""Calls that are prepared here and made later."""

from functools import partial

import docker
from airflow.providers.cncf.kubernetes.operators.kueue import KubernetesStartKueueJobOperator
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

client = docker.from_env()

run_shell = partial(client.containers.run, "alpine:3.20", remove=True)
run_named = partial(client.containers.run, image="busybox:1.36")
format_name = partial("{}:{}".format, "debian:12")

mapped = KubernetesPodOperator.partial(task_id="count", image="debian:12").expand(arguments=[["1"], ["2"]])
queued = KubernetesStartKueueJobOperator(task_id="pi", queue_name="q", image="perl:5.40")
