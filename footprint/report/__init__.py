"""What shows: a page made from recordings alone."""
