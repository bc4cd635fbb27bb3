"""What a process has from the kernel and keeps: mappings, descriptors, threads, child processes, by name."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from footprint.attribution.place import Growth, Place, arrows, counted, largest, place
from footprint.attribution.python_stacks import in_words, theirs
from footprint.units import bytes_text

_NUMBERED = re.compile(r"\[\d+\]")
EVENTS = {
    "open": "file", "socket.__new__": "file", "os.pipe": "file", "_thread.start_new_thread": "thread",
    "subprocess.Popen": "child", "os.fork": "child", "os.posix_spawn": "child", "mmap.__new__": "mapping",
}  # fmt: skip
"""What Python tells its audit hooks, and what is then taken from the kernel."""
FRAMES = 10
FILES = "/proc/self/fd"
OF_HEAP = 1.5
"""Times what the heap grows by: more address space than that is not malloc's."""
LEAST_PART, MOST_PART = 0.05, 1.5
"""Of the growth of the address space, what a kind of mappings must be to explain it."""


class Belongings:
    """Read at the start, after n cycles, and after 2n more; `places` says what grew of what `rates` tell of."""

    def __init__(self, cycles: int, rates: Mapping[str, float]) -> None:
        self._cycles, self._rates = cycles, rates
        every: dict[str, tuple[str, Callable[[], Mapping[Any, float]]]] = {
            "file": ("fds", _files), "thread": ("threads", _threads), "child": ("children", _children),
        }  # fmt: skip
        self._readers = {kind: reader for kind, (metric, reader) in every.items() if metric in rates}
        # Memory that malloc takes for its blocks is told where these are made.
        if "maps" in rates or rates.get("vm.bytes", 0) > OF_HEAP * rates.get("heap.bytes", 0):
            self._readers["mapping"] = _mappings
        self._growth = {kind: Growth(cycles) for kind in self._readers}
        self._spread = Growth(cycles)
        self._first: set[str] = set()
        self._calls: Counter[tuple[str, str, tuple[tuple[str, int], ...]]] = Counter()
        self._listening = True
        sys.addaudithook(self._hear)  # it cannot be taken off again; this process is at its end

    def read(self) -> None:
        """Remember what there is now."""
        self._listening = False
        for kind, reader in self._readers.items():
            now = reader()
            self._growth[kind].add(now)
            if kind == "mapping":
                joined: Counter[tuple[str, str]] = Counter()
                for (name, rights, size), number in now.items():
                    joined[name, rights] += int(number) * size
                self._spread.add(joined)
        self._first = self._first or set(os.listdir(FILES))
        self._listening = True

    def places(self) -> list[Place]:
        """What grew."""
        self._listening = False
        found: list[Place] = []
        if "file" in self._readers:
            found += self._counted("file", "fds", "descriptor")
        if "thread" in self._readers:
            found += self._counted("thread", "threads", "thread")
        if "child" in self._readers:
            found += self._counted("child", "children", "process", "processes")
        if "mapping" in self._readers:
            found += self._mappings(self._rates)
        return found

    def _counted(self, kind: str, metric: str, one: str, many: str = "") -> list[Place]:
        found = []
        for name, rate in self._growth[kind].grown().items():
            frames = self._caller(kind, name)
            what = _sockets(self._first) if name == "socket" else name
            where = f"{what}  {arrows(frames)}" if frames else what
            found.append(place(kind, [metric], counted(rate, one, many), where, rate, many or f"{one}s", frames=frames))
        return largest(found)

    def _mappings(self, rates: Mapping[str, float]) -> list[Place]:
        metrics = [name for name in ("vm.bytes", "maps") if name in rates]
        frames = self._caller("mapping", "")
        at = f"  {arrows(frames)}" if frames else ""
        found = []
        for (name, rights, size), rate in self._growth["mapping"].grown().items():
            amount = f"{counted(rate, 'mapping')}, {bytes_text(rate * size)}"
            where = f"{name} {rights} of {bytes_text(size)}{at}"
            found.append(place("mapping", metrics, amount, where, rate, "mappings", size=rate * size, frames=frames))
        if found := _fitting(found, rates):
            return largest(found)
        for (name, rights), size in self._spread.grown().items():  # they were joined to larger ones
            found.append(
                place("mapping", metrics, bytes_text(size), f"{name} {rights}{at}", size, "B", size=size, frames=frames)
            )
        return largest(_fitting(found, rates))

    def _caller(self, kind: str, name: str) -> list[str]:
        """The stack that most often asked the kernel for one of these; empty where no Python asked."""
        calls = Counter({
            stack: number
            for (of, about, stack), number in self._calls.items()
            if of == kind and (kind != "file" or about == name or not (about or name.startswith("/")))
        })  # fmt: skip
        return [in_words(line) for line in calls.most_common(1)[0][0]] if calls else []

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        kind = EVENTS.get(event)
        if kind is None or not self._listening:
            return
        about = ""
        if event == "open" and isinstance(arguments[0], str | bytes):
            about = str(Path(os.fsdecode(arguments[0])).resolve())
        lines: list[tuple[str, int]] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and len(lines) < FRAMES:
            lines.append((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        stack = theirs(tuple(lines))
        if stack:
            self._calls[kind, about, stack] += 1


def _fitting(found: list[Place], rates: Mapping[str, float]) -> list[Place]:
    """Those that can be a part of what grows; a piece that was taken once, for many cycles, looks too large."""
    most, count = rates.get("vm.bytes", float("inf")), rates.get("maps", float("inf"))
    return [
        one
        for one in found
        if (LEAST_PART * most <= one["bytes"] <= MOST_PART * most)
        or (one["unit"] == "mappings" and one["per_cycle"] >= LEAST_PART * count)
    ]


def _lines() -> Iterator[tuple[str, str, int]]:
    for line in Path("/proc/self/maps").read_bytes().decode(errors="replace").splitlines():
        span, rights, _, _, _, *name = line.split(None, 5)
        start, _, end = span.partition("-")
        yield name[0] if name else "anonymous", rights, int(end, 16) - int(start, 16)


def _mappings() -> Counter[tuple[str, str, int]]:
    return Counter(_lines())


def _files() -> Counter[str]:
    found: Counter[str] = Counter()
    for descriptor in os.listdir(FILES):
        with suppress(OSError):  # the one that lists them
            found[_NUMBERED.sub("", os.readlink(f"{FILES}/{descriptor}")).rstrip(":")] += 1
    return found


def _sockets(old: set[str]) -> str:
    """``stream socket 127.0.0.1:8080 → 127.0.0.1:*``: most of those that are new."""
    import psutil

    found: Counter[str] = Counter()
    with suppress(psutil.Error, OSError, RuntimeError):
        for one in psutil.Process().net_connections(kind="all"):
            if str(one.fd) not in old:
                ends = [_end(end) for end in (one.laddr, one.raddr) if end]
                kind = getattr(one.type, "name", "").removeprefix("SOCK_").lower()
                found[f"{kind} socket {' → '.join(ends)}".strip()] += 1
    return found.most_common(1)[0][0] if found else "socket"


def _end(end: Any) -> str:
    return f"{end.ip}:{_port(end.port)}" if hasattr(end, "ip") else str(end)


def _port(number: int) -> str:
    return "*" if number >= 32768 else str(number)


def _threads() -> Counter[str]:
    known = {one.native_id: one for one in threading.enumerate()}
    found: Counter[str] = Counter()
    for task in Path("/proc/self/task").iterdir():
        thread = known.get(int(task.name))
        if thread is not None:
            target = getattr(thread, "_target", None) or type(thread)
            name = re.sub(r"\d+", "N", thread.name)
            found[f"{name} ({getattr(target, '__qualname__', target)})"] += 1
            continue
        with suppress(OSError):
            found[f"{(task / 'comm').read_text().strip()} (no thread of Python's)"] += 1
    return found


def _children() -> Counter[str]:
    import psutil

    found: Counter[str] = Counter()
    with suppress(psutil.Error, OSError):
        for one in psutil.Process().children():
            with suppress(psutil.Error):
                ended = one.status() == psutil.STATUS_ZOMBIE
                found[f"{one.name()}, ended, and not waited for" if ended else " ".join(one.cmdline())[:100]] += 1
    return found
