"""Python: images that code gives to the libraries that run containers, as literals, constants and defaults."""

from pinner.formats.python.locate import FORMAT, locate, worth_parsing

__all__ = ["FORMAT", "locate", "worth_parsing"]
