"""Git operations of the bot."""
