"""The lock for tools that pin without rewriting: one module a target, and one line each here."""
