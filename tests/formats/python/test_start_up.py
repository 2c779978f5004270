"""What is imported for which file: `ast` for a known call, libcst for a literal at one."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pythonplaces import CONTAINER

SCRIPT = """
import sys
# What measures coverage may have loaded them already: who asks for one from here on has it loaded again.
names = ("libcst", "ast", "tokenize")
for name in names:
    sys.modules.pop(name, None)
from pinner.formats import locate
from pinner.model import Document
located = locate(Document(sys.argv[1], sys.stdin.buffer.read()))
print(*(name in sys.modules for name in names), located is not None)
"""


def imported(path: str, code: str) -> str:
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, path], input=code.encode(), capture_output=True, check=True, timeout=600
    )
    return result.stdout.decode().strip()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("", "False"),
        ('image = "nginx:1"\n', "False"),
        ('import docker\nx.containers.list(image="a:1")\n', "False"),
        (CONTAINER + "IMAGE = 'a:1'\nDockerContainer\n", "False"),
        (CONTAINER + "DockerContainer(f'{x}:1')\nDockerContainer(y)\n", "False"),
        ("# coding: latin-1\n" + CONTAINER + "DockerContainer('Not:one')\n", "False"),
        (CONTAINER + "DockerContainer('a:1')\nDockerContainer(\"b:1\")\n", "False"),
        (CONTAINER + "DockerContainer('a' ':1')\n", "True"),
    ],
)
def test_libcst_is_imported_for_a_literal_that_is_more_than_it_shows_only(code: str, expected: str) -> None:
    assert imported("app.py", code).split()[0] == expected


def test_a_file_without_an_import_is_let_go_without_a_parser() -> None:
    assert imported("app.py", "image = 'nginx:1'\n") == "False False False False"


def test_other_formats_import_nothing_of_it() -> None:
    assert imported("Dockerfile", "FROM alpine\n").split()[:2] == ["False", "False"]
