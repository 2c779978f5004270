"""Identification of a hash, an archive, a layout or a local image."""
