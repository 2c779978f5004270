"""What the bot does with the git program: clone what it needs, read branches, commit, push."""
