"""The processes of a session: a child that we started, and whatever it started; and how to make them end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

MARK = "FOOTPRINT_CHILD"
"""The variable that a child of ours has in its environment, and all that it starts: it may have left the session."""
ROUNDS = 10
_AT_WORK = ("R", "D")


def members(session: int) -> Iterator[tuple[int, int]]:
    """Each process of the session with the clock ticks that it has run."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                fields = _stat(folder)
                if int(fields[3]) == session:
                    yield int(folder.name), int(fields[11]) + int(fields[12])


def ticks(session: int) -> int:
    """The clock ticks that all of them have run."""
    return sum(number for _, number in members(session))


def end(session: int, program: str, number: int) -> None:
    """Send the signal to the processes that run the file `program`, or, where none does, to the session's first."""
    for pid in _running(session, program) or [session]:
        with suppress(OSError):
            os.kill(pid, number)


def is_read(session: int, program: str) -> bool:
    """Whether each process that runs the file `program` has read the file that is its stdin to the end."""
    with suppress(OSError, ValueError, IndexError):
        return all(
            int(Path(f"/proc/{pid}/fdinfo/0").read_text().split()[1]) >= Path(f"/proc/{pid}/fd/0").stat().st_size
            for pid in _running(session, program)
        )
    return False


def _running(session: int, program: str) -> list[int]:
    wanted, running = os.path.realpath(program), []
    for pid, _ in members(session):
        with suppress(OSError):
            if os.path.realpath(f"/proc/{pid}/exe") == wanted:
                running.append(pid)
    return running


def kill_marked(mark: str) -> None:
    """End what has `mark` in its environment, until nothing is left that could start more of it."""
    for _ in range(ROUNDS):
        if not (pids := list(_marked(mark))):
            return
        for pid in pids:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def _marked(mark: str) -> Iterator[int]:
    """The processes that have `mark`; what is dead has no environment any more."""
    word = f"{MARK}={mark}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                if word in (folder / "environ").read_bytes().split(b"\0"):
                    yield int(folder.name)


class Activity:
    """Whether the process `pid` works."""

    def __init__(self, pid: int) -> None:
        self._folder = Path(f"/proc/{pid}")
        self._ran = -1

    def is_at_work(self) -> bool:
        """Whether a thread of it runs, or waits for a disk, or has run for a clock tick since this was asked last."""
        before, running = self._ran, False
        with suppress(OSError, ValueError, IndexError):
            fields = _stat(self._folder)
            self._ran = int(fields[11]) + int(fields[12])
            running = any(_stat(task)[0] in _AT_WORK for task in (self._folder / "task").iterdir())
        return running or self._ran != before


def _stat(folder: Path) -> list[str]:
    """The fields of a process or thread from its state on."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
