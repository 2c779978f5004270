from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pinner.formats.python import worth_parsing
from pinner.formats.python.known_calls import CALLEES, Callee
from pinner.model import Calls

TAKING = [callee for callee in CALLEES if callee.parameters]
ASKED = Calls(tiers=tuple({callee.tier for callee in CALLEES if callee.tier}))
IMPORTS = [
    "import {}",
    "import os.path as é, {} as x",
    "import os ,\t\\\n  {}.a,sys",
    "from {}.a import b",
    "from  {}  import b",
    "x = 1;from {} import(\nb)",
]


@pytest.mark.parametrize("callee", TAKING, ids=lambda callee: f"{callee.roots[0]}-{callee.pattern}")
@settings(max_examples=10)
@given(st.data())
def test_every_call_of_the_table_is_seen(callee: Callee, data: st.DataObject) -> None:
    root = data.draw(st.sampled_from(callee.roots))
    head = data.draw(st.sampled_from(IMPORTS)).format(root)
    name = data.draw(st.from_regex(callee.pattern, fullmatch=True))
    parameter = data.draw(st.sampled_from(callee.parameters))
    argument = "'a:1'" if callee.position is not None and data.draw(st.booleans()) else f"{parameter}='a:1'"
    assert worth_parsing(f"{head}\n{name}({argument})\n".encode(), ASKED)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "import json\nclient.containers.run('a:1')",
        "# docker\nclient.containers.run('a:1')",
        "import dockerfile\nclient.containers.run('a:1')",
        "from kubernetes import client\nclient.V1ContainerPort(80)\nclient.V1ContainerStatus(image='a:1')",
        "from airflow.operators.bash import BashOperator\nBashOperator()",
        "from kfp import dsl\n@dsl.component\ndef f(): pass",
        "import docker\ndocker.from_env().ping()",
        "import docker\nservices = docker.from_env().containers.list()",
        "import airflow\nservice = 'docker'\nclient.containers.run('a:1')",
        "from kfp.dsl import structures\nstructures.ContainerSpecImplementation('a:1', base_images=[])",
        "from kfp import pipeline_spec_pb2 as p\np.PipelineContainerSpec(image='a:1')",
        "from testcontainers.core.waiting_utils import wait\nwait('for the Container')",
    ],
)
def test_what_takes_no_image_is_not_parsed(code: str) -> None:
    assert not worth_parsing(code.encode(), Calls())


@pytest.mark.parametrize(
    ("own", "code", "seen"),
    [
        ("my.module.Runner.start:image", "from my.module import Runner\nRunner().start(image='a:1')", True),
        ("my.module.Runner.start:image", "from my.module import Runner\nRunner().stop()", False),
        ("my.module.Runner.start:image", "from your.module import Runner\nRunner().start(image='a:1')", False),
        ("*.start_with:0", "runner.start_with('a:1')", True),
        ("*.start_with:0", "runner.start('a:1')", False),
        ("docker.other.go:0", "import docker\ndocker.other.go('a:1')", True),
    ],
)
def test_calls_of_the_users_own_are_seen(own: str, code: str, seen: bool) -> None:  # noqa: FBT001
    assert worth_parsing(code.encode(), Calls(own=(own,))) is seen


@pytest.mark.parametrize("name", ["ContainerSpec", "ContainerOp", "Sidecar"])
def test_a_word_that_begins_a_line_of_a_notebook_is_seen(name: str) -> None:
    assert worth_parsing(f'["from kfp.dsl import *\\n{name}(1)"]'.encode(), Calls())
