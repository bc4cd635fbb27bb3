"""How much memory this machine has to spare."""

from __future__ import annotations


def available_memory() -> int:
    """Bytes that new processes can have without anything being swapped out, as the kernel estimates it."""
    import psutil

    return int(psutil.virtual_memory().available)
