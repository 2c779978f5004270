from __future__ import annotations

import subprocess
import sys

from pinner.formats.yaml.parser import describe

WITHOUT_C = """
import sys
sys.modules["_ruamel_yaml"] = None  # as where no wheel of ruamel.yaml.clib exists
from pinner.formats import compose
from pinner.model import Document
located = compose.locate(Document("compose.yaml", b"services: {a: {image: x:1}, b: {image: y:2}}"))
print([str(place.reference) for place in located.places])
"""


def test_without_the_c_parser_the_pure_one_finds_the_same() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT_C], capture_output=True, text=True, check=True)
    assert run.stdout == "['x:1', 'y:2']\n"


def test_an_error_of_no_kind_that_is_known_is_described_by_what_it_says_or_is() -> None:
    assert describe(ValueError("chr() arg\nnot in range")) == ("chr() arg not in range", None)
    assert describe(RecursionError()) == ("RecursionError", None)
