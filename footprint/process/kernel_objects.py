"""What this process has from the kernel, by number or name: mappings, open files, sockets, threads, child processes."""

from __future__ import annotations

import os
import re
import select
import threading
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

try:
    import psutil
except ImportError:  # the target's environment need not have it
    psutil = None

DESCRIPTORS = "/proc/self/fd"
TASKS = "/proc/self/task"
DELETED, ENDED = " (deleted)", ", ended, and not waited for"
FIRST_EPHEMERAL_PORT = 32768
"""From here on Linux takes ports for who asks for none."""
_NUMBERED = re.compile(r"\[\d+\]")


def descriptors() -> set[str]:
    """The numbers of the open files, without the one that lists them: the next file would get its number."""
    return {number for number in os.listdir(DESCRIPTORS) if os.path.lexists(f"{DESCRIPTORS}/{number}")}


def mappings() -> Counter[tuple[str, str, int]]:
    """By name (``anonymous`` without one), rights and size in bytes."""
    return Counter(_mapping_lines())


def files(only: Iterable[int] | None = None) -> dict[int, str]:
    """What each open file, or `only` these, leads to: of sockets and pipes ``socket`` and ``pipe``."""
    names = {}
    for descriptor in map(int, os.listdir(DESCRIPTORS)) if only is None else only:
        with suppress(OSError):  # the one that lists them
            names[descriptor] = _NUMBERED.sub("", os.readlink(f"{DESCRIPTORS}/{descriptor}")).rstrip(":")
    return names


def sockets(old: Collection[str]) -> Counter[str]:
    """``stream socket 127.0.0.1:8080 → 127.0.0.1:*``: those whose descriptors are not `old`."""
    names: Counter[str] = Counter()
    if psutil is None:
        return names
    with suppress(psutil.Error, OSError, RuntimeError):
        for connection in psutil.Process().net_connections(kind="all"):
            if str(connection.fd) not in old:
                ends = [_end(end) for end in (connection.laddr, connection.raddr) if end]
                kind = getattr(connection.type, "name", "").removeprefix("SOCK_").lower()
                names[f"{kind} socket {' → '.join(ends)}".strip()] += 1
    return names


def threads() -> dict[int, str]:
    """What each thread is called, its numbers replaced by N, and its function.

    One that has been joined may be there for a moment more; so long it is waited for.
    """
    for _ in range(10):
        if len(os.listdir(TASKS)) <= threading.active_count():
            break
        select.select([], [], [], 0.001)  # a target may have replaced time.sleep
    known = {thread.native_id: thread for thread in threading.enumerate()}
    names = {}
    for task in os.listdir(TASKS):
        thread = known.get(int(task))
        if thread is not None:
            target = getattr(thread, "_target", None) or type(thread)
            name = re.sub(r"\d+", "N", thread.name)
            names[int(task)] = f"{name} ({getattr(target, '__qualname__', target)})"
            continue
        with suppress(OSError):
            names[int(task)] = f"{Path(TASKS, task, 'comm').read_text().strip()} (no thread of Python's)"
    return names


def children() -> dict[int, str]:
    """The command line of each child process, or that it ended and was not waited for."""
    names: dict[int, str] = {}
    if psutil is None:
        return names
    with suppress(psutil.Error, OSError):
        for child in psutil.Process().children():
            with suppress(psutil.Error):
                ended = child.status() == psutil.STATUS_ZOMBIE
                name = f"{child.name()}{ENDED}" if ended else " ".join(child.cmdline())[:100]
                names[child.pid] = name
    return names


def thread_ids() -> set[int]:
    """Of this process."""
    return set(map(int, os.listdir(TASKS)))


class ThreadCount:
    """Whether the number of threads is another than at the last call: their folder has a link for each."""

    def __init__(self) -> None:
        self._last = 0

    def has_changed(self) -> bool:
        """Since the last call."""
        before, self._last = self._last, os.stat(TASKS).st_nlink
        return before != self._last


def child_ids() -> set[int]:
    """Processes that this thread started and that were not waited for; none where the kernel does not tell."""
    try:
        with open("/proc/thread-self/children", "rb", buffering=0) as file:
            return set(map(int, file.read().split()))
    except OSError:
        return set()


def kind_of_name(name: str) -> str:
    """What those have in common that differ in their names: the folder of a file, the program of a process."""
    if name.startswith("/"):
        folder, _, file = name.rpartition("/")
        return f"{folder}/…{DELETED if file.endswith(DELETED) else ''}"
    first, blank, _ = name.partition(" ")
    return f"{first} …" if blank and not name.endswith((ENDED, ")")) else name


def _mapping_lines() -> Iterator[tuple[str, str, int]]:
    for line in Path("/proc/self/maps").read_bytes().decode(errors="replace").splitlines():
        span, rights, _, _, _, *name = line.split(None, 5)
        start, _, end = span.partition("-")
        yield name[0] if name else "anonymous", rights, int(end, 16) - int(start, 16)


def _end(end: Any) -> str:
    return f"{end.ip}:{_port(end.port)}" if hasattr(end, "ip") else str(end)


def _port(number: int) -> str:
    return "*" if number >= FIRST_EPHEMERAL_PORT else str(number)
