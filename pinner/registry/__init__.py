"""Everything that speaks the distribution API."""
