"""The processes of a session: a child that we started, and whatever it started; and how to make them end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def members(session: int) -> Iterator[tuple[int, int]]:
    """Each process of the session with the clock ticks that it has run."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(fields[3]) == session:
                    yield int(folder.name), int(fields[11]) + int(fields[12])


def ticks(session: int) -> int:
    """The clock ticks that all of them have run."""
    return sum(number for _, number in members(session))


def terminate(session: int, program: str) -> None:
    """Ask the processes that run the file `program` to end, or, where none does, the session's first."""
    wanted = os.path.realpath(program)
    running = []
    for pid, _ in members(session):
        with suppress(OSError):
            if os.path.realpath(f"/proc/{pid}/exe") == wanted:
                running.append(pid)
    for pid in running or [session]:
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
