"""Compose ``.env`` linked: which value holds the digest of which image, and where none may go."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from fakes import digest_of
from world import pinner

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = f"sha256:{'1' * 64}"
TODAY = date(2026, 11, 1)


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def listed(folder: Path, *paths: str) -> list[str]:
    """Return what ``pinner list`` says of the places, without the details."""
    lines = [line.partition(" (") for line in pinner(folder, "list", *paths).stdout.splitlines()]
    return [" ".join((*shown.split(), *filter(None, [why.partition(":")[0]]))) for shown, _, why in lines]


def web(image: str, rest: str = "") -> str:
    return f"services:\n  web:\n    image: {image}\n{rest}"


CASES = {
    "a value that ends an image": (
        {".env": "V=7.2\n", "compose.yaml": web("redis:${V}")},
        [".env:1:3 variable unpinned redis:7.2", "compose.yaml:3:12 service-image skipped redis:${V} replaced"],
    ),
    "the whole image": (
        {".env": "A=1\nIMG='redis:7' # the cache\n", "compose.yaml": web("$IMG")},
        [".env:2:6 variable unpinned redis:7", "compose.yaml:3:12 service-image skipped $IMG replaced"],
    ),
    "the value, not the default": (
        {".env": "V=7.2\n", "compose.yaml": web("redis:${V:-6}")},
        [".env:1:3 variable unpinned redis:7.2", "compose.yaml:3:12 service-image skipped redis:6 replaced"],
    ),
    "an empty value counts for `-` alone": (
        {".env": "V=\n", "compose.yaml": "services:\n  a: {image: 'redis:${V:-6}'}\n  b: {image: 'redis${V-:5}'}\n"},
        [
            "compose.yaml:2:15 service-image unpinned redis:6",
            "compose.yaml:3:15 service-image skipped redis interpolated-tag",
        ],
    ),
    "a required value": (
        {".env": "V=7\n", "compose.yaml": web("redis:${V:?say which}")},
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:12 service-image skipped redis:${V:?say which} replaced",
        ],
    ),
    "an alternative": (
        {".env": "V=7\n", "compose.yaml": web("redis:${V:+8}")},
        ["compose.yaml:3:12 service-image skipped redis:${V:+8} no-default"],
    ),
    "a value in the middle": (
        {".env": "V=7\n", "compose.yaml": web("redis:${V}-alpine")},
        ["compose.yaml:3:12 service-image skipped redis:7-alpine interpolated-tag"],
    ),
    "one value, one image, many services": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "  other: {image: 'redis:$V'}\n")},
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
            "compose.yaml:4:19 service-image skipped redis:$V replaced",
        ],
    ),
    "a value that a container is handed by its name": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "  job: {image: 'a:1', environment: [MODE=x, V]}\n")},
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
            "compose.yaml:4:17 service-image unpinned a:1",
        ],
    ),
    "a value that a container is handed by its name, in a mapping": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "    environment:\n      V:\n      MODE: x\n")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that a build is handed by its name": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("redis:$V", "  app: {build: {context: app, args: [V]}}\n"),
            "app/Dockerfile": "FROM alpine:3\nARG V\nRUN apk add redis$V\n",
        },
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "app/Dockerfile:1:6 from unpinned alpine:3",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
        ],
    ),
    "a value that a build is handed by its name, in a mapping": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "  app: {build: {context: app, args: {V: ~, W: 1}}}\n")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that a hook is handed by its name": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("redis:$V", "    post_start: [{command: a, environment: [V]}]\n"),
        },
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that a secret is": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V") + "secrets: {a: {environment: V}, b: {file: b}}\n"},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that the override hands on by its name": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("redis:$V"),
            "compose.override.yaml": "services:\n  web:\n    environment:\n    - V\n",
        },
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "names with values of their own": (
        {
            ".env": "V=7\n",
            "compose.yaml": web(
                "redis:$V",
                "    environment: {V: '', W: V, X: }\n  b: {image: 'a:1', environment: ['V=', 'W=V', X], labels: [V]}\n"
                "  c: {image: 'a:1', build: {args: {V: '1'}}}\n  d: {image: 'a:1', build: {args: [V=]}, tmpfs: [V]}\n",
            )
            + "configs: {V: {external: true}, W: {content: V}}\nsecrets: [V]\n",
        },
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
            "compose.yaml:5:15 service-image skipped a:1 built-elsewhere",
            "compose.yaml:6:15 service-image skipped a:1 built-here",
            "compose.yaml:7:15 service-image skipped a:1 built-here",
        ],
    ),
    "a name that another project hands on": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("redis:$V"),
            "other/compose.yaml": "services: {a: {image: 'a:1', environment: [V]}}\n",
        },
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
            "other/compose.yaml:1:24 service-image unpinned a:1",
        ],
    ),
    "one value, two images": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "  other: {image: 'valkey:$V'}\n")},
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "compose.yaml:3:12 service-image skipped redis:$V replaced",
            "compose.yaml:4:19 service-image skipped valkey:$V replaced",
        ],
    ),
    "a value that the environment gets too": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "    environment: {V: '${V}'}\n")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that another file of the folder reads": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("redis:$V"),
            "compose.dev.yaml": "services:\n  web: {command: 'x $V'}\n",
        },
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a file that is handed to a container": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "    env_file: [{path: ./.env}]\n")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "another file that is handed to a container": (
        {".env": "V=7\n", "compose.yaml": web("redis:$V", "    env_file: web.env\n")},
        [".env:1:3 variable unpinned redis:7", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that another value has in it": (
        {".env": "V=7\nW=x$V\n", "compose.yaml": web("redis:$V")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped redis:$V replaced"],
    ),
    "a value that ends in another": (
        {".env": "V=7\nI=redis:${V}\n", "compose.yaml": web("$I")},
        [".env:1:3 variable unpinned redis:7", "compose.yaml:3:12 service-image skipped $I replaced"],
    ),
    "a value that ends in another, which all mean one image": (
        {".env": "V=7\nT=$V\nI=redis:${T}\n", "compose.yaml": web("$I", "  b: {image: 'redis:$T'}\n")},
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:12 service-image skipped $I replaced",
            "compose.yaml:4:15 service-image skipped redis:$T replaced",
        ],
    ),
    "a value that ends two others": (
        {".env": "V=7\nI=redis:${V}\nJ=valkey:$V\n", "compose.yaml": web("$I", "  b: {image: '$J'}\n")},
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "compose.yaml:3:12 service-image skipped $I replaced",
            "compose.yaml:4:15 service-image skipped $J replaced",
        ],
    ),
    "a value that ends one that no image ends in": (
        {".env": "V=7\nI=redis:${V}\nJ=app-$V\n", "compose.yaml": web("$I")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped $I replaced"],
    ),
    "a value that ends one that the environment gets": (
        {".env": "V=7\nI=redis:${V}\n", "compose.yaml": web("$I", "    environment: {I: '${I}'}\n")},
        [".env:1:3 variable skipped redis:7 arg-conflict", "compose.yaml:3:12 service-image skipped $I replaced"],
    ),
    "a registry before a value's own end": (
        {".env": "R=ghcr.io\nI=$R/acme/x:1\n", "compose.yaml": web("$I")},
        [
            ".env:2:3 variable skipped ghcr.io/acme/x:1 arg-conflict",
            "compose.yaml:3:12 service-image skipped $I replaced",
        ],
    ),
    "a registry before another value": (
        {".env": "R=ghcr.io\nV=1\nI=$R/acme/x:$V\n", "compose.yaml": web("$I")},
        [".env:2:3 variable unpinned ghcr.io/acme/x:1", "compose.yaml:3:12 service-image skipped $I replaced"],
    ),
    "a value of one that comes later": (
        {".env": "I=redis:$V\nV=7\n", "compose.yaml": web("$I")},
        ["compose.yaml:3:12 service-image skipped $I no-default"],
    ),
    "the name of a build": (
        {".env": "V=7\n", "compose.yaml": web("app:$V", "    build: .\n")},
        ["compose.yaml:3:12 service-image skipped app:$V built-here"],
    ),
    "the name of a build, and an image": (
        {".env": "V=7\n", "compose.yaml": web("app:$V", "    build: .\n  r: {image: 'redis:$V'}\n")},
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "compose.yaml:3:12 service-image skipped app:$V built-here",
            "compose.yaml:5:15 service-image skipped redis:$V replaced",
        ],
    ),
    "a build by an override": (
        {
            ".env": "V=7\n",
            "compose.yaml": web("app:$V"),
            "compose.override.yaml": "services:\n  web: {build: .}\n",
        },
        ["compose.yaml:3:12 service-image skipped app:$V built-here"],
    ),
    "two variables at the end": (
        {".env": "V=7\nW=.2\n", "compose.yaml": web("redis:$V$W", "  r: {image: 'redis:$V'}\n")},
        [
            ".env:1:3 variable skipped redis:7 arg-conflict",
            "compose.yaml:3:12 service-image skipped redis:7.2 interpolated-tag",
            "compose.yaml:4:15 service-image skipped redis:$V replaced",
        ],
    ),
    "a folder of its own": (
        {".env": "V=7\n", "a/compose.yaml": web("redis:$V"), "b/.env": "V=8\n", "b/compose.yaml": web("redis:$V")},
        [
            "a/compose.yaml:3:12 service-image skipped redis:$V no-default",
            "b/.env:1:3 variable unpinned redis:8",
            "b/compose.yaml:3:12 service-image skipped redis:$V replaced",
        ],
    ),
    "a file that is included gets the values of the project": (
        {
            ".env": "V=7\n",
            "compose.yaml": "include: [db/compose.yaml]\nservices:\n  web: {image: 'x:1'}\n",
            "db/compose.yaml": web("redis:$V"),
        },
        [
            ".env:1:3 variable unpinned redis:7",
            "compose.yaml:3:17 service-image unpinned x:1",
            "db/compose.yaml:3:12 service-image skipped redis:$V replaced",
        ],
    ),
    "another name of the file": (
        {".env.example": "V=7\n", "prod.env": "V=7\n", "compose.yaml": web("redis:$V")},
        ["compose.yaml:3:12 service-image skipped redis:$V no-default"],
    ),
    "a file without a compose file": ({".env": "V=7\nSECRET=hunter2\n"}, []),
    "a broken file": (
        {".env": "V=7\nB='\n", "compose.yaml": web("redis:$V")},
        ["compose.yaml:3:12 service-image skipped redis:$V no-default"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_value_is_pinned_where_it_stands(tmp_path: Path, case: str) -> None:
    files, expected = CASES[case]
    fill(tmp_path, files)
    assert listed(tmp_path) == expected


@pytest.mark.parametrize("case", CASES)
def test_a_run_over_one_file_says_of_it_what_a_run_over_all_says(tmp_path: Path, case: str) -> None:
    files, expected = CASES[case]
    fill(tmp_path, files)
    for name in files:
        if name.endswith((".yaml", "/.env")) or name == ".env":
            assert listed(tmp_path, name) == [line for line in expected if line.startswith(f"{name}:")]


def test_a_pin_goes_into_the_value_and_comes_off_again(tmp_path: Path) -> None:
    before = {
        ".env": "# SECRET=1\nV=7.2\nPASSWORD=hunter2\nI=redis\n",
        "compose.yaml": web("redis:$V", "  b: {image: $I}\n"),
    }
    fill(tmp_path, before)
    done = pinner(tmp_path, "pin")
    digests = [digest_of(f"docker.io/library/redis:{tag}", None) for tag in ("7.2", "latest")]
    assert (done.status, (tmp_path / ".env").read_text("utf-8")) == (
        0,
        f"# SECRET=1\nV=7.2@{digests[0]}\nPASSWORD=hunter2\nI=redis:latest@{digests[1]}\n",
    )
    assert (tmp_path / "compose.yaml").read_text("utf-8") == before["compose.yaml"]
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert (tmp_path / ".env").read_text("utf-8") == before[".env"].replace("I=redis\n", "I=redis:latest\n")


def test_a_pin_goes_to_the_value_that_others_end_in(tmp_path: Path) -> None:
    before = {".env": "V=7.2\nI=redis:${V}\n", "compose.yaml": web("$I")}
    fill(tmp_path, before)
    assert pinner(tmp_path, "pin").status == 0
    digest = digest_of("docker.io/library/redis:7.2", None)
    assert (tmp_path / ".env").read_text("utf-8") == f"V=7.2@{digest}\nI=redis:${{V}}\n"
    assert pinner(tmp_path, "check").status == 0
    assert pinner(tmp_path, "unpin").status == 0
    assert (tmp_path / ".env").read_text("utf-8") == before[".env"]


def test_a_default_s_digest_that_the_value_drops_is_void(tmp_path: Path) -> None:
    fill(tmp_path, {".env": f"V=7@{DIGEST}\n", "compose.yaml": web(f"redis:${{V:-6@{DIGEST}}}")})
    done = pinner(tmp_path, "check")
    assert done.status == 1
    assert "[PIN009]" in done.stdout
    assert "in .env:1" in done.stdout


def test_no_other_line_of_the_file_is_shown(tmp_path: Path) -> None:
    fill(tmp_path, {".env": "A=hunter1\nV=7.2\nB=hunter2\n", "compose.yaml": web("redis:$V")})
    for arguments in (
        ("list", "-v"),
        ("check",),
        ("check", "--format", "json"),
        ("check", "--format", "sarif"),
        ("check", "--format", "github"),
        ("pin", "--diff"),
        ("pin", "--diff", "--format", "rdjsonl"),
    ):
        done = pinner(tmp_path, *arguments)
        assert "7.2" in done.stdout
        assert "hunter" not in done.stdout + done.stderr
    digest = digest_of("docker.io/library/redis:7.2", None)
    patch = pinner(tmp_path, "pin", "--diff")
    assert patch.stdout == f"--- a/.env\n+++ b/.env\n@@ -2 +2 @@\n-V=7.2\n+V=7.2@{digest}\n"
    assert "`git apply --unidiff-zero`" in patch.stderr
