"""Linker: what the repository makes of a name that one file says."""
