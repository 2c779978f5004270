"""Links: pages of images, and comparisons at forges that are known; from anything else none."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.bot.pull_request_body.markdown import SourceRepository, compare_url, is_revision, page_of, source_repository

OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("docker.io/library/nginx:1.27", "https://hub.docker.com/_/nginx"),
        ("docker.io/grafana/loki:3", "https://hub.docker.com/r/grafana/loki"),
        ("ghcr.io/astral-sh/uv:latest", "https://ghcr.io/astral-sh/uv"),
        ("quay.io/prometheus/node-exporter:v1", "https://quay.io/repository/prometheus/node-exporter"),
        ("public.ecr.aws/docker/library/redis:8", "https://gallery.ecr.aws/docker/library/redis"),
        ("registry.example/a/b:1", None),
        ("localhost:5000/a:1", None),
        ("mirror.example/docker.io/library/nginx:1", None),
        ("ghcr.io/](https://evil.example)", None),
        ("not an image", None),
        ("", None),
    ],
)
def test_an_image_has_a_page_where_its_registry_has_pages(name: str, page: str | None) -> None:
    assert page_of(name) == page


@pytest.mark.parametrize(
    ("url", "host", "path"),
    [
        ("https://github.com/nginx/docker-nginx", "github.com", "nginx/docker-nginx"),
        ("https://github.com/nginx/docker-nginx.git#0123abc:stable/debian", "github.com", "nginx/docker-nginx"),
        ("https://github.com/o/n/tree/main/sub?x=1", "github.com", "o/n"),
        ("http://github.com/o/n/", "github.com", "o/n"),
        ("HTTPS://GitHub.com//o//n", "github.com", "o/n"),
        ("https://user:secret@github.com:8443/o/n", "github.com", "o/n"),
        ("git+https://github.com/o/n.git", "github.com", "o/n"),
        ("git://github.com/o/n.git", "github.com", "o/n"),
        ("ssh://git@github.com/o/n.git", "github.com", "o/n"),
        ("git@github.com:o/n.git", "github.com", "o/n"),
        ("github.com:o/n.git", "github.com", "o/n"),
        ("git@gitlab.com:group/sub/app.git", "gitlab.com", "group/sub/app"),
        ("https://gitlab.com/group/sub/app/-/tree/main", "gitlab.com", "group/sub/app"),
        ("https://gitlab.com/group/app/blob/main/x", "gitlab.com", "group/app"),
        ("https://gitlab.example.org/group/app", "gitlab.example.org", "group/app"),
        ("https://codeberg.org/forgejo/runner", "codeberg.org", "forgejo/runner"),
        ("https://forgejo.example.org/a/b", "forgejo.example.org", "a/b"),
        ("https://gitea.com/a/b/src/branch/main", "gitea.com", "a/b"),
        (" https://bitbucket.org/a/b ", "bitbucket.org", "a/b"),
        ("https://www.github.com/o/n", "github.com", "o/n"),
    ],
)
def test_addresses_of_a_repository_are_brought_to_one_form(url: str, host: str, path: str) -> None:
    assert source_repository(url) == SourceRepository(host, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nginx",
        "javascript:alert(1)//github.com/o/n",
        "javascript://github.com/o/n",
        "data:text/html,x",
        "file:///github.com/o/n",
        "ftp://github.com/o/n",
        "//github.com/o/n",
        "https://github.com",
        "https://github.com/o",
        "https://github.com/o/..",
        "https://github.com/../n",
        "https://github.com/o/.git",
        "https://github.com/o/n)[x](y",
        "https://github.com/o/n%0a",
        "https://github.com/o/n m",
        "https://github.com@evil.example/o/n",
        "https://evil.example/github.com/o/n",
        "https://github.com.evil.example/o/n",
        "https://evilgithub.com/o/n",
        "https://git.example.org/o/n",
        "https://gitlab./o/n",
        "https://gitlab.-x/o/n",
        "https://gitlab.x_y.example/o/n",
        "https://github.com/ö/n",
        "https://gith\u200bub.com/o/n",
        "https://github.com/o/" + "n" * 101,
        "https://github.com/o/n#" + "x" * 500,
        "git@github.com:/o",
        "https://gitlab.com/-/tree",
    ],
)
def test_what_is_no_forges_repository_is_none(url: str) -> None:
    assert source_repository(url) is None


@given(
    st.text() | st.builds("https://{}/{}/{}".format, st.sampled_from(("github.com", "gitlab.a")), st.text(), st.text())
)
def test_no_address_makes_anything_else_than_a_plain_link(url: str) -> None:
    repository = source_repository(url)
    if repository is not None:
        link = compare_url(repository, OLD, NEW)
        assert link is not None
        assert re.fullmatch(r"https://[a-z0-9.-]+(/[A-Za-z0-9._-]+){2,}/compare/a+\.\.\.b+", link)
        assert not re.search(r"/\.+/", link)


@pytest.mark.parametrize(
    ("host", "link"),
    [
        ("github.com", f"https://github.com/o/n/compare/{OLD}...{NEW}"),
        ("gitlab.com", f"https://gitlab.com/o/n/-/compare/{OLD}...{NEW}"),
        ("gitlab.example.org", f"https://gitlab.example.org/o/n/-/compare/{OLD}...{NEW}"),
        ("codeberg.org", f"https://codeberg.org/o/n/compare/{OLD}...{NEW}"),
        ("gitea.com", f"https://gitea.com/o/n/compare/{OLD}...{NEW}"),
        ("forgejo.example.org", f"https://forgejo.example.org/o/n/compare/{OLD}...{NEW}"),
        ("bitbucket.org", f"https://bitbucket.org/o/n/branches/compare/{NEW}%0D{OLD}"),
        ("git.example.org", None),
    ],
)
def test_each_forge_spells_a_comparison_its_own_way(host: str, link: str | None) -> None:
    assert compare_url(SourceRepository(host, "o/n"), OLD, NEW) == link


@pytest.mark.parametrize(
    "text", ["", "main", "a" * 39, "a" * 41, "A" * 40, "g" * 40, "a" * 40 + "\n", "../" + "a" * 37]
)
def test_only_full_commit_ids_are_compared(text: str) -> None:
    assert not is_revision(text)
    assert compare_url(SourceRepository("github.com", "o/n"), text, NEW) is None
    assert compare_url(SourceRepository("github.com", "o/n"), OLD, text) is None
    assert is_revision("0123456789abcdef" * 4)
