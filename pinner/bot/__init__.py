"""Update bot: an idempotent job that keeps digests current by pull requests."""
