"""pinner.lock: what every tag was last held to, for checks without a network and for tools that pin without rewriting."""
