"""Jupyter notebook format: images in code cells, found by the Python format."""

from pinner.formats.notebook.cells import unwrapped
from pinner.formats.notebook.extract import FORMAT, locate

__all__ = ["FORMAT", "locate", "unwrapped"]
