from __future__ import annotations

import pytest
from pythonplaces import CONTAINER, DOCKER, found, places

from pinner.formats.python import worth_parsing
from pinner.formats.python.known_calls import CALLEES
from pinner.model import Calls

AIRFLOW = "from airflow.providers.{} import {}\n"


@pytest.mark.parametrize(
    "code",
    [
        'import docker\ndocker.from_env().containers.run("a:1")',
        'import docker as d\nd.DockerClient(x).containers.create("a:1")',
        'from docker import from_env\nc = from_env()\nc.services.create("a:1")',
        'from docker.client import DockerClient\nDockerClient().images.pull("a:1")',
        'import docker.client\ndocker.client.from_env().images.get(name="a:1")',
        'import docker\nwith docker.from_env() as c:\n    c.images.get("a:1")',
        'import docker\nc = None\ndef f():\n    global c\n    c = docker.from_env()\n    c.images.get("a:1")',
        'import docker\nc = x or docker.from_env()\nc.images.get("a:1")',
        'import docker\nc = docker.from_env() if x else docker.DockerClient()\nc.images.get("a:1")',
        'import docker\n(c := docker.from_env()).images.get("a:1")',
        'import docker\nc: docker.DockerClient = x()\nc.images.get("a:1")',
        'import docker\ndef f(e: docker.DockerClient):\n    e.images.get("a:1")',
        'import docker\ndef f(e: docker.DockerClient | None = None):\n    e.images.get("a:1")',
        'import docker\nfrom typing import Optional\ndef f(e: Optional[docker.DockerClient]):\n    e.images.get("a:1")',
        'import docker\nclass C:\n    e = docker.from_env()\n    def f(self):\n        self.e.images.get("a:1")',
        'import docker\nclass C:\n def g(s):\n  s.e = docker.from_env()\n def f(self):\n  self.e.images.get("a:1")',
        'import docker\ndocker.APIClient().create_container("a:1")',
        'import docker\nc = docker.from_env()\nc.api.pull(repository="a:1", tag=None)',
        'import docker\ndef f(engine):\n    engine.containers.run("a:1")',
        'import docker\nself.x.y.containers.create(image="a:1")',
        'import docker\nget_it().images.pull("a:1", tag="")',
        'import docker\ndef get(): ...\nget().containers.run("a:1")',
        'import docker\ndef f(x):\n    x().containers.run("a:1")',
        'import docker\nfrom acme import connect\nc = connect()\nc.containers.run("a:1")',
        'import docker\nclients = {}\nc = clients["a"]\nc.containers.run("a:1")',
        'import docker\nself.docker_client.images.get("a:1")',
        'import docker\nself._client().create_container("a:1")',
        'import os, docker\ndef f(cli):\n    cli.create_container("a:1")',
        'from docker.types import ContainerSpec\nContainerSpec("a:1")',
        'import docker\ndocker.types.ContainerSpec(image="a:1")',
        'def f():\n    import docker\n    docker.from_env().containers.run("a:1")',
        'async def f():\n    import podman\n    await (await podman.PodmanClient()).containers.run("a:1")',
        'from testcontainers.postgres import PostgresContainer\nPostgresContainer("a:1")',
        'from testcontainers.mysql import MySqlContainer as M\nM(image="a:1")',
        'import testcontainers.redis\ntestcontainers.redis.RedisContainer("a:1")',
        'from testcontainers.redis import *\nRedisContainer("a:1")',
        'from testcontainers.selenium import BrowserWebDriverContainer\nBrowserWebDriverContainer(c, o, "a:1")',
        'from testcontainers.generic import ServerContainer\nServerContainer(80, image="a:1")',
        DOCKER + CONTAINER + 'class A(DockerContainer): ...\nA(image="a:1")',
        CONTAINER + 'class A(DockerContainer):\n    def __init__(self):\n        super().__init__("a:1")',
        CONTAINER + "class A(DockerContainer):\n    def __init__(self):\n        if x:\n"
        '            f = lambda: super().__init__(image="a:1")',
        AIRFLOW.format("docker.operators.docker", "DockerOperator") + 'DockerOperator(task_id="x", image="a:1")',
        AIRFLOW.format("docker.operators", "docker as d") + 'd.DockerOperator(image="a:1")',
        AIRFLOW.format("docker.operators.docker_swarm", "DockerSwarmOperator") + 'DockerSwarmOperator(image="a:1")',
        AIRFLOW.format("cncf.kubernetes.operators.pod", "KubernetesPodOperator")
        + 'KubernetesPodOperator.partial(x=1)\nKubernetesPodOperator(image="a:1")',
        AIRFLOW.format("cncf.kubernetes.operators.pod", "KubernetesPodOperator")
        + 'KubernetesPodOperator.partial(task_id="x", image="a:1").expand(arguments=[])',
        AIRFLOW.format("cncf.kubernetes.operators.kueue", "KubernetesStartKueueJobOperator")
        + 'KubernetesStartKueueJobOperator(image="a:1")',
        'import docker, functools\nfunctools.partial(docker.from_env().containers.run, "a:1")',
        'import docker\nfrom functools import partial as p\np(c.containers.run, image="a:1", detach=True)()',
        CONTAINER + 'from functools import partial\npartial(DockerContainer, "a:1")',
        'import docker\ndef f(e: "docker.DockerClient"):\n    e.images.get("a:1")',
        'from docker import DockerClient\ndef f(e: "DockerClient | None" = None):\n    e.images.get("a:1")',
        'from airflow.decorators import task\n@task.docker(image="a:1")\ndef f(): ...',
        'from airflow.sdk import task\n@task.kubernetes_cmd(image="a:1")\nasync def f(): ...',
        'from kfp import dsl\n@dsl.component(base_image="a:1")\ndef f(): ...',
        'from kfp.dsl import ContainerSpec\nContainerSpec("a:1", command=[])',
        'import kfp\nkfp.dsl.ContainerOp("name", "a:1")',
        'import kfp.components as c\nc.create_component_from_func(f, None, "a:1")',
        'from kubernetes import client\nclient.V1Container(name="x", image="a:1")',
        'from kubernetes.client import models as k8s\nk8s.V1ImageVolumeSource(reference="a:1")',
        'from kubernetes_asyncio.client import V1EphemeralContainer\nV1EphemeralContainer(image="a:1")',
        'import docker\ntry:\n    client = docker.from_env()\nexcept E:\n  client = None\nclient.containers.run("a:1")',
    ],
)
def test_a_known_callee_takes_an_image(code: str) -> None:
    assert found(code + "\n") == ["a:1"]


