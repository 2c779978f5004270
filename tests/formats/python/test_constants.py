from __future__ import annotations

import pytest
from pythonplaces import CONTAINER, DOCKER, found, mentions, skips

CALL = "DockerContainer(IMG)\n"


@pytest.mark.parametrize(
    "code",
    [
        'IMG = "a:1"\n' + CALL,
        'IMG: str = "a:1"\n' + CALL,
        'IMG: Final = "a:1"\n' + CALL,
        'IMG: str\nIMG = "a:1"\n' + CALL,
        'if x:\n    IMG = "a:1"\n' + CALL,
        'A = "a:1"\nIMG = A\n' + CALL,
        'IMG = OTHER = "a:1"\n' + CALL,
        'IMG = x.other = "a:1"\n' + CALL,
        'class C:\n    def f(self):\n        self.i = IMG = "a:1"\n        DockerContainer(self.i)\n',
        'IMG, x = "a:1", 2\n' + CALL,
        '(x, [y, IMG]) = 1, (2, "a:1")\n' + CALL,
        'def f():\n    IMG = "a:1"\n    ' + CALL,
        'IMG = "b:1"\ndef f():\n    IMG = "a:1"\n    ' + CALL,
        'IMG = "a:1"\ndef f():\n    def g():\n        ' + CALL,
        'IMG = "a:1"\nclass C:\n    IMG = "b:1"\n    def f(self):\n        ' + CALL,
        'class C:\n    IMG = "a:1"\n    x = ' + CALL,
        'IMG = "a:1"\n[DockerContainer(IMG) for x in y]\n',
        'IMG = "a:1"\nf = lambda: ' + CALL,
        'def f(IMG="a:1"):\n    ' + CALL,
        'def f(x, /, IMG="a:1", *y):\n    ' + CALL,
        'async def f(*, IMG="a:1"):\n    ' + CALL,
        'f = lambda IMG="a:1": ' + CALL,
        'import os\nIMG = os.environ.get("I", "a:1")\n' + CALL,
        'from os import environ as e\nIMG = e.get("I", default="a:1")\n' + CALL,
        'from os import getenv\ndef f(IMG=getenv("I", "a:1")):\n    ' + CALL,
        'def f():\n    global IMG\n    IMG = "a:1"\n' + CALL,
        'def f():\n    IMG = "a:1"\n    def g():\n        nonlocal IMG\n        ' + CALL,
        'if (IMG := "a:1"):\n    ' + CALL,
        '[x for y in z if (IMG := "a:1")]\n' + CALL,
        'class C:\n    I = "a:1"\n    def f(self):\n        DockerContainer(self.I)\n',
        'class C:\n    I = "a:1"\n    @classmethod\n    def f(cls):\n        DockerContainer(cls.I)\n',
        'class C:\n    I = "a:1"\nDockerContainer(C.I)\n',
        'class C:\n def __init__(self, i="a:1"):\n  self.i = i\n def f(self):\n  DockerContainer(self.i)\n',
        'class C:\n    I = "a:1"\n    def f(self):\n        def g():\n            DockerContainer(self.I)\n',
    ],
)
def test_a_value_is_followed_to_its_only_literal(code: str) -> None:
    assert found(CONTAINER + code) == ["a:1"]


@pytest.mark.parametrize(
    "code",
    [
        'IMG = "a:1"\nIMG = "b:1"\n' + CALL,
        'IMG = "a:1"\nIMG += "1"\n' + CALL,
        'IMG = "a:1"\ndel IMG\n' + CALL,
        'IMG = "a:1"\ndef f():\n    global IMG\n    IMG = "b:1"\n' + CALL,
        'IMG = "a:1"\nfor IMG in x:\n    ' + CALL,
        'IMG = "a:1"\nimport x as IMG\n' + CALL,
        'IMG = "a:1"\nclass IMG: pass\n' + CALL,
        'IMG = "a:1"\ntry: x\nexcept E as IMG: pass\n' + CALL,
        'IMG = "a:1"\nmatch x:\n    case IMG: pass\n' + CALL,
        'IMG = "a:1"\nmatch x:\n    case {**IMG}: pass\n' + CALL,
        'IMG = "a:1"\nmatch x:\n    case [*IMG]: pass\n' + CALL,
        'def f(IMG="a:1"):\n    IMG = IMG or "b:1"\n    ' + CALL,
        'IMG = None\nIMG = x or "a:1"\n' + CALL,
        'IMG = ""\nif x:\n    IMG = "a:1" if y else z\n' + CALL,
        'IMG = x\ndef f():\n    global IMG\n    IMG = None if z else "a:1"\n' + CALL,
    ],
)
def test_of_a_variable_that_is_assigned_twice_the_first_text_is_shown(code: str) -> None:
    assert found(CONTAINER + code) == ["non-literal a:1"]


