"""What the scripts that run inside gdb share. Only gdb's own module and the standard library are used."""

from __future__ import annotations

import contextlib

import gdb

_SETTINGS = (
    "confirm off", "pagination off", "debuginfod enabled off", "print inferior-events off", "print thread-events off",
    "disable-randomization off", "breakpoint pending on", "startup-with-shell on",
)  # fmt: skip


def prepare(*more: str) -> None:
    """Make gdb ask nothing, say nothing and touch nothing that QEMU can see; `more` settings after ours."""
    for setting in (*_SETTINGS, *more):
        # An older gdb does not know every setting, and does not do what it turns off.
        with contextlib.suppress(gdb.error):
            gdb.execute("set " + setting, to_string=True)


def address_of(function: str) -> int | None:
    """Where the exported `function` is in the running program, or None."""
    try:
        return int(gdb.parse_and_eval(f"(long)&{function}"))
    except gdb.error:
        return None
