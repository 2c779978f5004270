"""Pin container images to digests, in place, to the byte."""

__version__ = "0.1.0"