@pytest.mark.parametrize(
    "code",
    [
        'IMG, *x = "a:1", 2\n' + CALL,
        'IMG, x = "a:1", *y\n' + CALL,
        "IMG, x = y\n" + CALL,
        'IMG, x = "a1"\n' + CALL,
        "IMG = x\nIMG = y\n" + CALL,
        "with x as (IMG, y):\n    " + CALL,
        "def f(IMG):\n    " + CALL,
        "def f(*IMG):\n    " + CALL,
        "def f(**IMG):\n    " + CALL,
        "[DockerContainer(IMG) for IMG in x]\n",
        'class C:\n    IMG = "a:1"\n    def f(self):\n        ' + CALL,
        'class C:\n    I = "a:1"\n    def f(self):\n        self.I = "b:1"\n        DockerContainer(self.I)\n',
        'class C:\n    I = "a:1"\nC.I = "b:1"\nDockerContainer(C.I)\n',
        'class C:\n    I = "a:1"\nx.I, y = z\nDockerContainer(C.I)\n',
        'class C:\n    I = "a:1"\n    @staticmethod\n    def f(self):\n        DockerContainer(self.I)\n',
        'class C:\n    I = "a:1"\nclass C:\n    I = "b:1"\nDockerContainer(C.I)\n',
        "class C:\n    def I(self): ...\n    def f(self):\n        DockerContainer(self.I)\n",
        "class C:\n    I: str\nDockerContainer(C.I)\n",
        "C = x\nDockerContainer(C.I)\n",
        "DockerContainer(C.I)\n",
        "IMG = IMG\n" + CALL,
        'IMG = "a:1"\nclass C:\n    def f(self):\n        DockerContainer(self.IMG)\n',
        'def f():\n    IMG = "a:1"\n' + CALL,
        "from settings import IMG\n" + CALL,
    ],
)
def test_a_value_with_more_than_one_source_is_not_followed(code: str) -> None:
    assert found(CONTAINER + code) == ["non-literal"]


def test_a_binding_in_a_pattern_counts() -> None:
    assert found(CONTAINER + 'IMG = "a:1"\nmatch x:\n    case y: pass\n' + CALL) == ["a:1"]


def test_via_names_what_the_text_goes_through_outermost_first() -> None:
    code = 'import os\nA = os.environ.get("TOOL", "a:1")\nB = A\nDockerContainer(B)\n'
    assert [occurrence.via for occurrence in mentions(CONTAINER + code)] == [("B", "A", "TOOL")]
    code = 'import os\nA = os.environ.get(NAME, "a:1")\nclass C:\n    I = A\nDockerContainer(C.I)\n'
    assert [occurrence.via for occurrence in mentions(CONTAINER + code)] == [("C.I", "A", "environment")]


def test_a_long_way_is_given_up() -> None:
    steps = "".join(f"A{number} = A{number + 1}\n" for number in range(12))
    assert found(f'{CONTAINER}{steps}A12 = "a:1"\nDockerContainer(A0)\n') == ["non-literal"]
    assert found(f'{CONTAINER}{steps}A12 = "a:1"\nDockerContainer(A6)\n') == ["a:1"]


@pytest.mark.parametrize(
    "use",
    [
        "print(IMG)",
        'print(f"starting {IMG}", "now")',
        'logger.info("starting %s", IMG)',
        "raise RuntimeError(f'no {IMG}')",
        "assert x, IMG",
        "if IMG: pass",
        "while IMG: pass",
        "if not IMG: pass",
        "if IMG is None: pass",
        "IMG",
        "start(image=IMG)",
        'start({"image": IMG})',
        'start(**{"Image": IMG})',
        "DockerContainer(image=IMG)",
        "OTHER = IMG",
        "OTHER: str = IMG\nprint(OTHER)",
        "class C:\n    def f(self):\n        self.x = IMG\n        print(self.x)",
        "def f(IMG): return IMG + '1'",
        "def f():\n    IMG = 1\n    return IMG + '1'",
        "IMAGE.split(':')",
    ],
)
def test_readers_that_take_the_whole_text_do_no_harm(use: str) -> None:
    assert set(found(f'{CONTAINER}IMG = "a:1"\n{CALL}{use}\n')) == {"a:1"}


