"""Cross-file linking: what the repository makes of a name that one file says."""
