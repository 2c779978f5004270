"""Signature verification: cosign, notation and Docker Content Trust, judged against the policy of an image."""
