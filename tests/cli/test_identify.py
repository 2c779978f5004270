from __future__ import annotations

import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from archives import containerd, docker_archive, legacy, oci, of_platform, parts, written
from images import digest_of, make_image, make_multi_platform, write_layout
from registry_server import RealRegistry, require
from world import Outcome, outcome, world

from pinner.cli.context import connect_to_registries
from pinner.lockfile.model import Entry, Lock, LockedDigest, LockedPlatform
from pinner.lockfile.render import render_lock
from pinner.reference import Digest, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "registry.example/app:1"
INDEX = make_multi_platform("hello")
AMD64 = of_platform(INDEX)
OTHER = make_multi_platform("other")
CONFIG, LAYER, UNPACKED = parts(AMD64)
SHORT_IDS = f"{CONFIG.digest[7:19]} by Docker's classic store and podman, {INDEX.digest[7:19]} by its containerd store"
RECORDED = Path(__file__).parents[3] / "shared" / "recorded" / "archives"
NOBODY = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


def identify(folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> Outcome:
    """Run ``pinner identify`` against real registries or a layout; by default with an engine that is not there."""
    context = world(folder, environment={**NOBODY, **(environment or {})})._replace(connect=connect_to_registries)
    return outcome(context, "identify", "--no-cache", *arguments)


def answer(result: Outcome) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with the layout ``layout``, which has the image under its name, and another one."""
    write_layout(tmp_path / "layout", {NAME: INDEX, "registry.example/app:2": OTHER})
    return tmp_path


ASK = ("--layout", "layout")


def test_the_tree_of_an_archive_says_all_there_is_to_say(place: Path) -> None:
    written(place / "app.tar", legacy(AMD64, NAME))
    result = identify(place, "app.tar", *ASK)
    assert result.status == 0
    assert result.stdout.splitlines() == [
        "app.tar: an archive of `docker save`, in the form of Docker before 25: 1 image",
        "",
        f"{NAME}  linux/amd64",
        f"├─ image ID  {CONFIG.digest}  its config hashes to this",
        "├─ manifest  none is kept in this form",
        "├─ index     none is in here",
        "├─ 1 layer, each hashed unpacked (diff_id)",
        f"│  └─ 1  {digest_of(UNPACKED)}",
        f"└─ {NAME} today: the same image: its config is the same, bit for bit",
        f"   ├─ index     {INDEX.digest}",
        f"   ├─ manifest  {AMD64.digest}  linux/amd64",
        f"   ├─ image ID  {CONFIG.digest}",
        f"   ├─ shown as  {SHORT_IDS}",
        "   ├─ why       this form keeps no manifest: the config and the layers are compared, and are equal",
        "   ├─ why       it holds one platform alone: the index that the tag means is not in it",
        f"   └─ write     {NAME}@{INDEX.digest}",
    ]


FORMS = {
    "legacy": (legacy(AMD64, NAME), {}, "equal-config"),
    "docker-archive": (*docker_archive(AMD64, NAME), "equal-config"),
    "docker-oci": (containerd(INDEX, NAME, AMD64), {}, "equal-index"),
    "oci-archive": (oci(AMD64, {"org.opencontainers.image.ref.name": NAME}), {}, "equal-manifest"),
}


@pytest.mark.parametrize("form", FORMS)
def test_json_tells_every_form_to_be_the_image_that_is_served(place: Path, form: str) -> None:
    files, links, how = FORMS[form]
    written(place / "app.tar", files, links)
    result = identify(place, "app.tar", "--image", NAME, "--format", "json", *ASK)
    document = answer(result)
    assert (result.status, document["result"], document["kind"], document["form"]) == (0, "identified", "image", form)
    [image] = document["images"]
    assert (image["config"], image["platform"], image["names"]) == (CONFIG.digest, "linux/amd64", [NAME])
    assert image["diffIds"] == [digest_of(UNPACKED)] == [layer["diffId"] for layer in image["layers"]]
    [comparison] = image["comparisons"]
    assert (comparison["outcome"], comparison["equal"], comparison["asked"]) == (how, True, True)
    assert (comparison["index"], comparison["manifest"]) == (INDEX.digest, AMD64.digest)
    assert comparison["write"] == f"{NAME}@{INDEX.digest}"


def test_a_layout_folder_has_an_image_for_each_platform(place: Path) -> None:
    result = identify(place, "layout", *ASK)
    assert result.status == 0
    assert result.stdout.startswith("layout: an OCI layout: 4 images\n")
    assert result.stdout.count("the index is the same, bit for bit") == 4


@pytest.mark.parametrize(("name", "status"), [(NAME, 0), ("registry.example/app:2", 1), ("registry.example/no:1", 1)])
def test_with_a_name_given_the_status_says_whether_it_is_that(place: Path, name: str, status: int) -> None:
    written(place / "app.tar", legacy(AMD64, "whatever:1"))
    assert identify(place, "app.tar", "--image", name, *ASK).status == status


def test_one_equal_name_of_several_is_enough(place: Path) -> None:
    written(place / "app.tar", legacy(AMD64))
    assert identify(place, "app.tar", "--image", "registry.example/app:2", "--image", NAME, *ASK).status == 0


def test_an_image_without_a_name_is_compared_with_nobody(place: Path) -> None:
    written(place / "app.tar", oci(AMD64, {"org.opencontainers.image.ref.name": "latest"}))
    result = identify(place, "app.tar")
    assert (result.status, "nobody was asked" in result.stdout) == (0, True)


def test_an_archive_that_was_tampered_with_exits_with_1_and_says_what(place: Path) -> None:
    files = legacy(AMD64, NAME)
    path = next(name for name in files if name.endswith("layer.tar"))
    files[path] = files[path].replace(b"hello", b"hallo")
    written(place / "app.tar", files)
    result = identify(place, "app.tar", *ASK)
    assert result.status == 1
    assert "tampered with: layer 1 unpacks to sha256:" in result.stdout
    document = answer(identify(place, "app.tar", "--format", "json", *ASK))
    assert (document["result"], len(document["tampered"])) == ("differs", 1)


@pytest.mark.parametrize(
    ("digest", "title"),
    [
        (INDEX.digest, f"index digest of {NAME}"),
        (AMD64.digest, f"manifest digest of {NAME} for linux/amd64"),
        (CONFIG.digest, f"config digest of {NAME} for linux/amd64: its image ID"),
        (CONFIG.digest[7:19], f"config digest of {NAME} for linux/amd64: its image ID"),
        (LAYER.digest, f"digest of layer 1, as it is sent, of {NAME} for linux/amd64"),
        (digest_of(UNPACKED), f"diff_id of layer 1, its digest unpacked, of {NAME} for linux/amd64"),
    ],
)
def test_each_hash_is_called_what_it_is(place: Path, digest: str, title: str) -> None:
    result = identify(place, digest, "--image", NAME, *ASK)
    assert result.status == 0
    assert result.stdout.splitlines()[2] == title
    assert f"write     {NAME}@{INDEX.digest}" in result.stdout
    [sighting] = answer(identify(place, digest, "--image", NAME, "--format", "json", *ASK))["sightings"]
    assert sighting["write"] == f"{NAME}@{INDEX.digest}"


def test_an_image_id_is_said_to_be_nothing_to_pull(place: Path) -> None:
    result = identify(place, f"registry.example/app:1@{CONFIG.digest}", *ASK)
    assert result.status == 0
    assert "not for   docker pull NAME@…, FROM, compose and kubectl: nothing can be pulled by it" in result.stdout


def test_a_hash_of_another_tag_is_found_and_is_not_what_the_name_means(place: Path) -> None:
    result = identify(place, OTHER.digest, "--image", NAME, *ASK)
    assert result.status == 1
    assert f"but       {NAME} does not mean it today" in result.stdout
    assert f"write     registry.example/app@{OTHER.digest}" in result.stdout
    config = of_platform(OTHER).blobs[0].digest
    result = identify(place, config, "--image", NAME, *ASK)
    assert (result.status, "config digest of registry.example/app for linux/amd64" in result.stdout) == (1, True)


def test_a_digest_beside_a_name_without_a_tag_needs_no_latest(place: Path) -> None:
    result = identify(place, f"registry.example/app@{INDEX.digest}", *ASK)
    assert (result.status, "warning" in result.stdout) == (0, False)


def test_a_hash_that_is_nowhere_exits_with_3_and_says_where_it_was_looked_for(place: Path) -> None:
    result = identify(place, "f" * 12, "--image", NAME, "--image", "registry.example/no:1", *ASK)
    assert result.status == 3
    assert "found nowhere; it was looked for in:\n  a container engine: cannot ask the engine" in result.stdout
    assert f"\n  {NAME}\n" in result.stdout
    elsewhere = identify(place, INDEX.digest, "--image", NAME, *ASK, environment={"DOCKER_HOST": "ssh://far"})
    assert (elsewhere.status, elsewhere.stderr) == (0, "")
    assert "warning: registry.example/no:1: cannot resolve" in result.stdout
    assert "hint: with all 64 digits" in result.stdout
    document = answer(identify(place, "f" * 64, "--image", "registry.example/no:1", "--format", "json", *ASK))
    assert (document["result"], document["unanswered"][0]["name"]) == ("unknown", "registry.example/no:1")


def test_without_a_name_the_images_of_the_repository_s_files_are_asked_about(place: Path) -> None:
    (place / ".git").mkdir()
    (place / "Dockerfile").write_text(f"FROM registry.example/no:1\nFROM {NAME}\n", "utf-8")
    result = identify(place, CONFIG.digest, *ASK)
    assert (result.status, f"config digest of {NAME} for linux/amd64" in result.stdout) == (0, True)
    # A guess that led nowhere is no news.
    assert "registry.example/no:1" not in result.stdout
    nowhere = identify(place, "f" * 64, *ASK)
    assert (nowhere.status, "  the files of this repository\n" in nowhere.stdout) == (3, True)
    assert "hint: name the image that it may belong to with --image" in nowhere.stdout


def test_of_very_many_images_the_pinned_ones_are_asked_first(place: Path) -> None:
    (place / ".git").mkdir()
    lines = [f"FROM registry.example/no:{number}\n" for number in range(30)]
    (place / "Dockerfile").write_text("".join(lines) + f"FROM {NAME}@{INDEX.digest}\n", "utf-8")
    assert identify(place, INDEX.digest, *ASK).status == 0
    nowhere = identify(place, "f" * 64, *ASK)
    assert "the files of this repository (31 images, of which 20 were asked about)" in nowhere.stdout


def test_the_lock_knows_an_image_id_without_anybody_being_asked(place: Path) -> None:
    (place / ".git").mkdir()
    platforms = {Platform("linux", "amd64"): LockedPlatform(Digest.parse(AMD64.digest), Digest.parse(CONFIG.digest), 1)}
    locked = LockedDigest(Digest.parse(INDEX.digest), INDEX.media_type, datetime(2026, 1, 1, tzinfo=UTC), platforms)
    (place / "pinner.lock").write_bytes(render_lock(Lock({NAME: Entry(locked)})))
    result = identify(place, CONFIG.digest, "--offline")
    assert result.status == 0
    assert f"config digest of {NAME} for linux/amd64: its image ID\n├─ proved by pinner.lock says so" in result.stdout
    (place / "pinner.lock").write_text("no lock", "utf-8")
    assert identify(place, CONFIG.digest, "--offline").status == 3


def test_a_repository_whose_settings_or_files_are_in_trouble_is_no_reason_to_stop(place: Path) -> None:
    (place / ".git").mkdir()
    (place / "Dockerfile").write_bytes(b"FROM a\0b\n")
    assert identify(place, "f" * 64, *ASK).status == 3


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("gone.tar",), 2, "error: there is no file or folder gone.tar"),
        (("./gone",), 2, "error: there is no file or folder ./gone"),
        (("text",), 3, "error: text is not a tar archive"),
        (("./empty",), 3, "error: ./empty is a folder and not an OCI layout"),
        ((".",), 3, "error: . is a folder and not an OCI layout"),
        (("empty",), 3, "error: cannot ask the engine at"),
        (("UPPER",), 2, "error: `UPPER` is not an image reference"),
        (("sha256:12",), 2, "error: a hash with 2 digits is none"),
        (("sha512:12",), 2, "error: registries and engines name images by sha256, not by sha512"),
        ((f"sha256:{'f' * 65}",), 2, "error: a hash with 65 digits is none"),
        (("my_host.example/app",), 2, "error: no registry can serve `my_host.example/app`"),
        (("f" * 64, "--image", "UPPER"), 2, "error: --image: `UPPER` is not"),
        (("app:1",), 3, "error: cannot ask the engine at /nonexistent/docker.sock"),
        ((), 2, "error: missing argument `WHAT`"),
    ],
)
def test_what_cannot_be_identified_is_one_message(
    place: Path, arguments: tuple[str, ...], status: int, message: str
) -> None:
    (place / "text").write_text("no archive\n" * 100)
    (place / "empty").mkdir()
    result = identify(place, *arguments)
    assert (result.status, result.stdout) == (status, "")
    assert result.stderr.startswith(message)
    assert "Traceback" not in result.stderr


def test_a_registry_that_is_away_leaves_the_rest_told(place: Path) -> None:
    written(place / "app.tar", legacy(AMD64, "127.0.0.1:1/app:1"))
    result = identify(place, "app.tar")
    assert (result.status, "127.0.0.1:1/app:1: warning: " in result.stdout) == (0, True)
    asked = identify(place, "app.tar", "--image", "127.0.0.1:1/app:1", "--format", "json")
    [comparison] = answer(asked)["images"][0]["comparisons"]
    assert (asked.status, comparison["outcome"], comparison["write"]) == (3, "unknown", None)
    by_hash = identify(place, CONFIG.digest, "--image", "127.0.0.1:1/app:1")
    assert (by_hash.status, "warning: 127.0.0.1:1/app:1: " in by_hash.stdout) == (3, True)


def test_what_could_not_be_checked_is_said_and_exits_with_3(place: Path) -> None:
    files = legacy(AMD64)
    entry = json.loads(files["manifest.json"])[0]
    files[entry["Config"]] = b"{" + bytes(9 << 20)
    entry["Config"] = "config"
    files["config"] = b"{" + bytes(9 << 20)
    files["manifest.json"] = json.dumps([entry]).encode()
    written(place / "app.tar", files)
    result = identify(place, "app.tar")
    assert (result.status, "warning: not checked: the config config has over 8 MB" in result.stdout) == (3, True)


def test_an_ascii_terminal_gets_a_tree_it_can_show(place: Path) -> None:
    written(place / "app.tar", legacy(AMD64, NAME))
    context = world(place, environment=NOBODY, encoding="ascii")._replace(connect=connect_to_registries)
    result = outcome(context, "identify", "--no-cache", "app.tar", *ASK)
    assert f"`- {NAME} today: the same image" in result.stdout


def test_many_layers_are_shortened(place: Path) -> None:
    files = legacy(make_image("x"), "app:1")
    entry = json.loads(files["manifest.json"])[0]
    config = json.loads(files[entry["Config"]])
    config["rootfs"]["diff_ids"] *= 9
    del files[entry["Config"]]
    data = json.dumps(config).encode()
    entry |= {"Config": f"{digest_of(data)[7:]}.json", "Layers": entry["Layers"] * 9, "RepoTags": None}
    files |= {entry["Config"]: data, "manifest.json": json.dumps([entry]).encode()}
    written(place / "app.tar", files)
    result = identify(place, "app.tar")
    assert (result.status, "and 3 more" in result.stdout, "no name" in result.stdout) == (0, True, True)


needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="there are no unix sockets in Windows' Python")


@contextmanager
def fake_engine(folder: Path, answers: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Serve ``answers`` by path on a socket; yield the environment that leads there."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            path = self.rfile.readline().split()[1].decode().partition("?")[0]
            while self.rfile.readline().strip():
                pass
            found = answers.get(path)
            body = json.dumps(found if found is not None else {"message": "none"}).encode()
            status = b"200 OK" if found is not None else b"404 Not Found"
            head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(body))
            self.wfile.write(head + body)

    path = folder / "engine.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield {"DOCKER_HOST": f"unix://{path}"}
        finally:
            server.shutdown()
            thread.join()


def inspected(**more: Any) -> dict[str, Any]:
    image = {"RepoTags": [NAME], "Os": "linux", "Architecture": "amd64", "RootFS": {"Layers": [digest_of(UNPACKED)]}}
    return {"Id": CONFIG.digest, "RepoDigests": [f"registry.example/app@{INDEX.digest}"], **image, **more}


CLASSIC: dict[str, Any] = {"/version": {}, "/info": {}}
CONTAINERD: dict[str, Any] = {
    "/version": {},
    "/info": {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]},
}


@needs_unix
def test_a_local_image_is_compared_with_what_its_names_mean(place: Path) -> None:
    made_up = f"registry.example/app@sha256:{'f' * 64}"
    image = inspected(RepoDigests=[f"registry.example/app@{INDEX.digest}", made_up])
    with fake_engine(place, CLASSIC | {f"/images/{NAME}/json": image}) as environment:
        result = identify(place, NAME, *ASK, environment=environment)
        assert result.status == 0
        assert f"{NAME}: an image in a Docker engine's classic store\n" in result.stdout
        assert f"image ID  {CONFIG.digest}  the config's digest" in result.stdout
        assert f"known as  registry.example/app@{INDEX.digest}  the index\n" in result.stdout
        assert "why       the engine remembers sha256:ffff" in result.stdout
        absent = identify(place, "registry.example/no:1", *ASK, environment=environment)
    assert (absent.status, "has no image registry.example/no:1" in absent.stderr) == (3, True)


@needs_unix
def test_the_image_id_of_the_containerd_store_is_said_to_be_the_index(place: Path) -> None:
    child = {
        "ID": AMD64.digest,
        "Kind": "image",
        "Available": True,
        "ImageData": {"Platform": {"os": "linux", "architecture": "amd64"}},
    }
    image = inspected(
        Id=INDEX.digest, Descriptor={"mediaType": INDEX.media_type, "digest": INDEX.digest}, Manifests=[child, child]
    )
    short = INDEX.digest[7:19]
    answers = CONTAINERD | {f"/images/{NAME}/json": image, "/images/json": [{"Id": INDEX.digest}]}
    with fake_engine(place, answers | {f"/images/{INDEX.digest}/json": image}) as environment:
        result = identify(place, NAME, *ASK, environment=environment)
        assert f"image ID  {INDEX.digest}  the digest of its index or manifest, not of its config" in result.stdout
        assert "containerd store, for 2 platforms" in result.stdout
        assert "the same image: the index is the same, bit for bit" in result.stdout
        found = identify(place, short, *ASK, environment=environment)
    assert found.status == 0
    assert f"index digest of {NAME}\n" in found.stdout
    assert "an image in the engine at" in found.stdout


@needs_unix
def test_a_hash_is_found_in_the_engine_and_followed_to_the_registry(place: Path) -> None:
    answers = CLASSIC | {"/images/json": [{"Id": CONFIG.digest}], f"/images/{CONFIG.digest}/json": inspected()}
    with fake_engine(place, answers) as environment:
        result = identify(place, CONFIG.digest[7:19], *ASK, environment=environment)
        elsewhere = identify(
            place, CONFIG.digest[7:19], "--image", "registry.example/app:2", *ASK, environment=environment
        )
    assert result.status == 0
    assert f"config digest of {NAME} for linux/amd64: its image ID" in result.stdout
    assert f"there as  {NAME}" in result.stdout
    assert result.stdout.count("good for") == 1
    assert elsewhere.status == 1


@needs_unix
def test_an_image_without_a_tag_is_followed_by_what_it_was_pulled_as(place: Path) -> None:
    image = inspected(RepoTags=[])
    answers = CLASSIC | {"/images/json": [{"Id": CONFIG.digest}], f"/images/{CONFIG.digest}/json": image}
    with fake_engine(place, answers) as environment:
        result = identify(place, CONFIG.digest, *ASK, environment=environment)
    assert "config digest of registry.example/app for linux/amd64: its image ID" in result.stdout


@needs_unix
def test_a_short_id_that_fits_several_says_so(place: Path) -> None:
    ids = [f"sha256:{'a' * 12}{letter * 52}" for letter in "bc"]
    answers = CLASSIC | {"/images/json": [{"Id": one} for one in ids]}
    answers |= {f"/images/{one}/json": {"Id": one} for one in ids}
    with fake_engine(place, answers) as environment:
        result = identify(place, "a" * 12, environment=environment)
    assert "warning: `aaaaaaaaaaaa` begins several hashes: give more of its digits" in result.stdout


def test_without_an_engine_and_a_file_a_name_is_for_inspect(place: Path) -> None:
    if Path("/var/run/docker.sock").exists() or Path("/run/podman/podman.sock").exists():
        pytest.skip("this machine has an engine")
    result = identify(place, "app:1", environment={"DOCKER_HOST": ""})
    assert (result.status, "`pinner inspect app:1`" in result.stderr) == (3, True)
    short = identify(place, "f140", environment={"DOCKER_HOST": ""})
    assert (short.status, "of a hash, give the first 12 digits or more" in short.stderr) == (3, True)
    nowhere = identify(place, "f" * 64, environment={"DOCKER_HOST": ""})
    assert "no file: there is no repository around this folder" in nowhere.stdout
    assert "a container engine: there is none (neither DOCKER_HOST nor a socket)" in nowhere.stdout


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded archives are not here")
@pytest.mark.parametrize(
    ("file", "form", "how"),
    [
        ("legacy.tar", "legacy", "equal-config"),
        ("pod-da.tar", "docker-archive", "equal-config"),
        ("ctrd.tar", "docker-oci", "equal-index"),
        ("pod-oci.tar", "oci-archive", "equal-config"),
    ],
)
def test_what_four_programs_saved_is_one_image(tmp_path: Path, file: str, form: str, how: str) -> None:
    # The containerd store's archive is a layout as well: unpacked, it stands in for the registry.
    subprocess.run(["tar", "xf", RECORDED / "ctrd.tar", "-C", tmp_path], check=True)
    result = identify(tmp_path, str(RECORDED / file), "--layout", ".", "--format", "json")
    document = answer(result)
    [image] = document["images"]
    assert (result.status, document["form"], document["tampered"]) == (0, form, [])
    assert image["config"].startswith("sha256:82d34a3a")
    [comparison] = image["comparisons"]
    assert (comparison["outcome"], comparison["index"][7:15], comparison["manifest"][7:15]) == (
        how,
        "0f5317fe",
        "289c4343",
    )
    if file == "pod-oci.tar":
        assert image["manifest"].startswith("sha256:736817e6")
        assert "compressed anew (gzip)" in comparison["reasons"][0]


@pytest.mark.registry
@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_what_skopeo_copies_is_told_to_be_the_image_however_it_is_packed(tmp_path: Path, compression: str) -> None:
    skopeo = require("skopeo")
    with RealRegistry(tmp_path / "registry", images={"app:1": INDEX}) as registry:
        name = f"{registry.host}/app:1"

        def copied(target: str, *options: str) -> None:
            flags = ("--src-tls-verify=false", "--override-arch", "amd64", "--override-os", "linux", *options)
            subprocess.run([skopeo, "copy", *flags, f"docker://{name}", target], check=True, capture_output=True)

        again = ("--dest-compress", "--dest-compress-format", compression, "--dest-compress-level", "9")
        copied(f"oci-archive:{tmp_path}/oci.tar:{name}", *again)
        copied(f"docker-archive:{tmp_path}/docker.tar:{name}")
        copied(f"oci:{tmp_path}/layout:{name}", "--all", *again)
        for what, form in (("oci.tar", "oci-archive"), ("docker.tar", "docker-archive"), ("layout", "oci-layout")):
            result = identify(tmp_path, what, "--image", name, "--format", "json")
            document = answer(result)
            assert (result.status, document["form"], document["tampered"]) == (0, form, [])
            image = document["images"][0]
            assert image["config"] == CONFIG.digest
            assert image["comparisons"][0]["manifest"] == AMD64.digest
        raw = subprocess.run(
            [skopeo, "inspect", "--raw", "--tls-verify=false", f"docker://{name}"], check=True, capture_output=True
        )
        result = identify(tmp_path, digest_of(raw.stdout.rstrip(b"\n")), "--image", name)
        assert (result.status, f"index digest of {name}" in result.stdout) == (0, True)


@contextmanager
def docker_daemon(folder: Path) -> Iterator[str]:
    """Run Debian's dockerd with everything of its own in ``folder``; yield its address. Skip where it cannot run."""
    program = shutil.which("dockerd")
    if program is None or os.name != "posix" or os.geteuid() != 0 or shutil.which("docker") is None:
        pytest.skip("needs dockerd, docker and root")
    address = f"unix://{folder}/d.sock"
    flags = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-masq=false", "--storage-driver=vfs")
    places = (f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid")
    log = (folder / "log").open("wb")
    command = [program, *flags, *places, "-H", address, "--insecure-registry", "127.0.0.0/8"]
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 300
        while not (folder / "d.sock").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        if process.poll() is not None or not (folder / "d.sock").exists():
            pytest.skip("dockerd does not run here")
        yield address
    finally:
        process.terminate()
        process.wait(300)
        log.close()


@pytest.mark.registry
def test_credentials_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{", "utf-8")
    environment = {"DOCKER_CONFIG": str(tmp_path), "HOME": str(tmp_path)}
    with RealRegistry(tmp_path / "r", users={"alice": "secret"}, images={"app:1": INDEX}) as registry:
        result = identify(tmp_path, INDEX.digest, "--image", f"{registry.host}/app:1", environment=environment)
    assert (result.status, f"warning: {registry.host}/app:1: " in result.stdout) == (3, True)
    assert "config.json" in result.stderr


@contextmanager
def podman_service(folder: Path, podman: list[str]) -> Iterator[str]:
    """Run podman's own service for its store in ``folder``; yield its address."""
    address = f"unix://{folder}/p.sock"
    process = subprocess.Popen([*podman, "system", "service", "-t", "0", address])
    try:
        end = time.monotonic() + 300
        while not (folder / "p.sock").exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(300)


@pytest.mark.registry
def test_a_real_podman_and_the_digest_that_it_makes_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = shutil.which("podman")
    if program is None or os.name != "posix" or os.geteuid() != 0:
        pytest.skip("needs podman and root")
    folder = tmp_path_factory.mktemp("p")
    podman = [program, "--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", "vfs"]
    podman += ["--events-backend", "file", "--cgroup-manager", "cgroupfs"]
    with RealRegistry(folder / "r", images={"app:1": INDEX}) as registry:
        name = f"{registry.host}/app:1"
        subprocess.run([*podman, "pull", "-q", "--tls-verify=false", name], check=True, capture_output=True)
        save = [*podman, "save", "-q", "--format", "oci-archive", "-o", f"{folder}/app.tar", name]
        subprocess.run(save, check=True, capture_output=True)
        with podman_service(folder, podman) as address:
            environment = {"DOCKER_HOST": address}
            pulled = identify(folder, name, "--image", name, environment=environment)
            subprocess.run([*podman, "rmi", "-f", name], check=True, capture_output=True)
            subprocess.run([*podman, "load", "-q", "-i", f"{folder}/app.tar"], check=True, capture_output=True)
            loaded = identify(folder, name, "--image", name, "--format", "json", environment=environment)
        archive = identify(folder, "app.tar", "--image", name, "--format", "json")
    assert (pulled.status, "the index is the same, bit for bit" in pulled.stdout) == (0, True)
    assert "an image in podman's store" in pulled.stdout
    # Loaded, it has a digest that no registry served; the image ID alone proves that it is the same.
    [image] = answer(loaded)["images"]
    assert (loaded.status, image["comparisons"][0]["outcome"]) == (0, "equal-config")
    assert image["repoDigests"] == [f"{registry.host}/app@{answer(archive)['images'][0]['manifest']}"]
    assert "made up when an archive was loaded" in " ".join(image["comparisons"][0]["reasons"])


@pytest.mark.registry
def test_a_real_docker_engine_and_what_it_saves(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("d")
    with (
        docker_daemon(folder) as address,
        RealRegistry(folder / "r", images={"app:1": INDEX, "app:2": OTHER}) as registry,
    ):
        name, other = f"{registry.host}/app:1", f"{registry.host}/app:2"
        environment = {"DOCKER_HOST": address}

        def docker(*arguments: str) -> str:
            done = subprocess.run(["docker", "-H", address, *arguments], check=True, capture_output=True, text=True)
            return done.stdout.strip()

        docker("pull", "-q", name)
        short = docker("images", "-q", name)
        docker("save", "-o", f"{folder}/app.tar", name)
        local = identify(folder, name, "--image", name, environment=environment)
        by_id = identify(folder, short, environment=environment)
        archive = identify(folder, "app.tar", "--image", name, "--format", "json", environment=environment)
        assert (local.status, by_id.status, archive.status) == (0, 0, 0)
        assert "an image in a Docker engine's classic store" in local.stdout
        assert "the index is the same, bit for bit" in local.stdout
        config = next(child.blobs[0].digest for child in INDEX.children if child.blobs[0].digest[7:19] == short)
        assert f"image ID  {config}" in local.stdout
        assert by_id.stdout.startswith(f"{config}\n\nconfig digest of {name} for linux/")
        assert answer(archive)["images"][0]["config"] == config
        # The same image under another tag is not what that tag means; pushed, it is, under another manifest digest.
        docker("tag", name, other)
        assert identify(folder, other, "--image", other, environment=environment).status == 1
        docker("push", "-q", other)
        pushed = identify(folder, other, "--image", other, "--format", "json", environment=environment)
        [comparison] = answer(pushed)["images"][0]["comparisons"]
        assert (pushed.status, comparison["config"], comparison["index"]) == (0, config, None)
        # Loaded from an archive, the engine knows no digest: the config alone proves it.
        docker("rmi", "-f", config)
        docker("load", "-i", f"{folder}/app.tar")
        loaded = identify(folder, name, "--image", name, "--format", "json", environment=environment)
        assert answer(loaded)["images"][0]["comparisons"][0]["outcome"] == "equal-config"


def test_a_pasted_line_of_docker_images_is_asked_about_under_its_name(place: Path) -> None:
    line = f"{NAME.replace(':', '   ')}   {CONFIG.digest[7:19]}   3 weeks ago   48.2MB"
    assert f"of {NAME}" in identify(place, line, *ASK).stdout
    assert identify(place, CONFIG.digest.upper(), *ASK, "--image", NAME).status == 0
