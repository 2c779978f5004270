"""The language server beside a real client: what is told while one types, and what is done about it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import typing
from typing import TYPE_CHECKING

import pytest
from exporting import lock_of
from images import make_image, make_multi_platform, write_layout
from lspclient import ROOT, Editor, editing, played
from lsprotocol import types
from world import pinner

from pinner.lockfile.render import render_lock
from pinner.lsp.server import PinnerServer
from pinner.reference import Digest

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = ("docker.io/library/nginx:1.27", "docker.io/library/redis:7", "docker.io/library/alpine:latest")
OLD = f"sha256:{'0' * 64}"
BOM = "\ufeff"


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("layout")
    write_layout(folder, {name: make_multi_platform(name) for name in IMAGES})
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    return tmp_path / "work"


@pytest.mark.parametrize("name", ["_pin", "_update", "_ask"])
def test_what_a_command_takes_is_a_class(name: str) -> None:
    # pygls asks `issubclass` of the first parameter, which refuses `dict[str, Any]` from Python 3.13 on.
    assert typing.get_type_hints(getattr(PinnerServer, name))["arguments"] is object


def test_a_finding_comes_and_goes_as_one_types(folder: Path) -> None:
    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open("Dockerfile", "FROM \U0001f40b\n\tFROM nginx:1.27\n")
            await editor.findings(uri)
            editor.change(uri, "# \U0001f40b\n\tFROM nginx:1.27\n")
            [found] = await editor.findings(uri, ["PIN001"])
            assert found.range == types.Range(types.Position(1, 6), types.Position(1, 16))
            assert (found.severity, found.source) == (types.DiagnosticSeverity.Error, "pinner")
            assert found.code_description is not None
            assert found.code_description.href.endswith("docs/rules/PIN001.md")
            at = types.Position(1, 16)
            editor.type(uri, types.Range(at, at), f"@{OLD}")
            await editor.findings(uri, [])
            editor.type(uri, types.Range(types.Position(1, 16), types.Position(1, 17 + len(OLD))), "")
            await editor.findings(uri, ["PIN001"])
            editor.client.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
            await editor.until(lambda: editor.diagnostics[uri].version is None)
            assert list(editor.diagnostics[uri].diagnostics) == []

    played(scene())


TREE = {
    "compose.yaml": "services:\n  a: {image: 'nginx:${TAG}'}\n"
    "  b: {build: ., image: acme/app}\n  c: {image: acme/app}\n",
    ".env": "TAG=1.27\n",
    "Dockerfile": "ARG BASE=alpine\nFROM ${BASE}\nFROM nginx:1 \\\n  AS x\n",
    "base/pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: redis:7\n",
    "base/kustomization.yaml": "resources: [pod.yaml]\n",
    "over/kustomization.yaml": f"resources: [../base]\nimages:\n  - name: redis\n    digest: {OLD}\n",
    "pinner.toml": 'exclude = ["vendor/"]\n[rules]\nPIN002 = "off"\n'
    '[[override]]\npaths = ["over/"]\nrules = {PIN001 = "note"}\n',
}


def plant(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def by_check(folder: Path) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for one in json.loads(pinner(folder, "check", "--format", "json").stdout)["findings"]:
        found.setdefault(one["mention"]["path"], []).append((one["rule"], one["message"]))
    return found


async def equal_to_check(editor: Editor, folder: Path, uris: dict[str, str]) -> None:
    """Wait until the server tells of every open document what ``pinner check`` would tell of it, saved."""
    expected = by_check(folder)

    def told(uri: str) -> list[tuple[str, str]]:
        params = editor.diagnostics.get(uri)
        found = () if params is None or params.version != editor.versions[uri] else params.diagnostics
        return [(str(one.code), one.message.partition("\n")[0]) for one in found]

    def is_so() -> bool:
        return all(told(uri) == expected.get(name, []) for name, uri in uris.items())

    try:
        await editor.until(is_so)
    except TimeoutError:
        raise AssertionError({name: (told(uri), expected.get(name)) for name, uri in uris.items()}) from None


def test_the_whole_repository_decides_and_open_texts_before_their_files(folder: Path, tmp_path: Path) -> None:
    plant(folder, TREE)
    changes = {
        ".env": f"TAG=1.27@{OLD}\n",
        "over/kustomization.yaml": "resources: [../base]\n",
        "compose.yaml": TREE["compose.yaml"] + "  d: {build: {context: ., args: {BASE: 'redis:6'}}}\n",
    }
    other = tmp_path / "saved"
    (other / ".git").mkdir(parents=True)
    plant(other, TREE)

    async def scene() -> None:
        async with editing(folder) as editor:
            uris = {name: editor.open(name) for name in TREE if name != "pinner.toml"}
            await equal_to_check(editor, other, uris)
            for name, text in changes.items():
                editor.change(uris[name], text)
                plant(other, {name: text})
                await equal_to_check(editor, other, uris)

    played(scene())


def test_files_that_others_write_are_read_again(folder: Path) -> None:
    plant(folder, TREE)

    async def scene() -> None:
        async with editing(folder) as editor:
            uris = {name: editor.open(name) for name in ("compose.yaml", "base/pod.yaml")}
            await equal_to_check(editor, folder, uris)
            plant(folder, {".env": f"TAG=1.27@{OLD}\n", "over/kustomization.yaml": "resources: [../base]\n"})
            event = types.FileEvent(editor.uri(".env"), types.FileChangeType.Changed)
            editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))
            await equal_to_check(editor, folder, uris)
            (folder / "pinner.toml").write_text("[rules]\nPIN001 = 'off'\n")
            editor.save(uris["compose.yaml"])
            editor.save(uris["compose.yaml"])
            await equal_to_check(editor, folder, uris)

    played(scene())


PINNED = {
    "Dockerfile": "# \U0001f40b\r\nARG V=1.27\r\nFROM nginx:${V}\r\nFROM alpine\r\nFROM redis:7 AS a\r\n",
    "bom.Dockerfile": f"{BOM}FROM nginx:1.27\nFROM alpine\n",
    "compose.yaml": "services:\n  # \U0001f40b\n  a: {image: &a 'nginx:1.27', labels: ['\U0001f40b\u00e9']}\n"
    "  b: {image: *a}\n  c: {labels: {l: '\U0001f40b'}, image: \"redis:7\"}\n",
    "pod.yaml": "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n\t\n    - {name: \U0001f40b, image: redis:7}\n",
    "app.py": "import docker\nx = '\U0001f40b'; docker.from_env().containers.run('nginx:1.27')\n",
    ".env": "V=1.27\n",
}


@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("operation", ["pin", "update"])
def test_the_edits_are_those_of_the_command(
    folder: Path, layout: Path, tmp_path: Path, operation: str, *, locked: bool
) -> None:
    files = dict(PINNED)
    if operation == "update":
        files["Dockerfile"] = files["Dockerfile"].replace("redis:7", f"redis:7@{OLD}")
    plant(folder, files)
    other = tmp_path / "other"
    (other / ".git").mkdir(parents=True)
    plant(other, files)
    if locked:
        for one in (folder, other):
            (one / "pinner.lock").write_bytes(render_lock(lock_of(["nginx:1.27", "redis:7"])))
    title = "Pin every image in this file" if operation == "pin" else "Update every digest in this file"

    async def scene() -> None:
        async with editing(folder, "--layout", str(layout)) as editor:
            for name in files:
                uri = editor.open(name)
                await editor.findings(uri)
                offered = await editor.actions(uri, 0, 0)
                if title in offered:
                    await editor.run(offered[title].command)
                (folder / name).write_bytes(editor.texts[uri].encode())
            assert editor.messages == []
            assert len(editor.progress) == len(editor.ended) > 0

    played(scene())
    for name, text in files.items():
        if operation == "update" and name != "Dockerfile":  # offered where there is a digest to update
            assert (folder / name).read_bytes() == text.encode()
            continue
        pinner_result(other, operation, name, layout)
        assert (folder / name).read_bytes() == (other / name).read_bytes(), name


def pinner_result(folder: Path, operation: str, name: str, layout: Path) -> None:
    command = (sys.executable, "-m", "pinner", operation, "--layout", str(layout), "--no-cache", name)
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": "/usr/bin:/bin"}
    before = (folder / "pinner.lock").read_bytes() if (folder / "pinner.lock").exists() else None
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # The server leaves the lock alone.
    if before is not None:
        (folder / "pinner.lock").write_bytes(before)


def test_one_place_alone_is_pinned(folder: Path, layout: Path) -> None:
    plant(folder, {"Dockerfile": "FROM nginx:1.27\nFROM redis:7\nFROM nginx@sha256:x\n"})

    async def scene() -> None:
        async with editing(folder, "--layout", str(layout)) as editor:
            uri = editor.open("Dockerfile")
            offered = await editor.actions(uri, 1, 8)
            action = offered["Pin redis:7 to its digest"]
            await editor.run(action.command)
            first, second, _, _ = editor.texts[uri].split("\n")
            assert (first, second.startswith("FROM redis:7@sha256:")) == ("FROM nginx:1.27", True)
            # What was offered for another text is not done.
            await editor.run(action.command)
            assert editor.messages == ["the text has changed: ask again"]
            again = await editor.actions(uri, 1, 8)
            await editor.run(again["Update redis:7 to what its tag means now"].command)
            assert editor.messages[1:] == ["nothing to do: the digests are what the tags mean"]

    played(scene())


def test_what_registries_know_is_told_where_they_are_asked(folder: Path, layout: Path) -> None:
    plant(folder, {"Dockerfile": f"FROM redis:7@{OLD}\nFROM nginx:1.27\nFROM ghcr.io/a/b:1\n"})

    async def scene() -> None:
        async with editing(folder, "--layout", str(layout)) as editor:
            uri = editor.open("Dockerfile")
            await editor.findings(uri, ["PIN001", "PIN001"])
            assert await lenses(editor, uri) == []
            before = await editor.hover(uri, 0, 7)
            assert before is not None
            assert "Ask the registries" in before
            offered = await editor.actions(uri, 0, 0)
            await editor.run(offered["Ask the registries how the pins here stand"].command)
            await editor.until(lambda: editor.refreshed == 1)
            found = await editor.findings(uri, ["PIN001", "PIN001", "PIN102"])
            assert "not served" in found[-1].message
            hovered = await editor.hover(uri, 0, 7)
            assert hovered is not None
            assert "which is not served any more" in hovered
            assert "the tag means now `sha256:" in hovered
            unknown = await editor.hover(uri, 2, 7)
            assert unknown is not None
            assert "no answer: " in unknown
            [lens] = await lenses(editor, uri)
            assert lens.command is not None
            assert lens.command.title.startswith("stale: redis:7 is sha256:")
            await editor.run(lens.command)
            await editor.findings(uri, ["PIN001", "PIN001"])
            current = await editor.hover(uri, 0, 7)
            assert current is not None
            assert "held to `sha256:" in current

    played(scene())


async def lenses(editor: Editor, uri: str) -> list[types.CodeLens]:
    found = await editor.client.text_document_code_lens_async(types.CodeLensParams(types.TextDocumentIdentifier(uri)))
    return list(found or ())


def test_an_image_that_nobody_has_is_told(folder: Path, layout: Path) -> None:
    plant(folder, {"Dockerfile": "FROM ghcr.io/a/b:1\n"})

    async def scene() -> None:
        async with editing(folder, "--layout", str(layout)) as editor:
            uri = editor.open("Dockerfile")
            offered = await editor.actions(uri, 0, 8)
            await editor.run(offered["Pin ghcr.io/a/b:1 to its digest"].command)
            assert len(editor.messages) == 1
            assert "ghcr.io/a/b:1" in editor.messages[0]
            assert editor.texts[uri] == "FROM ghcr.io/a/b:1\n"

    played(scene())


def test_nobody_is_asked_offline(folder: Path) -> None:
    plant(folder, {"Dockerfile": "FROM nginx:1.27\n"})

    async def scene() -> None:
        async with editing(folder, "--offline", "--no-cache") as editor:
            uri = editor.open("Dockerfile")
            offered = await editor.actions(uri, 0, 8)
            for title in ("Pin nginx:1.27 to its digest", "Ask the registries how the pins here stand"):
                await editor.run(offered[title].command)
            [refused] = editor.messages
            assert "--offline forbids to ask" in refused
            hovered = await editor.hover(uri, 0, 8)
            assert hovered is not None
            assert "no answer: " in hovered
            assert editor.texts[uri] == "FROM nginx:1.27\n"

    played(scene())


@pytest.mark.parametrize("title", ["Pin {} to its digest", "Ask the registries how the pins here stand"])
def test_a_question_is_cancelled_by_its_progress(folder: Path, title: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/a/b:1"
        plant(folder, {"Dockerfile": f"FROM {name}\n"})

        async def scene() -> None:
            async with editing(folder) as editor:
                uri = editor.open("Dockerfile")
                offered = await editor.actions(uri, 0, 8)
                editor.cancels = True
                await editor.run(offered[title.format(name)].command)
                assert (editor.messages, len(editor.ended)) == ([], 1)
                # And the server goes on.
                assert await editor.hover(uri, 0, 7)

        played(scene())


IGNORED = {
    "Dockerfile": ("FROM \\\r\n  nginx:1.27\r\n", 1, "# pinner: ignore[PIN001] say why\r\nFROM \\\r\n  nginx:1.27\r\n"),
    "bom.Dockerfile": (f"{BOM}FROM a\n", 0, f"{BOM}# pinner: ignore[PIN001] say why\nFROM a\n"),
    "compose.yaml": (
        "services:\n  a:\n\n    image: 'b'\n",
        3,
        "services:\n  a:\n\n    # pinner: ignore[PIN001] say why\n    image: 'b'\n",
    ),
    "app.py": (
        "import docker\ndocker.from_env().containers.run(\n    'nginx:1.27'\n)\n",
        2,
        "import docker\ndocker.from_env().containers.run(\n    # pinner: ignore[PIN001] say why\n    'nginx:1.27'\n)\n",
    ),
}


@pytest.mark.parametrize("name", IGNORED)
def test_a_finding_is_silenced_with_a_reason(folder: Path, name: str) -> None:
    before, line, after = IGNORED[name]

    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open(name, before)
            [found] = await editor.findings(uri, ["PIN001"])
            offered = await editor.actions(uri, line, found.range.start.character)
            edit = offered["Ignore PIN001 (unpinned) here, with a reason"].edit
            assert edit is not None
            editor.apply(edit)
            assert editor.texts[uri] == after
            await editor.findings(uri, [])

    played(scene())


def test_where_no_comment_can_be_none_is_offered(folder: Path) -> None:
    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open(
                "pod.json", '{"apiVersion": "v1", "kind": "Pod",\n "spec": {"containers": [{"image": "a"}]}}\n'
            )
            compose = editor.open("compose.yaml", 'services:\n  a:\n    image:\n      "b"\n')
            await editor.findings(compose, ["PIN001"])
            assert all("Ignore" not in title for title in await editor.actions(uri, 1, 36))

    played(scene())


def test_hovers(folder: Path) -> None:
    (folder / "pinner.lock").write_bytes(render_lock(lock_of(["nginx:1"])))
    digest = lock_of(["nginx:1"]).images["docker.io/library/nginx:1"].selected.digest
    assert isinstance(digest, Digest)
    text = f"FROM nginx:1@{digest} AS a\nFROM a\nFROM ${{X}}\n# pinner: ignore `why`\nFROM b\n"

    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open("Dockerfile", text)
            held = await editor.hover(uri, 0, 8)
            assert held is not None
            assert "an index" in held
            assert "for `linux/amd64`, `linux/arm64/v8`" in held
            assert "first seen 2026-11-01, " in held
            assert await editor.hover(uri, 0, 2) is None
            skipped = await editor.hover(uri, 2, 6)
            assert skipped is not None
            assert "not pinned here (no-default)" in skipped
            assert await editor.hover(editor.uri("other"), 0, 0) is None

    played(scene())


def test_settings_that_are_broken_are_told_and_what_was_counts_on(folder: Path) -> None:
    (folder / "pinner.toml").write_text("[rules]\nPIN001 = 'warning'\n")

    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open("Dockerfile", "FROM a\n# pinner: ignor\n")
            found = await editor.findings(uri, ["PIN001", "None"])
            assert found[0].severity == types.DiagnosticSeverity.Warning
            assert "unknown pragma" in found[1].message
            (folder / "pinner.toml").write_text("ruels = 1\n")
            editor.save(uri)
            found = await editor.findings(uri, ["PIN001", "None", "None"])
            assert found[0].severity == types.DiagnosticSeverity.Warning
            assert "did you mean" in found[2].message
            (folder / "pinner.toml").unlink()
            editor.save(uri)
            found = await editor.findings(uri, ["PIN001", "None"])
            assert found[0].severity == types.DiagnosticSeverity.Error

    played(scene())


@pytest.mark.parametrize(
    ("files", "severity", "told"),
    [
        ({"pinner.toml": "ruels = 1\n"}, types.DiagnosticSeverity.Error, "ruels"),
        # What is wrong with the lock is nothing against the settings.
        (
            {"pinner.toml": "[rules]\nPIN001 = 'warning'\n", "pinner.lock": "{"},
            types.DiagnosticSeverity.Warning,
            "pinner.lock",
        ),
    ],
)
def test_what_is_broken_from_the_start_is_told(
    folder: Path, files: dict[str, str], severity: types.DiagnosticSeverity, told: str
) -> None:
    plant(folder, files)

    async def scene() -> None:
        async with editing(folder) as editor:
            finding, broken = await editor.findings(editor.open("Dockerfile", "FROM a\n"), ["PIN001", "None"])
            assert finding.severity == severity
            assert told in broken.message

    played(scene())


def test_a_folder_that_is_opened_later_is_a_workspace(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    plant(other, {"pinner.toml": '[rules]\nPIN001 = "off"\n', "sub/Dockerfile": "FROM a\n"})

    async def scene() -> None:
        async with editing(folder) as editor:
            added = types.WorkspaceFoldersChangeEvent([types.WorkspaceFolder(other.as_uri(), "other")], [])
            change = types.DidChangeWorkspaceFoldersParams(added)
            uri, text = (other / "sub" / "Dockerfile").as_uri(), "FROM a\nFROM b\n"
            item = types.TextDocumentItem(uri, "dockerfile", 1, text)
            for odd in ("file:", "file:///", tmp_path.as_uri()):
                document = types.TextDocumentItem(odd, "dockerfile", 1, text)
                editor.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
            editor.client.workspace_did_change_workspace_folders(change)
            editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            editor.texts[uri], editor.versions[uri] = text, 1
            await editor.findings(uri, [])
            assert list(editor.diagnostics) == [uri]
            assert editor.messages == []

    played(scene())


def test_what_is_excluded_or_no_file_is_left_alone(folder: Path) -> None:
    plant(folder, {"pinner.toml": 'exclude = ["vendor/"]\n', "vendor/Dockerfile": "FROM a\n", "notes.txt": "FROM a\n"})

    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open("vendor/Dockerfile")
            text = editor.open("notes.txt")
            item = types.TextDocumentItem("untitled:Dockerfile", "dockerfile", 1, "FROM a\n")
            editor.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
            own = editor.open("Dockerfile", "FROM a\n")
            editor.change(uri, "FROM b\n")
            await editor.findings(own, ["PIN001"])
            assert uri not in editor.diagnostics
            assert await editor.findings(text) == []
            assert await editor.actions(uri, 0, 5) == {}
            assert await editor.actions(text, 0, 5) == {}
            assert await lenses(editor, uri) == []

    played(scene())


@pytest.mark.parametrize(("encoding", "start"), [("utf-8", 15), ("utf-16", 13), ("utf-32", 12)])
def test_positions_are_in_the_units_of_the_client(folder: Path, encoding: str, start: int) -> None:
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])

    async def scene() -> None:
        async with editing(folder, capabilities=types.ClientCapabilities(general=general)) as editor:
            uri = editor.open("compose.yaml", "services: {\n\U0001f40b: {image: 'a'}}\n")
            [found] = await editor.findings(uri, ["PIN001"])
            assert found.range.start == types.Position(1, start)

    played(scene())


def test_a_client_that_shows_no_progress_is_served(folder: Path, layout: Path) -> None:
    plant(folder, {"Dockerfile": "FROM redis:7\n"})

    async def scene() -> None:
        bare = types.ClientCapabilities()
        async with editing(folder, "--layout", str(layout), capabilities=bare) as editor:
            uri = editor.open("Dockerfile")
            offered = await editor.actions(uri, 0, 8)
            await editor.run(offered["Ask the registries how the pins here stand"].command)
            await editor.run(offered["Pin redis:7 to its digest"].command)
            assert "@sha256:" in editor.texts[uri]
            assert (editor.progress, editor.refreshed) == ([], 0)

    played(scene())


def test_actions_of_one_kind(folder: Path) -> None:
    async def scene() -> None:
        async with editing(folder) as editor:
            uri = editor.open("Dockerfile", "FROM a\n")
            at = types.Position(0, 5)
            for only, number in (("quickfix", 2), ("source", 2), ("refactor", 0)):
                context = types.CodeActionContext([], [only])
                params = types.CodeActionParams(types.TextDocumentIdentifier(uri), types.Range(at, at), context)
                found = await editor.client.text_document_code_action_async(params)
                assert len(found or ()) == number

    played(scene())


def test_a_command_that_no_action_gave_is_refused(folder: Path) -> None:
    async def scene() -> None:
        async with editing(folder) as editor:
            with pytest.raises(Exception, match="given by its code actions"):
                await editor.run(types.Command("x", "pinner.pin", arguments=[{"uri": 1}]))
            gone = {"uri": editor.uri("Dockerfile"), "version": 1, "span": None}
            for name in ("pinner.pin", "pinner.update", "pinner.ask"):
                await editor.run(types.Command("x", name, arguments=[gone]))
            assert editor.messages == []

    played(scene())


def test_without_the_extra_one_line_says_so(tmp_path: Path) -> None:
    code = "import sys; sys.modules['pygls'] = None; from pinner.__main__ import main; sys.exit(main(['lsp']))"
    done = subprocess.run(
        (sys.executable, "-c", code),
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    first, hint = done.stderr.splitlines()
    assert first == "error: the language server needs pygls, which is not installed"
    assert hint == "  hint: pip install 'image-pinner[lsp]'"


def test_changes_on_disk_are_asked_for(folder: Path) -> None:
    async def scene() -> None:
        async with editing(folder) as editor:
            await editor.until(lambda: editor.registered == ["workspace/didChangeWatchedFiles"])

    played(scene())


def test_one_platform_s_manifest_is_called_that(folder: Path, tmp_path: Path) -> None:
    single = make_image("x")
    write_layout(tmp_path / "single", {"docker.io/library/x:1": single})
    plant(folder, {"Dockerfile": f"FROM x:1@{single.digest}\n"})

    async def scene() -> None:
        async with editing(folder, "--layout", str(tmp_path / "single")) as editor:
            uri = editor.open("Dockerfile")
            offered = await editor.actions(uri, 0, 0)
            await editor.run(offered["Ask the registries how the pins here stand"].command)
            said = await editor.hover(uri, 0, 7)
            assert said is not None
            assert f"held to `{single.digest}`, a manifest\n" in said
            assert "that is what the tag means now" in said

    played(scene())
