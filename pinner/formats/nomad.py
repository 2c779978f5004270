"""Nomad job format: the images of tasks.

Source: nomad's ``jobspec2`` and the drivers docker, podman and containerd-driver, whose ``config`` has ``image``.
"""

from __future__ import annotations

import re

from pinner._typing import TYPE_CHECKING
from pinner.model import Located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pinner.formats.hcl.blocks import Block
    from pinner.formats.hcl.places import Collector
    from pinner.model import Document

FORMAT = "nomad"
_IMAGE = re.compile(rb'(?<![\w.-])"?image"?[ \t]*[=:]')
_NO_CONTAINERS = frozenset({"qemu", "exec", "exec2", "raw_exec", "java", "virt"})
"""Drivers that run no container: an ``image`` of theirs is a machine's, or a mistake."""


def locate(document: Document) -> Located | None:
    """Return the images that the tasks of ``document`` name; None where none may. Never raises."""
    if _IMAGE.search(document.data) is None:
        return None
    from pinner.formats.hcl.blocks import outline, scan  # noqa: PLC0415 - few files name an image
    from pinner.formats.hcl.facts import PREFIXES, module_of  # noqa: PLC0415 - as above
    from pinner.formats.hcl.places import Collector  # noqa: PLC0415 - as above

    file = scan(document.data, PREFIXES)
    collector = Collector(FORMAT, document.data)
    for task in _tasks(file.root):
        _task(collector, task)
    collector.report(file.problem)
    module = module_of(collector, file.root, file.words, is_alone=True) if collector.open else None
    return Located(collector.places(), tuple(outline(file.root)), (module,) if module is not None else ())


def _tasks(block: Block) -> Iterator[Block]:
    for inner in block.blocks:
        if inner.type in ("task", "sidecar_task"):
            yield inner
        yield from _tasks(inner)


def _task(collector: Collector, task: Block) -> None:
    from pinner.formats.hcl.places import values_at  # noqa: PLC0415 - as above

    driver = task.attribute("driver")
    if driver is not None and _text(collector, driver.start, driver.end) in _NO_CONTAINERS:
        return
    owner = task.labels[0] if task.labels else ""
    for config in task.each("config"):
        image = config.attribute("image")
        if image is not None:
            collector.add_image("task", collector.read(image), owner)
    written = task.attribute("config")
    if written is not None:  # as HCL 1 had it
        for value in values_at(collector.data, collector.read(written), ("image",)):
            collector.add_image("task", value, owner)


def _text(collector: Collector, start: int, end: int) -> str:
    return collector.data[start:end].strip(b' \t"').decode("utf-8", "replace")
