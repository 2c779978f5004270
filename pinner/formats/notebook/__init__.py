"""Jupyter notebooks: the images that the code cells name, found by the Python engine, placed in the JSON."""

from pinner.formats.notebook.locate import FORMAT, locate
from pinner.formats.notebook.pragmas import unwrapped

__all__ = ["FORMAT", "locate", "unwrapped"]
