from __future__ import annotations

import asyncio
import doctest
import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes import FakeRegistry, FakeResolver, digest_of
from images import make_multi_platform, write_layout

import pinner
from pinner import aio
from pinner.config import Settings
from pinner.errors import ConfigError, InputError, NotFoundError
from pinner.model import Document, Occurrence
from pinner.plan import Failed

if TYPE_CHECKING:
    from images import Image as MadeImage

DIGEST = digest_of("docker.io/library/nginx:1")
PAGE = Path(__file__).parent.parent.parent / "docs" / "api.md"
DEMO = Path(pinner.__file__).parent / "cli" / "demo"


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    file = tmp_path / "Dockerfile"
    file.write_bytes(b"FROM nginx:1 AS web\nFROM scratch\nCOPY --from=web / /\n")
    return file


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the demo's project as a repository of its own and the current folder, its images in ``images``."""
    shutil.copytree(DEMO / "project", tmp_path / "project")
    shutil.copytree(DEMO / "layout", tmp_path / "project" / "images")
    (tmp_path / "project" / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def test_find(dockerfile: Path) -> None:
    (path, first), *rest = pinner.find(dockerfile, settings=Settings())
    assert path.endswith("Dockerfile")
    assert isinstance(first, Occurrence)
    assert (str(first.reference), first.line) == ("nginx:1", 1)
    assert [getattr(place, "reason", None) for _, place in rest] == ["scratch", "stage"]


def test_check(dockerfile: Path) -> None:
    [finding] = pinner.check(dockerfile.parent)
    assert finding.rule.id == "PIN001"


def test_pin_writes(dockerfile: Path) -> None:
    [plan] = pinner.pin(dockerfile, registry=FakeResolver())
    assert plan.result == f"FROM nginx:1@{DIGEST} AS web\nFROM scratch\nCOPY --from=web / /\n".encode()
    assert dockerfile.read_bytes() == plan.result
    assert pinner.check(dockerfile) == ()


def test_what_is_pinned_asks_nobody(dockerfile: Path) -> None:
    dockerfile.write_text(f"FROM nginx:1@{DIGEST}\n")
    registry = FakeRegistry()
    [plan] = pinner.pin(dockerfile, registry=registry)
    assert not plan.changed
    dockerfile.write_text("FROM scratch\n")
    [plan] = pinner.update(dockerfile, registry=registry)
    assert not plan.changed
    assert registry.asked == []


def test_pin_can_leave_the_file_alone(dockerfile: Path) -> None:
    before = dockerfile.read_bytes()
    [plan] = pinner.pin(dockerfile, registry=FakeResolver(), write=False)
    assert plan.changed
    assert dockerfile.read_bytes() == before


def test_pin_asks_the_layout_of_the_settings(dockerfile: Path, tmp_path: Path) -> None:
    image: MadeImage = make_multi_platform("nginx")
    write_layout(tmp_path / "layout", {"docker.io/library/nginx:1": image})
    [plan] = pinner.pin(dockerfile, settings=Settings(layout=str(tmp_path / "layout")))
    assert f"nginx:1@{image.digest}".encode() in plan.result


def test_an_image_without_an_answer_is_a_verdict(dockerfile: Path) -> None:
    resolver = FakeResolver(missing=["docker.io/library/nginx:1"])
    [plan] = pinner.pin(dockerfile, registry=resolver)
    assert isinstance(plan.verdicts[0], Failed)


def test_unpin_takes_back_what_pin_wrote(dockerfile: Path) -> None:
    dockerfile.write_text("FROM nginx\n")
    pinner.pin(dockerfile, registry=FakeResolver())
    assert dockerfile.read_text().startswith("FROM nginx:latest@sha256:")
    [plan] = pinner.unpin(dockerfile, write=False)
    assert plan.changed
    assert dockerfile.read_bytes() != plan.result
    pinner.unpin(dockerfile)
    assert dockerfile.read_text() == "FROM nginx\n"


def test_an_update_moves_a_digest(dockerfile: Path) -> None:
    dockerfile.write_text(f"FROM nginx:1@{digest_of('old')}\n")
    pinner.update(dockerfile, registry=FakeResolver(), write=False)
    assert str(digest_of("old")) in dockerfile.read_text()
    pinner.update(dockerfile, registry=FakeResolver())
    assert dockerfile.read_text() == f"FROM nginx:1@{DIGEST}\n"


def test_a_text_stands_in_the_place_of_its_file(project: Path) -> None:
    before = (project / "Dockerfile").read_bytes()
    text = Document("Dockerfile", b"FROM nginx:1\n")
    [found] = pinner.find(text)
    assert (found.path, str(getattr(found.place, "reference", ""))) == ("Dockerfile", "nginx:1")
    paths = {one.path for one in pinner.find(".", text)}
    assert paths == {"Dockerfile", "compose.yaml", "deployment.yaml"}
    assert len([one for one in pinner.find(".", text) if one.path == "Dockerfile"]) == 1
    assert [finding.path for finding in pinner.check(text)] == ["Dockerfile"]
    pinner.pin(text, registry=FakeResolver())
    assert (project / "Dockerfile").read_bytes() == before


def test_texts_are_linked_with_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    dockerfile = Document("Dockerfile", b"ARG BASE=nginx:1\nFROM ${BASE}\n")
    compose = Document("compose.yaml", b"services:\n  web:\n    build: {context: ., args: {BASE: redis:7}}\n")
    assert [getattr(one.place, "reason", None) for one in pinner.find(dockerfile)] == [None]
    reasons = {one.path: getattr(one.place, "reason", None) for one in pinner.find(dockerfile, compose)}
    assert reasons == {"Dockerfile": "replaced", "compose.yaml": None}


def test_a_text_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"^Dockerfile: is binary"):
        pinner.find(Document("Dockerfile", b"FROM a\0b\n"))