@pytest.mark.parametrize(
    "code",
    [
        # another library, or nobody's
        'from acme import DockerContainer\nimport docker\nDockerContainer("a:1")',
        'from .docker import from_env\nfrom_env().containers.run("a:1")',
        'from acme import docker\ndocker.from_env().containers.run("a:1")',
        'import docker.containers\nfrom acme.containers import run\nrun("a:1")',
        'import docker\nfrom acme import Client\nClient().containers.run("a:1")',
        'import docker\nfrom acme import Client\nc: Client = x\nc.containers.run("a:1")',
        'import docker\nfrom unittest.mock import Mock\nclient = Mock()\nclient.containers.run("a:1")',
        'import docker\nfrom unittest import mock\nmock.client.containers.run("a:1")',
        'import docker\nfrom unittest.mock import patch\nwith patch("x") as m:\n    m.containers.run("a:1")',
        (
            "import docker\nfrom unittest.mock import create_autospec\nc = create_autospec(docker.DockerClient)\n"
            'c.containers.run("a:1")'
        ),
        'import docker\ndef test(mocker):\n    c = mocker.patch("x").y\n    c.containers.run("a:1")',
        'import docker\ndef test(mock_client):\n    mock_client.containers.run("a:1")',
        'import docker\nself.mocked_docker.images.get("a:1")\nDockerMock().create_container("a:1")',
        'import docker\ndef test(f):\n    f.return_value.containers.run("a:1").side_effect.containers.run("a:1")',
        'import docker\nfrom functools import partial\npartial()\npartial(f, "a:1")\npartial(*x)',
        'import docker\nfrom acme import partial\npartial(c.containers.run, "a:1")',
        (
            'import docker\ndef f(e: "acme.Client", g: "not an annotation", h: "1", *, i: "1 +"):\n'
            '    e.images.get("a:1")\n    g.images.get("a:1")\n    h.images.get("a:1")\n    i.images.get("a:1")'
        ),
        'import docker\nclass Client: ...\nc = Client()\nc.containers.run("a:1")',
        'import docker\nc = {}\nc.images.pull("a:1")',
        'import docker\nclass C:\n    e = []\n    def f(self):\n        self.e.containers.run("a:1")',
        # what shadows an import
        CONTAINER + 'class DockerContainer: ...\nDockerContainer("a:1")',
        CONTAINER + 'def DockerContainer(image): ...\nDockerContainer("a:1")',
        CONTAINER + 'def f(DockerContainer):\n    DockerContainer("a:1")',
        CONTAINER + 'def f():\n    from acme import DockerContainer\n    DockerContainer("a:1")',
        CONTAINER + 'DockerContainer = lambda x: x\nDockerContainer("a:1")',
        # the same words, said of something else
        'import docker\nclient.containers.get("a:1")',
        'import docker\nclient.containers.run.assert_called_with("a:1")',
        'import docker\nclient.containers.run.side_effect("a:1")',
        'import docker\nself.images.get("a:1")\nimages.get("a:1")',
        'import docker\nself.create_container("a:1")\nrepository.pull("a:1")\ncontainers("a:1")',
        'import docker\ndocker.from_env().images.push("a:1")\ndocker.from_env().images.remove("a:1")',
        'import docker\ndocker.from_env().images.search("a:1").tag("a:1")',
        'import docker\ndocker.from_env().containers.run(command="a:1")',
        'import docker\ndocker.from_env().containers.run(*x, "a:1")',
        'from testcontainers.core.network import Network\nNetwork("a:1")',
        'from testcontainers.core.waiting_utils import wait_container_is_ready\nwait_container_is_ready("a:1")',
        CONTAINER
        + 'DockerContainer("a:1".__class__)\nDockerContainer.with_name("a:1")'.replace('("a:1".__class__)', "()"),
        CONTAINER + 'class A(DockerContainer): ...\nA("a:1")',
        CONTAINER + 'class A(DockerContainer):\n    def __init__(self, image): ...\nA(image="a:1")',
        CONTAINER + 'class A(x):\n    def __init__(self):\n        super().__init__("a:1")',
        CONTAINER + 'class A(DockerContainer):\n    def f(self):\n        super().f("a:1")\nsuper().__init__("a:1")',
        'from kubernetes import client\nclient.V1ContainerStatus(image="a:1")\nclient.V1ContainerImage(names=["a:1"])',
        'from airflow import DAG\nDAG("a:1", image="a:1")',
        AIRFLOW.format("docker.operators.docker", "DockerOperator") + 'DockerOperator("a:1")',
        'from kfp import dsl\ndsl.pipeline(name="a:1", image="a:1")\ndsl.importer(artifact_uri="a:1")',
    ],
)
def test_what_only_looks_like_one_does_not(code: str) -> None:
    assert places(code + "\n") == ()


