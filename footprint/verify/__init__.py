"""Verification: what a real QEMU did, against what the model makes of the same input."""
