"""Every place credentials are kept, and every way those places are broken."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import stat
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pinner.errors import UnauthorizedError
from pinner.registry.auth.credentials import (
    CredentialFinder,
    Credentials,
    ask_helper,
    candidates,
    decode_entry,
    normalise_key,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pinner.registry.auth.credentials import Store

SECRET = "s3:cret"
unhurried = partial(ask_helper, timeout=300)
"""Asks a helper without a limit that a busy machine could reach."""
posix_only = pytest.mark.skipif(os.name == "nt", reason="the helper of this test is a shell script")


def encoded(username: str = "alice", password: str = SECRET) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()


def auths(*hosts: str, username: str = "alice") -> str:
    return json.dumps({"auths": {host: {"auth": encoded(username)} for host in hosts}})


def no_helper(name: str, server: str, _: Mapping[str, str]) -> tuple[str, str] | None:
    raise AssertionError((name, server))


class Keychain:
    """A helper that counts."""

    def __init__(self, **known: tuple[str, str]) -> None:
        self.known = known
        self.asked: list[tuple[str, str]] = []

    def __call__(self, name: str, server: str, _: Mapping[str, str]) -> tuple[str, str] | None:
        self.asked.append((name, server))
        time.sleep(0.01)
        return self.known.get(name)


def find(
    environment: Mapping[str, str], login: str, repository: str = "team/app", helper: object = no_helper
) -> tuple[Credentials | None, list[str]]:
    warnings: list[str] = []
    finder = CredentialFinder(environment, warnings.append, helper)  # type: ignore[arg-type] # a fake of any make
    return asyncio.run(finder.find(login, repository)), warnings


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_the_environment_holds_credentials() -> None:
    assert find({"DOCKER_AUTH_CONFIG": auths("a.example")}, "a.example") == (Credentials("alice", SECRET), [])


@pytest.mark.parametrize(
    ("variable", "value", "file"),
    [
        ("DOCKER_CONFIG", "{}/d", "d/config.json"),
        ("HOME", "{}", ".docker/config.json"),
        ("USERPROFILE", "{}", ".docker/config.json"),
        ("REGISTRY_AUTH_FILE", "{}/x/auth.json", "x/auth.json"),
        ("XDG_RUNTIME_DIR", "{}/run", "run/containers/auth.json"),
        ("XDG_CONFIG_HOME", "{}/conf", "conf/containers/auth.json"),
        ("HOME", "{}", ".config/containers/auth.json"),
    ],
)
def test_every_file_is_read(tmp_path: Path, variable: str, value: str, file: str) -> None:
    write(tmp_path / file, auths("a.example"))
    assert find({variable: value.format(tmp_path)}, "a.example") == (Credentials("alice", SECRET), [])


def test_the_most_explicit_place_wins(tmp_path: Path) -> None:
    places = [".docker/config.json", "run/containers/auth.json", ".config/containers/auth.json", "auth.json"]
    for number, place in enumerate(places):
        write(tmp_path / place, auths("a.example", username=str(number)))
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": f"{tmp_path}/run"}
    assert find(environment, "a.example")[0] == Credentials("0", SECRET)
    environment["REGISTRY_AUTH_FILE"] = f"{tmp_path}/auth.json"
    assert find(environment, "a.example")[0] == Credentials("3", SECRET)
    environment["DOCKER_AUTH_CONFIG"] = auths("a.example", username="env")
    assert find(environment, "a.example")[0] == Credentials("env", SECRET)
    assert find({"XDG_RUNTIME_DIR": f"{tmp_path}/run"}, "a.example")[0] == Credentials("1", SECRET)


def test_a_place_that_does_not_know_the_host_leaves_it_to_the_next(tmp_path: Path) -> None:
    write(tmp_path / ".docker/config.json", auths("other.example"))
    write(tmp_path / ".config/containers/auth.json", auths("a.example"))
    assert find({"HOME": str(tmp_path)}, "a.example")[0] == Credentials("alice", SECRET)


def test_nothing_anywhere_is_nobody(tmp_path: Path) -> None:
    assert find({}, "a.example") == (None, [])
    assert find({"HOME": str(tmp_path)}, "a.example") == (None, [])


@pytest.mark.parametrize(
    ("key", "login"),
    [
        ("https://index.docker.io/v1/", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("docker.io", "docker.io"),
        ("https://a.example", "a.example"),
        ("https://a.example/v2/", "a.example"),
        ("http://a.example:5000/v1/", "a.example:5000"),
        ("A.Example", "a.example"),
        ("a.example/", "a.example"),
        ("a.example/v1/", "a.example"),
    ],
)
def test_keys_are_hosts_however_they_are_written(key: str, login: str) -> None:
    assert find({"DOCKER_AUTH_CONFIG": auths(key)}, login)[0] == Credentials("alice", SECRET)


@pytest.mark.parametrize(
    "key", ["b.example", "sub.a.example", "a.example:5000", "a.example/other", "a.example/team/ap"]
)
def test_another_hosts_credentials_are_not_taken(key: str) -> None:
    assert find({"DOCKER_AUTH_CONFIG": auths(key)}, "a.example") == (None, [])


def test_the_longest_prefix_of_the_repository_wins() -> None:
    entries = {key: {"auth": encoded(key)} for key in ("a.example", "a.example/team", "a.example/team/app")}
    environment = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": entries})}
    for repository, username in [("team/app", "a.example/team/app"), ("team/x", "a.example/team"), ("x", "a.example")]:
        assert find(environment, "a.example", repository)[0] == Credentials(username, SECRET)


def test_candidates_are_the_longest_first() -> None:
    assert candidates("h", "a/b") == ("h/a/b", "h/a", "h")
    assert candidates("h", "") == ("h",)
    assert normalise_key("https://h/some/path") == "h"


@pytest.mark.parametrize(
    ("entry", "credentials"),
    [
        ({"username": "bob", "password": "pw"}, Credentials("bob", "pw")),
        ({"auth": encoded("bob", "pw\0\0")}, Credentials("bob", "pw")),
        ({"auth": encoded("bob", "p:w:")}, Credentials("bob", "p:w:")),
        ({"auth": encoded("user", ""), "identitytoken": "it"}, Credentials("user", identity_token="it")),
        ({"identitytoken": "it"}, Credentials("<token>", identity_token="it")),
        ({}, None),
        ({"auth": ""}, None),
        ({"email": "x@example.org"}, None),
        ({"auth": encoded("", "")}, None),
    ],
)
def test_an_entry_has_a_user_or_a_token(entry: dict[str, str], credentials: Credentials | None) -> None:
    assert decode_entry(entry) == credentials


@pytest.mark.parametrize(
    "auth", ["!!!", "YQ", base64.b64encode(b"\xff:x").decode(), base64.b64encode(b"no").decode(), 7]
)
def test_an_entry_that_cannot_be_read_is_one_warning(auth: object) -> None:
    environment = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"a.example": {"auth": auth}}})}
    found, warnings = find(environment, "a.example")
    assert found is None
    assert warnings == ["DOCKER_AUTH_CONFIG: the credentials for a.example cannot be read and are not used"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '"x"',
        "null",
        '{"auths": [1]}',
        '{"auths": 7}',
        '{"credHelpers": "x"}',
        "[" * 100_000,
        " " * 1_100_000,
    ],
    ids=range(10),
)
def test_a_broken_file_is_one_warning_and_no_crash(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "config.json", text)
    found, warnings = find({"DOCKER_CONFIG": str(tmp_path)}, "a.example")
    assert found is None
    assert warnings == [f"{path} is not a docker configuration: its credentials are not used"]


def test_a_file_that_cannot_be_read_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "config.json").mkdir()
    found, warnings = find({"DOCKER_CONFIG": str(tmp_path)}, "a.example")
    assert found is None
    assert len(warnings) == 1
    assert "cannot be read" in warnings[0]


def test_a_folder_that_is_a_file_is_no_place(tmp_path: Path) -> None:
    write(tmp_path / "file", "x")
    assert find({"DOCKER_CONFIG": f"{tmp_path}/file"}, "a.example") == (None, [])


def test_entries_of_the_wrong_kind_are_passed_over() -> None:
    text = json.dumps({"auths": {"a.example": "x"}, "credHelpers": {"a.example": 7}, "credsStore": 7})
    assert find({"DOCKER_AUTH_CONFIG": text}, "a.example") == (None, [])


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + auths("a.example").encode())
    assert find({"DOCKER_CONFIG": str(tmp_path)}, "a.example")[0] == Credentials("alice", SECRET)


def test_a_hosts_own_helper_comes_before_the_store_and_the_file() -> None:
    keychain = Keychain(own=("own", "1"), store=("store", "2"))
    text = json.dumps(
        {"auths": {"a.example": {"auth": encoded()}}, "credHelpers": {"a.example": "own"}, "credsStore": "store"}
    )
    environment = {"DOCKER_AUTH_CONFIG": text}
    assert find(environment, "a.example", helper=keychain)[0] == Credentials("own", "1")
    assert find(environment, "b.example", helper=keychain)[0] == Credentials("store", "2")
    assert keychain.asked == [("own", "a.example"), ("store", "b.example")]


def test_a_helper_that_knows_nothing_leaves_it_to_the_file() -> None:
    text = json.dumps({"auths": {"a.example": {"auth": encoded()}}, "credsStore": "store"})
    assert find({"DOCKER_AUTH_CONFIG": text}, "a.example", helper=Keychain())[0] == Credentials("alice", SECRET)


def test_docker_hub_has_a_key_of_its_own_in_helpers() -> None:
    keychain = Keychain(store=("alice", "x"))
    find({"DOCKER_AUTH_CONFIG": '{"credsStore":"store"}'}, "docker.io", helper=keychain)
    assert keychain.asked == [("store", "https://index.docker.io/v1/")]


def test_a_helpers_identity_token_is_one() -> None:
    keychain = Keychain(store=("<token>", "refresh"))
    found = find({"DOCKER_AUTH_CONFIG": '{"credsStore":"store"}'}, "a.example", helper=keychain)[0]
    assert found == Credentials("<token>", identity_token="refresh")


def test_a_helper_is_asked_once_for_a_host_however_many_wait() -> None:
    keychain = Keychain(store=("alice", "x"))

    async def many() -> set[Credentials | None]:
        finder = CredentialFinder({"DOCKER_AUTH_CONFIG": '{"credsStore":"store"}'}, print, keychain)
        return set(await asyncio.gather(*(finder.find("a.example", f"r{number}") for number in range(20))))

    assert asyncio.run(many()) == {Credentials("alice", "x")}
    assert len(keychain.asked) == 1


def test_secrets_are_in_no_repr() -> None:
    found = [Credentials("alice", SECRET), Credentials("alice", identity_token=SECRET)]
    assert "alice" in repr(found)
    assert SECRET not in repr(found)


def test_the_authorization_is_that_of_rfc_7617() -> None:
    assert Credentials("Aladdin", "open sesame").basic == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
    assert Credentials("", identity_token="t").basic == f"Basic {encoded('<token>', 't')}"


def test_a_stores_repr_has_no_entries(tmp_path: Path) -> None:
    from pinner.registry.auth.credentials import read_stores  # noqa: PLC0415 - only this test looks inside

    write(tmp_path / "config.json", auths("a.example"))
    stores: list[Store] = list(read_stores({"DOCKER_CONFIG": str(tmp_path)}, print))
    assert encoded() not in repr(stores)


# --- real helpers ---


def script(folder: Path, text: str, name: str = "docker-credential-test") -> dict[str, str]:
    path = write(folder / name, f"#!{sys.executable}\nimport sys, os, time\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": os.pathsep.join((".", "relative/bin", str(folder)))}


@posix_only
def test_a_helper_is_given_the_server_and_answers_in_json(tmp_path: Path) -> None:
    environment = script(
        tmp_path,
        'assert sys.argv[1:] == ["get"]\n'
        'print(\'{"ServerURL": "x", "Username": "bob", "Secret": "%s"}\' % sys.stdin.read().encode().hex())',
    )
    assert unhurried("test", "https://a.example", environment) == ("bob", b"https://a.example".hex())


@posix_only
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_helper_may_know_nothing(tmp_path: Path, stream: str) -> None:
    text = f'sys.{stream}.write("credentials not found in native keychain\\n"); sys.exit(1)'
    assert unhurried("test", "a.example", script(tmp_path, text)) is None


@posix_only
@pytest.mark.parametrize(
    "text",
    [
        'print("{")',
        'print("[]")',
        'print("{}")',
        'print(\'{"Username": 1, "Secret": "x"}\')',
        'print(\'{"Username": "x"}\')',
        'print("[" * 100000)',
        "",
    ],
)
def test_a_helper_that_prints_garbage_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnauthorizedError, match="did not answer as a credential helper"):
        unhurried("test", "a.example", script(tmp_path, text))


@posix_only
def test_a_helper_that_fails_is_an_error_without_its_words(tmp_path: Path) -> None:
    with pytest.raises(UnauthorizedError, match=r"failed for a\.example with status 3") as caught:
        unhurried("test", "a.example", script(tmp_path, f'sys.stderr.write("{SECRET}"); sys.exit(3)'))
    assert SECRET not in caught.value.message


@posix_only
def test_a_helper_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(UnauthorizedError, match=r"gave no credentials for a.example within 0.3 s"):
        ask_helper("test", "a.example", script(tmp_path, "time.sleep(600)"), timeout=0.3)


@posix_only
def test_a_helper_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "docker-credential-test", "#!/no/such/interpreter\n")
    path.chmod(0o755)
    with pytest.raises(UnauthorizedError, match="could not be started"):
        unhurried("test", "a.example", {"PATH": str(tmp_path)})


def test_a_helper_that_is_not_there_says_what_to_do() -> None:
    with pytest.raises(UnauthorizedError, match="`docker-credential-none`, which is not in PATH") as caught:
        unhurried("none", "a.example", {})
    assert "credsStore" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["../evil", "a b", "a;b", "", "a/b", "a\n"])
def test_a_name_that_is_no_programs_is_refused(name: str) -> None:
    with pytest.raises(UnauthorizedError, match="no program's name"):
        unhurried(name, "a.example", {"PATH": "/usr/bin"})


@posix_only
def test_a_relative_folder_in_path_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, 'print("{}")')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnauthorizedError, match="not in PATH"):
        unhurried("test", "a.example", {"PATH": os.pathsep.join((".", ""))})
