"""pinner.lock: what every tag is held to, for checks without a network and tools that pin without rewriting."""
