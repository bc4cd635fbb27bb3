"""What a process takes from the kernel and keeps: mappings, descriptors, threads, child processes, by name."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from footprint.attribution import line_watch
from footprint.attribution.growth import RARE_EVENTS, KeyedGrowth, rarest
from footprint.attribution.own_frames import PythonStack, stack_of, theirs
from footprint.attribution.source_lines import in_words
from footprint.process import clock, kernel_objects
from footprint.units import bytes_text
from footprint.verdict.place import Place, PlaceKind, counted, largest

EVENTS = {
    "open": PlaceKind.FILE, "socket.__new__": PlaceKind.FILE, "os.pipe": PlaceKind.FILE,
    "_thread.start_new_thread": PlaceKind.THREAD, "subprocess.Popen": PlaceKind.CHILD, "os.fork": PlaceKind.CHILD,
    "os.posix_spawn": PlaceKind.CHILD, "mmap.__new__": PlaceKind.MAPPING,
}  # fmt: skip
"""What Python tells its audit hooks, and what is then taken from the kernel."""
WATCHED, SOON, WATCH_SECONDS = 10, 0.1, 0.5
"""Cycles that are looked at line by line; the seconds after which no more are begun, and those where they are still too
few for what leaks."""
OF_HEAP = 1.5
"""Times what the heap grows by: more address space than that is not malloc's."""
LEAST_SHARE, MOST_SHARE = 0.05, 1.5
"""Of the growth of the address space, what a kind of mappings must be to explain it."""


@dataclass(frozen=True, slots=True)
class _Resource:
    """What is counted, one by one: its metric, who names each, and the words for one and for many of it."""

    metric: str
    reader: Callable[[], Mapping[int, str]]
    one: str
    many: str


_COUNTED = {
    PlaceKind.FILE: _Resource("fds", kernel_objects.files, "descriptor", "descriptors"),
    PlaceKind.THREAD: _Resource("threads", kernel_objects.threads, "thread", "threads"),
    PlaceKind.CHILD: _Resource("children", kernel_objects.children, "process", "processes"),
}
_Calls = Counter[PythonStack]


