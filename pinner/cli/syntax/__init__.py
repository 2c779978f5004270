"""Command table: names and summaries."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """Where a command's spelling lives, and its one line in ``pinner --help``."""

    module: str
    summary: str


COMMANDS = {
    "pin": Command("pinner.cli.syntax.pin", "Add a digest to every unpinned reference, in place."),
    "update": Command("pinner.cli.syntax.update", "Move digests to what their tags mean now, and pin the rest."),
    "unpin": Command("pinner.cli.syntax.unpin", "Take the digests off again; tags stay."),
    "lock": Command("pinner.cli.lock", "Write down what every tag means; files stay as they are."),
    "check": Command("pinner.cli.syntax.check", "Say what is not pinned, or wrongly; offline, writes nothing."),
    "list": Command("pinner.cli.syntax.list", "Show every image reference and how it stands."),
    "report": Command("pinner.cli.report", "Show all images on one HTML page, or as CSV or JSON."),
    "export": Command("pinner.cli.export", "Write pinner.lock for other tools, or all images as CycloneDX."),
    "inspect": Command("pinner.cli.inspect", "Show what a name means: index, manifests, image IDs, signatures."),
    "verify": Command("pinner.cli.verify", "Say who signed an image, and whether they may."),
    "fleet": Command("pinner.cli.fleet", "Keep thousands of repositories current, by an index of images."),
    "trust": Command("pinner.cli.trust", "Fetch the trusted root that signatures are held against."),
    "init": Command("pinner.cli.init", "Show the configuration that suits a repository, and write it."),
    "schema": Command("pinner.cli.schema", "Print the JSON Schema of a file or an output of pinner's."),
    "explain": Command("pinner.cli.explain", "Explain a rule of check: what, why, how to mend it."),
    "identify": Command("pinner.cli.identify", "Say what a hash, an archive or a local image is."),
    "lsp": Command("pinner.cli.lsp", "Serve editors: findings while one types, hover, code actions."),
    "completion": Command("pinner.cli.syntax.completion", "Print the script that completes all this in a shell."),
    "demo": Command("pinner.cli.demo", "Show all of it in a temporary folder, without a network."),
}
"""In the order of ``pinner --help``."""
