"""Runs inside gdb: counts the views that a running QEMU makes and frees, and never stops it for longer than that.

    gdb -p PID -x gdb_views.py

FOOTPRINT_GDB_COUNT is the descriptor of a file whose first two numbers of eight bytes become the views made and freed
from now on; FOOTPRINT_GDB_REPORT that of a pipe for ``ready``, or ``cannot REASON``.
"""

from __future__ import annotations

import mmap
import os
import struct

import gdb

from footprint.qemu_process.gdb_session import address_of, prepare

NEW_VIEW, FREED_VIEW = "address_space_dispatch_new", "address_space_dispatch_free"
"""Called once for each view, because every view has a dispatch of its own (since v2.11.0)."""


class ViewCalls(gdb.Breakpoint):  # type: ignore[misc, unused-ignore]
    """A breakpoint that never stops QEMU, and keeps the number of its hits at `offset` of the shared memory."""

    def __init__(self, address: int, shared: mmap.mmap, offset: int) -> None:
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True
        self.shared, self.offset, self.calls = shared, offset, 0

    def stop(self) -> bool:
        """Count the call."""
        self.calls += 1
        self.shared[self.offset : self.offset + 8] = struct.pack("<Q", self.calls)
        return False


def main() -> None:
    """Set the two breakpoints, say so, and let QEMU go on until it ends or we are ended."""
    prepare()
    gdb.execute("handle all nostop noprint pass", to_string=True)
    report = int(os.environ["FOOTPRINT_GDB_REPORT"])
    addresses = [address_of(function) for function in (NEW_VIEW, FREED_VIEW)]
    if not gdb.selected_inferior().pid:
        os.write(report, b"cannot be attached to\n")
        os._exit(1)
    if any(address is None for address in addresses):
        os.write(report, b"does not export " + f"{NEW_VIEW} and {FREED_VIEW}\n".encode())
        os._exit(1)
    shared = mmap.mmap(int(os.environ["FOOTPRINT_GDB_COUNT"]), 16)
    for number, address in enumerate(addresses):
        ViewCalls(address or 0, shared, 8 * number)
    os.write(report, b"ready\n")
    gdb.execute("continue", to_string=True)
    if gdb.selected_inferior().pid:  # we were interrupted: it is to go on without us
        gdb.execute("delete breakpoints", to_string=True)
        gdb.execute("detach", to_string=True)
    os._exit(0)


main()
