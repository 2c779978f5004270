"""What each command does, one module each; none knows how its options are spelled."""
