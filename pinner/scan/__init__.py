"""Scan of a repository: files discovered, read, located, suppressions applied."""
