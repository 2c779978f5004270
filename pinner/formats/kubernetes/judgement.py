"""Whether the text under an image key is a reference that a kubelet, or the operator that reads it, will pull."""

from __future__ import annotations

from pinner.lean import TYPE_CHECKING
from pinner.model import Mention

if TYPE_CHECKING:
    from pinner.formats.yamlnodes.references import Use
    from pinner.formats.yamlnodes.text import SourceText
    from pinner.model import Place

_DOCKER_HUB = ("docker.io/", "index.docker.io/")


def judge(use: Use, text: SourceText) -> Place:
    """Return the mention that ``text`` makes, or a skip that says what else it is."""
    written = str(text)
    if "{{" in written:
        return use.skip(written, "templated", "a template fills it in")
    if "$" in written:
        return _judge_variable(use, written)
    if written.startswith("ko://"):
        return use.skip(written, "built-elsewhere", "ko builds this image from a Go package")
    if "*" in written:
        return use.skip(written, "invalid-reference", "a pattern for many images")
    if "<" in written:
        return use.skip(written, "templated", "a placeholder that somebody fills in")
    if written.startswith("localhost/"):
        return use.skip(written, "built-elsewhere", "`localhost/` is the store of the machine that built it")
    place = use.judge(text)
    if use.kind == "package" and isinstance(place, Mention) and _is_unqualified(place):
        return use.skip(written, "computed", "Crossplane adds a registry of its own choice; write the registry out")
    return place


def _judge_variable(use: Use, written: str) -> Place:
    colon = written.find(":", written.rfind("/") + 1)
    dollar = written.find("$")
    name = written[dollar:].partition(")" if written.startswith("$(", dollar) else "}")[0]
    closing = {"(": ")", "{": "}"}.get(name[1:2], "")
    detail = f"`{name}{closing}` is filled in before the image is pulled"
    return use.skip(written, "interpolated-tag" if dollar > colon >= 0 else "interpolated-name", detail)


def _is_unqualified(mention: Mention) -> bool:
    return mention.reference.domain == "docker.io" and not str(mention.reference).startswith(_DOCKER_HUB)
