"""Registry client for the OCI distribution API."""
