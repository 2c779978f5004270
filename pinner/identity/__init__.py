"""What a hash is, what an archive or a local image holds, whether a registry serves the same. No I/O here."""
