"""What a process takes from the kernel and keeps: mappings, descriptors, threads, child processes, by name."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from footprint.attribution.growth import KeyedGrowth
from footprint.attribution.line_watch import address_space, descriptor_count, rising_lines
from footprint.attribution.own_frames import stack_of, theirs
from footprint.attribution.source_lines import in_words
from footprint.process import kernel_objects
from footprint.units import bytes_text
from footprint.verdict.place import Place, PlaceKind, counted, largest

EVENTS = {
    "open": PlaceKind.FILE, "socket.__new__": PlaceKind.FILE, "os.pipe": PlaceKind.FILE,
    "_thread.start_new_thread": PlaceKind.THREAD, "subprocess.Popen": PlaceKind.CHILD, "os.fork": PlaceKind.CHILD,
    "os.posix_spawn": PlaceKind.CHILD, "mmap.__new__": PlaceKind.MAPPING,
}  # fmt: skip
"""What Python tells its audit hooks, and what is then taken from the kernel."""
WATCHED = "watched"
"""Stands for whatever was taken at a line that was found by looking."""
OF_HEAP = 1.5
"""Times what the heap grows by: more address space than that is not malloc's."""
LEAST_SHARE, MOST_SHARE = 0.05, 1.5
"""Of the growth of the address space, what a kind of mappings must be to explain it."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """What is counted, one by one: its metric, who counts it, and the words for one and for many of it."""

    metric: str
    reader: Callable[[], Mapping[Any, float]]
    one: str
    many: str


_COUNTED = {
    PlaceKind.FILE: _Resource("fds", kernel_objects.files, "descriptor", "descriptors"),
    PlaceKind.THREAD: _Resource("threads", kernel_objects.threads, "thread", "threads"),
    PlaceKind.CHILD: _Resource("children", kernel_objects.children, "process", "processes"),
}


class KernelResources:
    """Read at the start, after n cycles, and after 2n more; `places` says what grew of what `rates` tell of."""

    def __init__(self, cycles: int, rates: Mapping[str, float]) -> None:
        self._rates = rates
        self._growth = {kind: KeyedGrowth(cycles) for kind, row in _COUNTED.items() if row.metric in rates}
        # Memory that malloc takes for its blocks is told where these are made.
        self._has_mappings = "maps" in rates or rates.get("vm.bytes", 0) > OF_HEAP * rates.get("heap.bytes", 0)
        self._mappings, self._spread = KeyedGrowth(cycles), KeyedGrowth(cycles)
        self._first: set[str] = set()
        self._calls: Counter[tuple[str, str, tuple[tuple[str, int], ...]]] = Counter()
        self._listening = True
        sys.addaudithook(self._hear)  # it cannot be taken off again; this process is at its end

    def read(self) -> None:
        """Remember what there is now."""
        self._listening = False
        for kind, growth in self._growth.items():
            growth.add(_COUNTED[kind].reader())
        if self._has_mappings:
            now = kernel_objects.mappings()
            self._mappings.add(now)
            joined: Counter[tuple[str, str]] = Counter()
            for (name, rights, size), number in now.items():
                joined[name, rights] += number * size
            self._spread.add(joined)
        self._first = self._first or kernel_objects.descriptors()
        self._listening = True

    def watch(self, run: Callable[[], object]) -> None:
        """Look for the lines at which descriptors and mappings are taken, where Python did not say who asked."""
        self._listening = False
        files = self._growth[PlaceKind.FILE].grown() if PlaceKind.FILE in self._growth else {}
        for kind, wanted, reader in (
            (PlaceKind.FILE, any(not self._caller(PlaceKind.FILE, name) for name in files), descriptor_count),
            (PlaceKind.MAPPING, self._has_mappings and not self._caller(PlaceKind.MAPPING, ""), address_space),
        ):
            if wanted:
                for stack, rise in rising_lines(run, reader).lines.items():
                    self._calls[kind, WATCHED, stack] += rise

    def places(self) -> list[Place]:
        """What grew."""
        self._listening = False
        places = [place for kind in self._growth for place in self._of_counted(kind)]
        return places + (self._of_mappings() if self._has_mappings else [])

    def _of_counted(self, kind: PlaceKind) -> list[Place]:
        row, places = _COUNTED[kind], []
        for name, rate in self._growth[kind].grown().items():
            where = self._socket() if name == "socket" else name
            amount, frames = counted(rate, row.one, row.many), self._caller(kind, name)
            places.append(Place(kind, where, (row.metric,), amount, rate, row.many, frames=frames))
        return largest(places)

    def _socket(self) -> str:
        """What most of the new sockets are."""
        names = kernel_objects.sockets(self._first)
        return names.most_common(1)[0][0] if names else "socket"

    def _of_mappings(self) -> list[Place]:
        metrics = tuple(name for name in ("vm.bytes", "maps") if name in self._rates)
        frames = self._caller(PlaceKind.MAPPING, "")

        def place(where: str, amount: str, rate: float, unit: str, size: float) -> Place:
            return Place(PlaceKind.MAPPING, where, metrics, amount, rate, unit, size, frames)

        places = []
        for (name, rights, size), rate in self._mappings.grown().items():
            amount = f"{counted(rate, 'mapping')}, {bytes_text(rate * size)}"
            places.append(place(f"{name} {rights} of {bytes_text(size)}", amount, rate, "mappings", rate * size))
        places = self._fitting(places)
        for (name, rights), size in [] if places else self._spread.grown().items():  # they were joined to larger ones
            places.append(place(f"{name} {rights}", bytes_text(size), size, "B", size))
        return largest(self._fitting(places))

    def _fitting(self, places: list[Place]) -> list[Place]:
        """Those that can be a part of what grows; a piece that was taken once, for many cycles, looks too large."""
        size, count = self._rates.get("vm.bytes", float("inf")), self._rates.get("maps", float("inf"))
        return [
            place
            for place in places
            if (LEAST_SHARE * size <= place.size <= MOST_SHARE * size)
            or (place.unit == "mappings" and place.rate >= LEAST_SHARE * count)
        ]

    def _caller(self, kind: PlaceKind, name: str) -> tuple[str, ...]:
        """The stack that most often asked the kernel for one of these; empty where no Python asked."""
        whose = name if kind == PlaceKind.FILE and name.startswith("/") else ""
        for about in dict.fromkeys((name, whose, WATCHED)):
            stacks = {stack: number for (of, what, stack), number in self._calls.items() if (of, what) == (kind, about)}
            if stacks:
                return tuple(in_words(line) for line in max(stacks, key=stacks.__getitem__))
        return ()

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        kind = EVENTS.get(event)
        if kind is None or not self._listening:
            return
        about = ""
        if event == "open" and isinstance(arguments[0], str | bytes):
            about = str(Path(os.fsdecode(arguments[0])).resolve())
        frame = sys._getframe(1)
        stack = theirs(stack_of(frame, frame.f_lineno))
        if stack:
            self._calls[kind, about, stack] += 1
