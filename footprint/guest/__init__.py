"""The real thing: a QEMU process as a resource, what it says of itself, and a backend that drives it."""