class KernelResources:
    """Read at the start, after n cycles, and after 2n more; `places` says what grew of what `rates` tell of."""

    def __init__(self, cycles: int, rates: Mapping[str, float]) -> None:
        self._rates = rates
        self._growth = {kind: KeyedGrowth(cycles) for kind, row in _COUNTED.items() if row.metric in rates}
        self._alike = {kind: KeyedGrowth(cycles) for kind in self._growth}
        # Memory that malloc takes for its blocks is told where these are made.
        self._has_mappings = "maps" in rates or rates.get("vm.bytes", 0) > OF_HEAP * rates.get("heap.bytes", 0)
        self._mappings, self._spread = KeyedGrowth(cycles), KeyedGrowth(cycles)
        self._first: set[str] = set()
        self._calls: dict[tuple[PlaceKind, str], _Calls] = {}
        self._kept: dict[tuple[PlaceKind, str], _Calls] = {}
        self._listening = True
        sys.addaudithook(self._hear)  # it cannot be taken off again; this process is at its end

    def read(self) -> None:
        """Remember what there is now."""
        self._listening = False
        for kind, growth in self._growth.items():
            names = Counter(_COUNTED[kind].reader().values())
            alike: Counter[str] = Counter()
            for name, number in names.items():
                alike[kernel_objects.kind_of_name(name)] += number
            growth.add(names)
            self._alike[kind].add(alike)
        if self._has_mappings:
            now = kernel_objects.mappings()
            self._mappings.add(now)
            joined: Counter[tuple[str, str]] = Counter()
            for (name, rights, size), number in now.items():
                joined[name, rights] += number * size
            self._spread.add(joined)
        self._first = self._first or kernel_objects.descriptors()
        self._listening = True

    def watch(self, run: Callable[[int], object]) -> None:
        """Look at which line each was taken that is kept, for some cycles of `run`.

        Who asked the kernel, as Python tells, may have given it back, and Python tells of its own functions only.
        """
        self._listening = False
        files = line_watch.KeptDescriptors(set(map(int, kernel_objects.descriptors())))
        every: dict[PlaceKind, line_watch.KeptDescriptors | line_watch.KeptObjects] = {
            PlaceKind.FILE: files,
            PlaceKind.THREAD: line_watch.KeptObjects(
                kernel_objects.thread_ids, kernel_objects.ThreadCount().has_changed
            ),
            PlaceKind.CHILD: line_watch.KeptObjects(kernel_objects.child_ids),
        }
        kept = {kind: every[kind] for kind in self._growth}
        space = line_watch.KeptSpans() if self._has_mappings else None
        needed = RARE_EVENTS / rarest({name: rate for name, rate in self._rates.items() if "bytes" not in name})
        looks = [each.look for each in (*kept.values(), *([space] if space else []))]
        begun, done = clock.seconds(), 0
        while done < max(WATCHED, needed):
            number = min(max(1, done), WATCHED)
            line_watch.watched(partial(run, number), looks)
            done += number
            if clock.seconds() - begun > (WATCH_SECONDS if done < needed else SOON):
                break
        files.close()
        for kind, each in kept.items():
            names = kernel_objects.files(each.taken) if kind == PlaceKind.FILE else _COUNTED[kind].reader()
            for number, stack in each.taken.items():
                if number in names:
                    self._kept.setdefault((kind, names[number]), Counter())[stack] += 1
        if space:
            self._kept[PlaceKind.MAPPING, ""] = space.sizes

    def places(self) -> list[Place]:
        """What grew."""
        self._listening = False
        places = [place for kind in self._growth for place in self._of_counted(kind)]
        return places + (self._of_mappings() if self._has_mappings else [])

    def _of_counted(self, kind: PlaceKind) -> list[Place]:
        named = self._growth[kind].grown()
        places = [
            place
            for name, rate in named.items()
            for place in self._counted(
                kind, self._socket() if name == "socket" else name, rate, self._callers(kind, [name])
            )
        ]
        for alike, rate in self._alike[kind].grown().items():
            rate -= sum(of_name for name, of_name in named.items() if kernel_objects.kind_of_name(name) == alike)
            if rate > LEAST_SHARE * self._rates[_COUNTED[kind].metric]:
                others = {
                    name
                    for of, name in (*self._kept, *self._calls)
                    if of == kind and name not in named and kernel_objects.kind_of_name(name) == alike
                }
                places += self._counted(kind, alike, rate, self._callers(kind, others))
        return largest(places)

    def _counted(self, kind: PlaceKind, where: str, rate: float, callers: _Calls) -> Iterator[Place]:
        """A place for each of the lines that share it."""
        row, most = _COUNTED[kind], max(callers.values(), default=0)
        callers = Counter({stack: number for stack, number in callers.items() if number >= LEAST_SHARE * most})
        every = callers.total()
        for stack, number in callers.items() or [((), 0)]:
            share = rate * number / every if every else rate
            amount = counted(share, row.one, row.many)
            yield Place(kind, where, (row.metric,), amount, share, row.many, frames=_frames(stack))

    def _socket(self) -> str:
        """What most of the new sockets are."""
        names = kernel_objects.sockets(self._first)
        return names.most_common(1)[0][0] if names else "socket"

    def _of_mappings(self) -> list[Place]:
        metrics = tuple(name for name in ("vm.bytes", "maps") if name in self._rates)
        frames = next((_frames(stack) for stack, _ in self._callers(PlaceKind.MAPPING, [""]).most_common(1)), ())

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

    def _callers(self, kind: PlaceKind, names: Iterable[str]) -> _Calls:
        """The stacks that took what is kept of these; else the one that may have, if there is one; else none."""
        kept = _together(self._kept, kind, names)
        if kept:
            return kept
        asked = _together(self._calls, kind, names) or _together(self._calls, kind, [""])
        return asked if len(asked) == 1 else Counter()

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
            self._calls.setdefault((kind, about), Counter())[stack] += 1


def _together(calls: Mapping[tuple[PlaceKind, str], _Calls], kind: PlaceKind, names: Iterable[str]) -> _Calls:
    return sum((calls.get((kind, name), Counter()) for name in names), Counter())


def _frames(stack: PythonStack) -> tuple[str, ...]:
    return tuple(in_words(line) for line in stack)
