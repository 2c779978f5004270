"""Templates: named placeholders and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinner.config.bot import TITLE_WORDS, TemplateError, check_template, fill_template

VALUES = {"group": "digests", "count": "2"}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("{group}: {count}{count}", "digests: 22"),
        ("{{group}}", "{group}"),
        ("{{{group}}}", "{digests}"),
        ("{{}}", "{}"),
        ("%s $group", "%s $group"),
    ],
)
def test_placeholders_are_filled(template: str, text: str) -> None:
    assert fill_template(template, VALUES) == text


def test_values_are_not_templates() -> None:
    assert fill_template("{group}", {"group": "{count} {{ {", "count": "2"}) == "{count} {{ {"


@pytest.mark.parametrize(
    ("template", "message", "hint"),
    [
        ("{grup}", "has an unknown placeholder `{grup}`", "did you mean `group`?"),
        ("{}", "has an unknown placeholder `{}`", "the placeholders here are {group}, {count}"),
        ("{group.__class__}", "has an unknown placeholder `{group.__class__}`", None),
        ("{0}", "has an unknown placeholder `{0}`", "the placeholders here are {group}, {count}"),
        ("{count:>999999999}", "has an unknown placeholder `{count:>999999999}`", None),
        ("{group!r}", "has an unknown placeholder `{group!r}`", "did you mean `group`?"),
        ("{ group }", "has an unknown placeholder `{ group }`", "did you mean `group`?"),
        ("{group", "has a lone `{`", "write `{{` and `}}` for braces that stay"),
        ("group}", "has a lone `}`", "write `{{` and `}}` for braces that stay"),
        ("{gro{up}", "has a lone `{`", "write `{{` and `}}` for braces that stay"),
    ],
)
def test_anything_else_in_braces_is_a_mistake(template: str, message: str, hint: str | None) -> None:
    for refuse in (lambda: check_template(template, tuple(VALUES)), lambda: fill_template(template, VALUES)):
        with pytest.raises(TemplateError) as caught:
            refuse()
        assert caught.value.message == message
        assert hint is None or caught.value.hint == hint


@given(st.text())
def test_text_with_doubled_braces_comes_out_as_it_was(text: str) -> None:
    assert fill_template(text.replace("{", "{{").replace("}", "}}"), {}) == text


@given(st.text(st.sampled_from("{}group ")))
def test_what_passes_the_check_can_be_filled(template: str) -> None:
    try:
        check_template(template, TITLE_WORDS)
    except TemplateError:
        return
    fill_template(template, dict.fromkeys(TITLE_WORDS, "x"))
