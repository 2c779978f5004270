"""Tag upgrades: the tag that is to follow each one in use, found in its repository's list and proved there."""
