"""Machines as data: what stands on which bus. No regions, no behaviour."""
