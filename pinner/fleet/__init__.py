"""Fleet of repositories: an index of which names which image, a planner that ticks, workers for what is due."""
