"""The environment of a measured process."""

from __future__ import annotations

import os

UNWANTED = ("PYTHONMALLOC", "PYTHONTRACEMALLOC", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")


def environment() -> dict[str, str]:
    """Ours, without what would make the allocators of the measured process say less.

    glibc counts what its threads' caches hold as in use; without these caches its figures are exact. Python's own
    allocator stays on: blocks of Python and blocks of C are two channels, each quieter than both in one.
    """
    kept = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    tunables = [word for word in kept.get("GLIBC_TUNABLES", "").split(":") if word and "tcache_count" not in word]
    return {
        **kept,
        "GLIBC_TUNABLES": ":".join([*tunables, "glibc.malloc.tcache_count=0"]),
        "PYTHONHASHSEED": kept.get("PYTHONHASHSEED", "0"),
    }
