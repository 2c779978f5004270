"""Offline check of a whole repository."""
