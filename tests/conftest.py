"""Options and fixtures of the whole suite."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from authorities import trust_one
from hypothesis import HealthCheck, settings
from hypothesis.configuration import set_hypothesis_home_dir
from hypothesis.database import DirectoryBasedExampleDatabase
from measuring import measure_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forge_double.gitea_real import RealGitea

# What runs the tests is not what the tests are about: on these, pinner says more.
for _name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITLAB_CI"):
    os.environ.pop(_name, None)

# A shell that runs the tests in the background has them ignore Ctrl-C, nohup a hang-up; what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

measure_once()
trust_one()

# What hypothesis keeps is no part of the tree.
_EXAMPLES = Path(tempfile.gettempdir(), "pinner-hypothesis")
set_hypothesis_home_dir(_EXAMPLES)
# Every run tries the same examples, however fast the machine is: a failure is always the fault of the code under test.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Other examples each time, for whoever looks for new ones: pytest --hypothesis-profile=explore
settings.register_profile(
    "explore",
    settings.get_profile("repeatable"),
    derandomize=False,
    database=DirectoryBasedExampleDatabase(_EXAMPLES / "examples"),
)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever speaks to a real registry waits for it, however busy the machine is."""
    if request.node.get_closest_marker("registry"):
        from pinner.http.retry import RetryPolicy  # noqa: PLC0415 - few tests need it

        generous = partial(RetryPolicy, deadline=300.0, connect=300.0, read=300.0)
        monkeypatch.setattr("pinner.registry.client.RetryPolicy", generous)


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> Iterator[None]:
    yield
    if "forkserver" in sys.modules:
        from forkserver import SERVER  # noqa: PLC0415 - few tests need it

        SERVER.close()


@pytest.fixture(autouse=True)
def _forked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a bot in this process does in a process of its own, it does in a fork, which is soon there."""
    limited = sys.modules.get("pinner.bot.child_process")
    if limited is not None and sys.platform == "linux" and request.path.name not in _START_THEM:
        from forkserver import start_limited  # noqa: PLC0415 - few tests need it

        monkeypatch.setattr(limited, "start_process", start_limited)


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with what the action's lock names: one for all processes of a run."""
    from packageindex import fetched  # noqa: PLC0415 - few tests need it

    base = tmp_path_factory.getbasetemp()
    return fetched((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheels")


@pytest.fixture(scope="session")
def gitea_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealGitea]:
    """The real server that PINNER_GITEA names (`make forge`), started once; the test is skipped where there is none."""
    from forge_double.gitea_real import real_gitea  # noqa: PLC0415 - few tests need it

    server = real_gitea(tmp_path_factory.mktemp("gitea"))
    if server is None:
        pytest.skip("PINNER_GITEA names no server: `make forge` builds one, and runs these")
    yield server
    server.stop()


# These are about the process itself.
_START_THEM = {"test_child_process.py"}

# The files that take longest, from the longest: one of them begun last would leave all processors but one idle.
_LONGEST = (
    *("fleet/test_queue", "fleet/test_run", "test_hooks_run", "bot/test_publish", "bot/test_publish_forge"),
    *("test_action", "test_systems", "bot/test_batch", "bot/forges/test_behaviour", "bot/test_publish_killed"),
    *("test_hostile_tree", "checks/test_record", "checks/test_outcome", "formats/hcl/test_scanner", "test_release"),
    *("bot/test_tags_forge", "bot/test_signed_story", "cli/test_pull_requests", "bot/test_tag_upgrades"),
    *("bot/pull_request_body/test_body", "lsp/test_server", "test_killed", "core/test_api"),
    *("formats/yaml/test_yaml_corpus", "cli/test_program"),
    *("core/test_house", "formats/dockerfile/test_segments", "cli/test_update_tags"),
    *("report/test_page_in_browser", "fleet/test_content_budget", "bot/test_words", "formats/python/test_pinning_code"),
)
_TESTS = Path(__file__).parent
_FIRST = {_TESTS / f"{name}.py": place for place, name in enumerate(_LONGEST)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: _FIRST.get(item.path, len(_FIRST)))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the expected files of golden cases")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))
