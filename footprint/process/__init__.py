"""Child processes, what /proc says of their memory, and their heap's counters."""
