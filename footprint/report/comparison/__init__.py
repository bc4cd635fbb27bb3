"""The page of two recordings: what differs, whose it is, and both machines side by side."""
