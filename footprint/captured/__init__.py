"""Captured machines, built again: from printed text to regions of a memory core, and back."""
