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


def readers(session: int, path: str) -> list[int]:
    """The processes whose stdin is the file at `path`, without those that only started one of them."""
    pids, parents = [], set()
    for pid, _ in members(session):
        with suppress(OSError, IndexError, ValueError):
            if str(Path(f"/proc/{pid}/fd/0").readlink()) == path:
                pids.append(pid)
                parents.add(int(_stat(Path(f"/proc/{pid}"))[1]))
    return [pid for pid in pids if pid not in parents]


def is_read(pid: int) -> bool:
    """Whether the process has read the file that is its stdin to the end."""
    with suppress(OSError, ValueError, IndexError):
        read = int(Path(f"/proc/{pid}/fdinfo/0").read_text().split()[1])
        return read >= Path(f"/proc/{pid}/fd/0").stat().st_size
    return False


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