@pytest.mark.parametrize("tag", ['tag="1"', '"1"', "tag=TAG", "all_tags=True", "tag=f'{x}'"])
def test_a_tag_of_its_own_overrides_a_digest(tag: str) -> None:
    assert found(f'{DOCKER}docker.from_env().images.pull("a", {tag})\n') == ["separate-tag a"]
    assert found(f'{DOCKER}docker.APIClient().pull("a", {tag})\n') == ["separate-tag a"]


@pytest.mark.parametrize("tag", ["tag=None", "None", 'tag=""', "all_tags=False"])
def test_no_tag_of_its_own_is_none(tag: str) -> None:
    assert found(f'{DOCKER}docker.from_env().images.pull("a", {tag})\n') == ["a"]


def test_what_a_file_makes_is_not_pulled() -> None:
    build = 'c = docker.from_env()\nc.images.build(path=".", tag="me/a:1")\n'
    assert found(f'{DOCKER}{build}c.containers.run("docker.io/me/a:1")\nc.containers.run("me/a:2")\n') == [
        "output me/a:1",
        "built-here docker.io/me/a:1",
        "me/a:2",
    ]
    assert found(f'{DOCKER}c.images.build(tag=name)\nc.images.build(tag="A b")\nc.containers.run("a:1")\n') == [
        "output A b",
        "a:1",
    ]
    component = 'from kfp import dsl\n@dsl.component(base_image="a:1", target_image="b:1")\ndef f(): ...\n'
    assert found(component) == ["a:1", "output b:1"]


FRAMEWORKS = [
    'from dagger import dag\ndag.container().from_("a:1")',
    'import dagger\nclient.container().with_x().from_("a:1")',
    'import modal\nmodal.Image.from_registry("a:1")',
    'from prefect.infrastructure import DockerContainer\nDockerContainer(image="a:1")',
    'from flytekit import task\n@task(container_image="a:1")\ndef f(): ...',
    'from ray.runtime_env import RuntimeEnv\nRuntimeEnv(image_uri="a:1")',
]


