"""Whether this process is the one that began, or a copy that was forked of it; asked for the price of an index."""

from __future__ import annotations

import mmap
import os
from typing import Union

_MADV_WIPEONFORK = 18
"""Linux 4.14; the module mmap does not name it (madvise(2))."""


class _ByNumber:
    """The same by the process number, which takes a system call, where the kernel does not wipe."""

    def __init__(self) -> None:
        self._process = os.getpid()

    def __getitem__(self, index: int) -> int:
        return int(os.getpid() == self._process)


ForkMark = Union[mmap.mmap, _ByNumber]  # noqa: UP007
_marks: list[ForkMark] = []


def fork_mark() -> ForkMark:
    """Its item 0 is 1 in this process, and 0 in every copy that is forked of it, also by C."""
    if not _marks or not _marks[0][0]:
        _marks[:] = [_wiped_page() or _ByNumber()]
    return _marks[0]


def _wiped_page() -> mmap.mmap | None:
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_MADV_WIPEONFORK)
    except (OSError, AttributeError):
        return None
    page[0] = 1
    return page
