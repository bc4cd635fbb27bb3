"""What judges: gates and comparisons of recordings."""
