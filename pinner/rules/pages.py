"""Rule pages: Markdown for the docs and SARIF, plain text for a terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from pinner.rules import RULES, explanation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.rules import Rule

_ITEM = re.compile(r"(?:[-*]|[0-9]+\.) ")
_NEEDS = {
    "": "the files alone",
    "lock": "`pinner.lock`",
    "online": "`pinner check --online`, which asks the registries",
}
_SILENCE = """

Above the reference, or, in YAML, on its line:

```dockerfile
# pinner: ignore[{id}] why it is as it should be until=2027-01-31
```

`until=` is optional and lets the comment expire; `# pinner: ignore-file[{id}]` among the leading comments is for the
whole file. For the whole project, or to make it graver or milder, in `pinner.toml` or under `[tool.pinner]` in
pyproject.toml:

```toml
[rules]
{id} = "off"    # error | warning | note | off; without a word: {severity}
```"""


def page(rule: Rule) -> str:
    """Return the page of ``rule`` in Markdown, without a line end at its end."""
    return f"# {rule.id}: {rule.name}\n\n{_lead(rule)}\n\n{help_text(rule)}"


def help_text(rule: Rule) -> str:
    """Return the sections of the page of ``rule`` in Markdown: what, why, how to mend, how to silence."""
    return explanation(rule) + _SILENCE.format(id=rule.id, severity=rule.severity)


def _lead(rule: Rule) -> str:
    summary = rule.summary[0].upper() + rule.summary[1:]
    return f"{summary}. By default {_article(rule.severity)}; needs {_NEEDS[rule.needs]}."


def _article(severity: str) -> str:
    return f"an {severity}" if severity == "error" else f"a {severity}"


def index() -> str:
    """Return the page that lists all rules, in Markdown."""
    rows = "\n".join(
        f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.severity} | {_NEEDS[rule.needs]} | {rule.summary} |"
        for rule in RULES
    )
    return (
        "# The rules of `pinner check`\n\n"
        "`pinner explain PIN001` prints these pages.\n\n"
        "| rule | name | default | needs | meaning |\n|---|---|---|---|---|\n" + rows
    )


def plain(markdown: str, width: int = 80) -> Iterator[str]:
    """Yield the lines of one of these pages as plain text of ``width`` columns.

    Headings are bare, blocks indented and as long as they are, code spans as they are.
    """
    fenced = False
    paragraph: list[str] = []
    for line in markdown.splitlines():
        is_text = not fenced and line and not line.startswith(("```", "#", "|"))
        if paragraph and (not is_text or _ITEM.match(line)):
            yield from _wrapped(" ".join(paragraph), width)
            paragraph = []
        if is_text:
            paragraph.append(line.strip())
        elif line.startswith("```"):
            fenced = not fenced
        else:
            yield f"    {line}".rstrip() if fenced else line.lstrip("#").lstrip()
    yield from _wrapped(" ".join(paragraph), width)


def _wrapped(text: str, width: int) -> list[str]:
    item = _ITEM.match(text)
    return textwrap.wrap(
        text,
        width,
        subsequent_indent=" " * len(item[0] if item else ""),
        break_long_words=False,
        break_on_hyphens=False,
    )
