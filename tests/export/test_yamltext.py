"""Scalars that pinner writes: every reader of YAML, 1.1 and 1.2, takes them for the text they stand for."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pinner.export.base import scalar


@pytest.mark.parametrize("text", ["web", "my-service_2.x", "nginx:1.27@sha256:00ff", "sha256:00", "host:5000/a/b"])
def test_plain_words_stay_plain(text: str) -> None:
    assert scalar(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "on",
        "Yes",
        "n",
        "NULL",
        "true",
        "1.27",
        "007",
        "1e3",
        "0x10",
        "12:30:45",
        "2026-11-01",
        "",
        "~",
        "a:",
        "-a",
        "a b",
    ],
)
def test_what_might_be_taken_for_something_else_is_quoted(text: str) -> None:
    assert scalar(text) == f'"{text}"'


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_the_text_comes_back_as_key_and_as_value(text: str) -> None:
    document = f"{scalar(text)}:\n  image: {scalar(text)}\n"
    expected = {text: {"image": text}}
    assert yaml.safe_load(document) == expected
    assert YAML(typ="safe").load(document) == expected