def test_a_lock_answers_and_is_brought_up_to_date(project: Path) -> None:
    settings = Settings(layout="images")
    with pytest.raises(ConfigError, match=r"there is no pinner\.lock"):
        pinner.pin(locked=True)
    lock = pinner.lock(settings=settings, write=False)
    assert not (project / "pinner.lock").exists()
    assert pinner.lock(settings=settings) == lock
    written = (project / "pinner.lock").read_bytes()
    assert pinner.lock(settings=settings) == lock
    assert pinner.lock(settings=settings, refresh=True) == lock
    assert (project / "pinner.lock").read_bytes() == written
    pinner.pin(locked=True)
    assert pinner.pin(locked=True, write=False)[0].changed is False
    assert pinner.check() == ()


def test_a_lock_of_what_nobody_serves(project: Path) -> None:
    (project / "Dockerfile").write_text("FROM missing:1\n")
    with pytest.raises(NotFoundError):
        pinner.lock("Dockerfile", settings=Settings(layout="images"))


def test_a_lock_of_a_text_lists_it_alone(project: Path) -> None:
    lock = pinner.lock(Document("Dockerfile", b"FROM redis:7\n"), settings=Settings(layout="images"))
    assert lock.sources == {"Dockerfile": ("docker.io/library/redis:7",)}
    assert (project / "pinner.lock").exists()


def test_an_archive_and_a_name_that_nobody_knows(project: Path) -> None:
    answer = pinner.identify(project / "images", settings=Settings(layout="images"))
    assert isinstance(answer, pinner.LocalAnswer)
    with pytest.raises(ConfigError):
        pinner.identify("./nothing.tar")
    with pytest.raises(NotFoundError):
        pinner.inspect("missing:1", settings=Settings(layout="images"))


def test_coroutines_do_the_same(project: Path) -> None:
    async def work() -> tuple[object, ...]:
        text = Document("Dockerfile", b"FROM nginx:1\n")
        found, findings = await asyncio.gather(aio.find(text), aio.check(text))
        [plan] = await aio.pin(text, registry=FakeResolver())
        [again] = await aio.unpin(Document("Dockerfile", plan.result), write=False)
        answer = await aio.identify(str(DIGEST), "nginx:1", registry=FakeResolver())
        return len(found), len(findings), again.result, getattr(answer, "what", None)

    assert asyncio.run(work()) == (1, 1, b"FROM nginx:1\n", str(DIGEST))
    assert project.is_dir()


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file or folder"):
        pinner.find(tmp_path / "missing")
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\0b\n")
    with pytest.raises(InputError):
        pinner.check(tmp_path)


def test_a_file_that_cannot_be_written(dockerfile: Path) -> None:
    class Meddler(FakeResolver):
        async def resolve(self, reference: object, platform: object) -> object:  # type: ignore[override]
            dockerfile.write_bytes(b"FROM other\n")  # noqa: ASYNC240 - a file that changes while we wait
            return await super().resolve(reference, platform)  # type: ignore[arg-type]

    with pytest.raises(InputError, match="changed"):
        pinner.pin(dockerfile, registry=Meddler())  # type: ignore[arg-type]
    assert dockerfile.read_bytes() == b"FROM other\n"


