"""The bot: one idempotent job that keeps a repository's digests current by pull requests."""
