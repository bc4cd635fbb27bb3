"""Text that QEMU printed, as plain data."""
