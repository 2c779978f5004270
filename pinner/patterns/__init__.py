"""Patterns that a repository brings along, matched without backtracking: globs and regular expressions."""