def test_every_exported_name_is_there_and_documented() -> None:
    page = PAGE.read_text("utf-8")
    for name in set(pinner.__all__) - {"__version__"}:
        assert getattr(pinner, name) is not None
    functions = {name for name in aio.__all__ if callable(getattr(pinner, name))}
    assert functions == set(aio.__all__)
    assert set(re.findall(r"^\| `(\w+)\(", page, re.MULTILINE)) == functions
    assert set(re.findall(r"pinner\.([A-Z]\w+)", page)) <= set(dir(pinner))
    with pytest.raises(AttributeError, match="no attribute 'unpin_all'"):
        _ = pinner.unpin_all
    assert importlib.import_module("pinner").pin is pinner.pin


def test_finding_brings_no_http_client(dockerfile: Path) -> None:
    code = "import sys, pinner; pinner.find(sys.argv[1]); sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, dockerfile], check=False).returncode == 0


@pytest.mark.usefixtures("project")
def test_the_examples_of_the_page() -> None:
    test = doctest.DocTestParser().get_doctest(PAGE.read_text("utf-8"), {}, "api.md", str(PAGE), 0)
    assert len(test.examples) > 20
    heard: list[str] = []
    assert doctest.DocTestRunner(verbose=False).run(test, out=heard.append).failed == 0, "".join(heard)


SCRIPT = """
from __future__ import annotations

import pinner


def told(where: str) -> list[str]:
    lines: list[str] = []
    for path, place in pinner.find(where):
        if isinstance(place, pinner.Occurrence):
            digest: pinner.Digest | None = place.reference.digest
            tag: str | None = place.reference.tag
            lines.append(f"{path} {place.line} {place.span.start} {digest} {tag} {place.reference.canonical}")
        else:
            reason: str = place.reason
            lines.append(reason + place.text)
    findings: tuple[pinner.Finding, ...] = pinner.check(where)
    lines += [f.rule.id + f.severity + f.message + (f.hint or "") + f.path for f in findings]
    return lines


async def done() -> pinner.Digest:
    settings = pinner.Settings(jobs=2, platforms=(pinner.Platform.parse("linux/amd64"),))
    plans: tuple[pinner.Plan, ...] = await pinner.aio.pin(pinner.Document("Dockerfile", b"FROM a"), settings=settings)
    for plan in (*plans, *pinner.pin(write=False), *pinner.update(), *pinner.unpin()):
        data: bytes = plan.result
        for verdict in plan.verdicts:
            if isinstance(verdict, pinner.Changed):
                print(verdict.text, verdict.digest, verdict.edit.replacement, data)
            elif isinstance(verdict, pinner.Failed):
                print(verdict.error.message, verdict.error.hint)
    try:
        lock: pinner.Lock = pinner.lock(refresh=True)
        print({name: str(entry.selected.digest) for name, entry in lock.images.items()})
    except pinner.RateLimitedError as error:
        pause: float | None = error.retry_after
        print(pause)
    entry = pinner.inspect("nginx")
    if isinstance(entry, pinner.Inspection):
        sizes: list[int | None] = [image.size for image in entry.image.platforms]
        print(sizes)
    answer = await pinner.aio.identify("sha256:…", "nginx")
    if isinstance(answer, pinner.HashAnswer):
        print([sighting.role for sighting in answer.sightings])
    resolved: pinner.Resolved = pinner.resolve("nginx")
    return resolved.digest
"""
WRONG = """
import pinner

for path, place in pinner.find():
    place.reference.digest
pinner.pin(registry="docker.io")
pinner.check().rule
"""


def test_a_users_script_is_typed(tmp_path: Path) -> None:
    """What ``mypy --strict`` says of scripts of somebody outside of this repository, in one run: it takes long."""
    for name, text in (("right", SCRIPT), ("wrong", WRONG)):
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    # Not the cache of `make lint`, whose options are others: each would throw away what the other has worked out.
    cache = str(PAGE.parent.parent / ".mypy_cache" / "of-users")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--cache-dir", cache, "right.py", "wrong.py"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert re.findall(r"(\w+)\.py:(\d+): error: .*\[([\w-]+)\]", run.stdout) == [
        ("wrong", "5", "union-attr"),
        ("wrong", "6", "arg-type"),
        ("wrong", "7", "attr-defined"),
    ]
    assert "Found 3 errors in 1 file (checked 2 source files)" in run.stdout
