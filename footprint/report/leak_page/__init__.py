"""The page of a leak verdict: the readings with their slope, where it comes from, and how to repeat it."""
