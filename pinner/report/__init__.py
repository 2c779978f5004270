"""What a run says: one module an output format."""
