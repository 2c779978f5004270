"""Lockfile pinner.lock: what every tag is held to."""