@pytest.mark.parametrize(
    "use",
    [
        'IMG.split(":")',
        'print(IMG.split(":")[0])',
        "IMG[0]",
        'x = IMG + "-slim"',
        'x = f"{IMG}-slim"',
        'x = "%s-slim" % IMG',
        "assert image == IMG",
        "assert IMG in images",
        "start(IMG)",
        "start(name=IMG)",
        "start(image=f'{IMG}-slim')",
        'start({"name": IMG})',
        "start({IMG: 1})",
        "x = [IMG]",
        "def f(): return IMG",
        "def f(x=IMG): ...",
        "OTHER = IMG\nOTHER.split()",
        "OTHER = IMG\nAGAIN = OTHER\nstart(AGAIN)",
        "class C:\n    def f(self):\n        self.x = IMG\n        start(self.x)",
        "x.y = IMG",
        "x, y = IMG",
        "x = y = IMG",
        "print()(IMG)",
        "@start(IMG)\ndef f(): ...",
    ],
)
def test_other_readers_of_the_text_keep_the_digest_out(use: str) -> None:
    assert found(f'{CONTAINER}IMG = "a:1"\n{CALL}{use}\n') == ["arg-conflict a:1"]


def test_a_conflict_names_the_reader() -> None:
    (skip,) = skips(f'{CONTAINER}IMG = "a:1"\n{CALL}\nIMG.split()\n')
    assert skip.detail == "`IMG` is read on line 5 as something else than an image, which would get the digest too"
    assert (skip.line, skip.via) == (3, ("IMG",))


def test_readers_of_an_attribute_count_wherever_its_object_may_be_ours() -> None:
    code = 'class C:\n    I = "a:1"\n    def f(self):\n        DockerContainer(self.I)\n{}\n'
    assert found(CONTAINER + code.format("x.I.split()")) == ["arg-conflict a:1"]
    assert found(CONTAINER + code.format("    J = I.split()")) == ["arg-conflict a:1"]
    assert found(CONTAINER + code.format("class D:\n    def f(self):\n        self.I.split()")) == ["a:1"]


def test_a_text_used_where_no_digest_may_be_gets_none_anywhere() -> None:
    code = 'c = docker.from_env()\nA = "nginx"\nc.images.pull(A, tag="1")\nc.containers.run(A)\n'
    assert found(DOCKER + code) == ["separate-tag nginx", "arg-conflict nginx"]


def test_variables_that_lead_to_each_other_end() -> None:
    assert found(f'{CONTAINER}IMG = "a:1"\nA = IMG\nB = A\nA2 = B\n{CALL}') == ["a:1"]
    assert found(f"{CONTAINER}A = B\nB = A\nDockerContainer(A)\n") == ["non-literal"]
    loop = "class C:\n    def f(self):\n        self.x = IMG\n        self.y = self.x\n        self.x = self.y\n"
    assert found(f'{CONTAINER}IMG = "a:1"\n{loop}{CALL}') == ["a:1"]


@pytest.mark.parametrize(
    "code",
    [
        'IMG = OTHER = "a:1"\nOTHER.split(":")\n' + CALL,
        'OTHER = IMG = "a:1"\ndef f():\n    return OTHER\n' + CALL,
        'class C:\n    def f(self):\n        IMG = self.i = "a:1"\n        DockerContainer(IMG)\n        g(self.i)\n',
        'class C:\n    def f(self):\n        self.i = x = "a:1"\n        DockerContainer(self.i)\n        g(x)\n',
        'x.other = IMG = "a:1"\nf(x.other)\n' + CALL,
        'DockerContainer(i := "a:1")\nf(i)\n',
    ],
)
def test_a_text_that_is_given_two_names_is_read_by_both(code: str) -> None:
    assert found(CONTAINER + code) == ["arg-conflict a:1"]
