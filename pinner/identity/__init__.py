"""What is this hash, and what does this name mean? Index, manifest and image ID told apart, with the proof."""
