"""The page of a folder of recordings: the latest of each scenario, and all of them."""
