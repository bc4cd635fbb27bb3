"""The history: every run that was kept, in one SQLite database, and what became of a metric over them."""
