"""Runs inside gdb: the sizes of the memory core's C structures in a stripped QEMU (docs/structure-sizes.md).

    gdb -q -nx -batch -x benchmarks/structure_sizes.py --args qemu-system-x86_64 -M pc -S -nodefaults -display none

Follows the making of a few views, and reads from each allocation how many bytes were asked for. Prints a line for
each structure: its name in footprint.memory.rules.Layout, and bytes. x86-64 only.
"""

import contextlib
import os
from pathlib import Path

import gdb

FROM_VIEW, VIEWS = 60, 6
"""By then a pc's views have ranges, and "I/O" has a subpage."""

PROGRAM_END = 0x7F0000000000
"""Libraries are mapped above, the program below."""

TOPOLOGY = 0x800
"""Bytes of code within which the function that makes a view allocates it and asks for its dispatch."""

ALLOCATORS = ("g_malloc0", "g_malloc0_n", "g_realloc", "g_realloc_n")
NEW_DISPATCH = "address_space_dispatch_new"
SETTINGS = ("confirm off", "pagination off", "debuginfod enabled off", "startup-with-shell off")
PAGE_TABLE = 2 * 4096


def register(name):
    """A register at the instruction where the program stands."""
    return int(gdb.newest_frame().read_register(name)) & ((1 << 64) - 1)


def return_address():
    """Where the function that has just been entered returns to."""
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(register("rsp"), 8)), "little")


class Entry(gdb.Breakpoint):
    """The first instruction of `function`; calls `seen` there, and stops if that says so."""

    def __init__(self, function, seen):
        super().__init__(f"*{int(gdb.parse_and_eval(f'(long)&{function}')):#x}", internal=True)
        self.silent = True
        self.seen = seen

    def stop(self):
        """Let `seen` look."""
        return bool(self.seen())


class Sizes:
    """What the allocations so far tell. `calls` are those since the last dispatch: (function, arguments, caller)."""

    def __init__(self):
        self.views = 0
        self.calls = []
        self.found = {}

    def new_dispatch(self):
        """A view was rendered, and its dispatch begins: the view and its ranges were allocated before."""
        self.views += 1
        caller, has_view = return_address(), False
        for function, arguments, other in self.calls:
            if function == "g_malloc0" and 0 < caller - other < TOPOLOGY:
                self.found["flatview"], has_view = arguments[0], True
            elif has_view and function == "g_realloc" and arguments[0] == 0:
                # The first array of ranges has room for ten.
                self.found.setdefault("flat_range", arguments[1] // 10)
        self.calls = []
        return self.views in (FROM_VIEW, FROM_VIEW + VIEWS)

    def allocation(self, function):
        """The program asks for memory."""
        caller = return_address()
        if caller >= PROGRAM_END:
            return
        arguments = (register("rdi"), register("rsi"), register("rdx"))
        if function == "g_malloc0" and not self.calls:
            self.found.setdefault("dispatch", arguments[0])
        elif function == "g_malloc0" and arguments[0] > PAGE_TABLE:
            self.found["subpage_head"] = arguments[0] - PAGE_TABLE
        elif function == "g_realloc_n" and arguments[1] == 16:
            self.found["section"] = arguments[2]
        self.calls.append((function, arguments, caller))


def main():
    """Start the program, follow it, and print."""
    for setting in SETTINGS:
        with contextlib.suppress(gdb.error):
            gdb.execute("set " + setting)
    gdb.execute("handle SIGUSR1 SIGUSR2 SIGPIPE nostop noprint pass", to_string=True)
    sizes = Sizes()
    gdb.execute("starti", to_string=True)
    Entry(NEW_DISPATCH, sizes.new_dispatch)
    gdb.execute("continue", to_string=True)
    for function in ALLOCATORS:
        Entry(function, lambda function=function: sizes.allocation(function))
    sizes.calls = []
    gdb.execute("continue", to_string=True)
    with Path(os.environ.get("FOOTPRINT_SIZES", "/dev/stdout")).open("w") as stream:
        for name, size in sorted(sizes.found.items()):
            stream.write(f"{name} {size}\n")
    gdb.execute("kill", to_string=True)
    gdb.execute("quit")


main()