@pytest.mark.parametrize("code", FRAMEWORKS)
def test_frameworks_are_looked_at_when_asked_for(code: str) -> None:
    assert found(code + "\n", tiers=("frameworks",)) == ["a:1"]
    assert found(code + "\n") == []


def test_of_frameworks_too_only_the_argument_counts() -> None:
    code = (
        'import dagger, modal\nx.from_("a:1")\nmodal.Image.from_dockerfile("a:1")\nmodal.Image.debian_slim(x="a:1")\n'
    )
    assert found(code, tiers=("frameworks",)) == []
    assert found('from prefect import flow\nflow.deploy(image="a:1")\n', tiers=("frameworks",)) == []


def test_loose_takes_a_tagged_name_of_whatever_callee() -> None:
    code = 'start(image="a:1")\nx.y(container_image="b@sha256:' + "0" * 64 + '")\n'
    assert found(code, tiers=("loose",)) == ["a:1", "b@sha256:" + "0" * 64]
    assert found(code) == []
    for argument in ('image="a"', 'image="icons/b.png"', "image=c", 'image="Not one"', '"a:1"', 'x="a:1"'):
        assert found(f"start({argument})\n", tiers=("loose",)) == []
    assert found('m.assert_called_with(image="a:1")\nm.run.assert_any_call(image="a:1")\n', tiers=("loose",)) == []
    assert found("def broken(:\n  start(image='a:1')\n", tiers=("loose",)) == ["parse-error"]


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("my.module.Runner.start:image", 'from my.module import Runner\nRunner().start(image="a:1")'),
        ("my.module.Runner.start:image", 'import my.module as m\nr = m.Runner(1)\nr.start(1, image="a:1")'),
        ("my.module.Runner.start:image", 'from my.module import Runner\ndef f(r: Runner):\n    r.start(image="a:1")'),
        ("my.module.Runner.start:image", 'from my import module\nmodule.Runner.start(image="a:1")'),
        ("my.run:1", 'from my import run as go\ngo("x", "a:1")'),
        ("my.run:0", 'import my\nmy.run("a:1")'),
        ("*.start_image:0", 'anything().x.start_image("a:1")'),
        ("*.start_image:name", 'start_image(name="a:1")'),
        ("*.Runner.start:0", 'self.Runner.start("a:1")'),
    ],
)
def test_own_calls(call: str, code: str) -> None:
    assert found(code + "\n", call) == ["a:1"]
    assert found(code + "\n") == []
    assert worth_parsing(code.encode(), Calls((call,)))


@pytest.mark.parametrize(
    "code",
    [
        'from my.module import Runner\nRunner().stop(image="a:1")',
        'from my.module import Runner\nRunner().start("a:1")',
        'from my.module import Runner\nRunner().start(picture="a:1")',
        'from other.module import Runner\nRunner().start(image="a:1")',
        'from my.module import xRunner\nxRunner().start(image="a:1")',
    ],
)
def test_own_calls_are_the_ones_that_were_named(code: str) -> None:
    assert found(code + "\n", "my.module.Runner.start:image") == []


def test_an_own_call_comes_before_the_table() -> None:
    assert found(f'{CONTAINER}DockerContainer("a:1", "b:1")\n', "testcontainers.core.container.DockerContainer:1") == [
        "b:1"
    ]


def test_own_calls_make_readers_of_a_constant_agree() -> None:
    code = CONTAINER + 'IMG = "a:1"\nDockerContainer(IMG)\nensure(IMG)\n'
    assert found(code) == ["arg-conflict a:1"]
    assert found(code, "*.ensure:0") == ["a:1", "a:1"]


PACKAGES = {root for callee in CALLEES for root in callee.roots}
CALLS = "x.containers.run(image=1); PostgresContainer; @task.docker(image=1); V1Container; ContainerSpec"


@pytest.mark.parametrize("root", sorted(PACKAGES))
def test_the_search_knows_every_package(root: str) -> None:
    calls = Calls((), ("frameworks",))
    for line in (
        f"import {root}",
        f"import os, {root}.x",
        f"from {root}.x import y",
        f"x = 1\r\n\tfrom\t{root} import (\n",
    ):
        assert worth_parsing(f"{line}\n{CALLS}\n".encode(), calls)
    for line in (f"import x{root}", f"from {root}x import y", f"from .{root} import y", f"{root}.x"):
        assert not worth_parsing(f"{line}\n{CALLS}\n".encode(), calls)
