"""Cache files in the user's cache folder."""
