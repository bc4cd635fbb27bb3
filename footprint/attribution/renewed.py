"""Lines whose blocks only replace older ones: a ring, a cache or a table that is full and is filled again.

Tracing began late: it sees the new block, and not that an older one went for it. How many blocks stayed, Python's
allocator knows. Where the lines have more, they are looked through: what a container holds that grew is left there;
what one holds whose length stayed has replaced something. A line of which neither can be told keeps what it has.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from _tracemalloc import _get_object_traceback
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from footprint.attribution import python_stacks
from footprint.attribution.growth import ACCIDENTS, ALIKE, WORTH_BYTES, RunCycles, too_many
from footprint.attribution.missed_traces import missed_traces
from footprint.attribution.own_frames import FRAMES, PythonStack, SourceLine, theirs
from footprint.attribution.python_stacks import Left, Stacks, line_of
from footprint.attribution.referrers import Holders
from footprint.attribution.undisturbed import START, STOP
from footprint.process import clock
from footprint.verdict.place import Place

LOOK_SECONDS = 0.5
"""Of work, that looking through the containers may take."""
LEAST_LOOKED, MOST_LOOKED = 8, 400
"""Cycles for whose blocks they are looked through, and blocks that these may make."""
AT_ONCE = 256
"""Containers whose entries are asked for at once."""
LEAST_EXCESS = 0.002
"""Of the blocks that stayed, how many more have a line, where it is worth a look."""
MEMBERS = 0.2
"""Of the blocks of a stack, what a full container must hold itself: it may hold one end of a chain that grows, too."""
FAR = 1.5
"""Times the heap's growth: a line with more bytes is not what makes it grow."""
PLACEHOLDERS = {type(None), bool, int, float, str, bytes, tuple}
"""Types of what stands where nothing is yet, if it is false."""
WITH_TABLES = (list, dict, set)
"""Objects that take a second block."""


@dataclass(slots=True)
class Settled:
    """What the lines leave (`left`), without what only replaces older blocks (`gone`), and what is to be said of it."""

    left: Mapping[PythonStack, Left]
    gone: dict[PythonStack, Left] = field(default_factory=dict)
    hints: tuple[str, ...] = ()

    def places(self, rates: Mapping[str, float]) -> list[Place]:
        """Lines that replace, where address space grows by more than the others leave: new blocks may fit no old gap.

        Their `size` is 0: in blocks they add nothing.
        """
        if sum(left.size for left in self.left.values()) >= rates.get("vm.bytes", 0.0) / 2:
            return []
        every = python_stacks.places(self.gone, {"python.blocks": 1.0, "heap.bytes": 1.0})
        return [
            replace(place, where=f"replaces older blocks: {place.where}", metrics=("vm.bytes",), size=0.0)
            for place in every
        ]


@dataclass(slots=True)
class _Counts:
    """Of the blocks of a stack, per cycle: those that containers hold which grew (`held`), or did not (`renewed`).

    `size` are the bytes of the latter, `tables` the blocks that they may have beside themselves.
    """

    held: float = 0.0
    renewed: float = 0.0
    size: float = 0.0
    tables: float = 0.0


def settled(run: RunCycles, stacks: Stacks, holders: Holders, rates: Mapping[str, float]) -> Settled:
    """What the lines leave, told while it is still traced, where the metrics that leak grow by `rates` a cycle."""
    left, stayed = stacks.left(), stacks.stayed
    made = sum(blocks.own for blocks in left.values())
    accident = ACCIDENTS / stacks.cycles
    if stacks.is_stopped or made - stayed <= max(accident, LEAST_EXCESS * stayed):
        return Settled(left)
    if stacks.cycles < LEAST_LOOKED and not too_many(made, stayed, accident, _untraced(left, rates)):
        return Settled(left)  # more slow cycles are not worth what malloc may have given
    look = _Look(max(LEAST_LOOKED, min(stacks.cycles, int(MOST_LOOKED / made))))
    counts = look.counts(run, holders)
    accident = max(accident, ACCIDENTS / look.cycles)
    gone = _by_exclusion(left, counts, stayed, rates, accident)
    if sum(blocks.own for blocks in gone.values()) > (1 + ALIKE) * (made - stayed) + accident:
        gone = {}
    excess = made - stayed - sum(blocks.own for blocks in gone.values())
    kept = {stack: blocks for stack, blocks in left.items() if stack not in gone}
    for stack, blocks in _replaced(kept, counts, excess, accident).items():
        kept[stack], gone[stack] = blocks, _difference(left[stack], blocks)
        excess -= gone[stack].own
        if max(blocks.small, blocks.large) <= accident:
            del kept[stack]
    hint = too_many(sum(blocks.own for blocks in kept.values()), stayed, accident, _untraced(kept, rates))
    return Settled(kept, gone, (hint,) if hint else ())


def _untraced(left: Mapping[PythonStack, Left], rates: Mapping[str, float]) -> float:
    """Bytes of the heap's growth that the lines do not have."""
    return rates.get("heap.bytes", 0.0) - sum(blocks.large_size for blocks in left.values())


def _difference(before: Left, after: Left) -> Left:
    return Left(*(getattr(before, name) - getattr(after, name) for name in Left.__slots__))


def _by_exclusion(
    left: Mapping[PythonStack, Left],
    counts: Mapping[PythonStack, _Counts],
    stayed: float,
    rates: Mapping[str, float],
    accident: float,
) -> dict[PythonStack, Left]:
    """The lines of which nothing is held by what grew, where the others have every block that stayed.

    What comes too seldom to be sure of is kept. Blocks that an extension takes from malloc in Python's name are not
    among those that stayed: then the heap grows.
    """
    lines: dict[SourceLine | None, list[PythonStack]] = defaultdict(list)
    for stack in left:
        lines[line_of(stack)].append(stack)
    none = _Counts()
    held = {line: sum(counts.get(stack, none).held for stack in members) for line, members in lines.items()}
    own = {line: sum(left[stack].own for stack in members) for line, members in lines.items()}
    of_holders = sum(own[line] for line in lines if held[line] > accident)
    if sum(held.values()) < stayed - accident and abs(of_holders - stayed) > accident:
        return {}
    far = FAR * rates["heap.bytes"] + WORTH_BYTES if "heap.bytes" in rates else 0.0
    return {
        stack: left[stack]
        for line, members in lines.items()
        if held[line] <= 0 and own[line] > accident and sum(left[stack].size for stack in members) > far
        for stack in members
    }


def _replaced(
    left: Mapping[PythonStack, Left], counts: Mapping[PythonStack, _Counts], excess: float, accident: float
) -> dict[PythonStack, Left]:
    """What remains of the stacks whose blocks are in containers that did not grow; `excess` is too much in all."""
    full = {stack: count for stack, count in counts.items() if count.renewed and stack in left}
    rest = excess - sum(count.renewed for count in full.values())
    if rest < -max(accident, ALIKE * excess):
        return {}  # then some fill what was empty
    remaining = {}
    for stack, count in full.items():
        blocks = left[stack]
        most = max(0.0, blocks.own - count.held)
        number = min(most, count.renewed)
        tables = max(0.0, min(most - number, count.tables, rest))
        rest -= tables
        number += tables
        if abs(number - round(number)) <= accident and blocks.own == int(blocks.own):
            number = round(number)
        remaining[stack] = blocks.less(number, blocks.size if number >= blocks.own else count.size)
    return remaining


def _vacant(container: Any) -> int:
    """Entries that only keep a place: a list that was made long and is filled later does not become longer."""
    return sum(not entry for entry in gc.get_referents(container) if type(entry) in PLACEHOLDERS)


class _Look:
    """Through the containers, for the blocks of `cycles` new cycles; out of time nothing is known.

    A stack is made anew for each object that is asked for it, and this is traced, too: so these cycles are few, and all
    that can wait is done when nothing is traced any more.
    """

    def __init__(self, cycles: int) -> None:
        self.cycles = cycles
        self._stacks: dict[int, PythonStack] = {}  # of each object that is new, by its id
        self._seen: set[int] = set()
        self._known: dict[PythonStack, PythonStack | None] = {}
        self._until = 0

    def counts(self, run: RunCycles, holders: Holders) -> dict[PythonStack, _Counts]:
        """Per cycle, of containers as `holders` saw them before; ends the tracing."""
        STOP()
        grown, full = holders.by_course()
        places = [_vacant(container) for container in full]
        START(FRAMES)
        run(self.cycles)
        self._until, part = clock.worked() + int(LOOK_SECONDS * 1e9), 1 / self.cycles
        traces: Any = tracemalloc.take_snapshot().traces
        made = Counter(self._origin(frames) for _, _, frames, *_ in traces._traces)
        new = self._ask([*gc.get_objects(), *grown, *full])
        STOP()
        if clock.worked() > self._until:
            return {}
        counts: dict[PythonStack, _Counts] = defaultdict(_Counts)
        for stack, _ in self._below(grown):
            counts[stack].held += part
        entries: dict[PythonStack, list[Any]] = defaultdict(list)
        refilled = [
            container
            for container, before in zip(full, places, strict=True)
            if not before or _vacant(container) >= before
        ]
        for stack, entry in self._entries(refilled):
            entries[stack].append(entry)
        for stack, members in entries.items():
            if len(members) <= max(ACCIDENTS, MEMBERS * made[stack]):
                continue
            for origin, obj in [*((stack, entry) for entry in members), *self._below(members)]:
                counts[origin].renewed += part
                counts[origin].size += part * sys.getsizeof(obj)
                counts[origin].tables += part * isinstance(obj, WITH_TABLES)
        del new  # their numbers were theirs as long as they lived
        return counts

    def _ask(self, objects: list[Any]) -> list[Any]:
        """Remember the stacks of those that these hold, and that those hold, where they are new; these new ones."""
        missed = missed_traces()
        new, asked = [obj for obj, stack in missed if self._remember(obj, stack)], 0
        while asked < len(objects) and clock.worked() <= self._until:
            chunk = objects[asked : asked + AT_ONCE]
            asked += len(chunk)
            # Nothing is made for any older object.
            pairs: list[Any] = [
                (obj, frames) for obj in gc.get_referents(*chunk) if (frames := _get_object_traceback(obj)) is not None
            ]
            fresh = [obj for obj, frames in pairs if self._remember(obj, frames)]
            new += fresh
            objects += fresh
        return new

    def _remember(self, obj: Any, frames: PythonStack) -> bool:
        """Whether it is new, and the target's."""
        stack, number = self._origin(frames), id(obj)
        if not stack or number in self._stacks:
            return False
        self._stacks[number] = stack
        return True

    def _below(self, objects: list[Any]) -> Iterator[tuple[PythonStack, Any]]:
        """What these hold that is new, and what that holds, each once."""
        while objects:
            level = self._entries(objects)
            yield from level
            objects = [obj for _, obj in level]

    def _entries(self, holders: list[Any]) -> list[tuple[PythonStack, Any]]:
        """What they hold that is new and that was not seen yet, with the stack that made it."""
        entries: list[tuple[PythonStack, Any]] = []
        for first in range(0, len(holders), AT_ONCE):
            for obj in gc.get_referents(*holders[first : first + AT_ONCE]):
                number = id(obj)
                if number in self._stacks and number not in self._seen:
                    self._seen.add(number)
                    entries.append((self._stacks[number], obj))
        return entries

    def _origin(self, frames: PythonStack) -> PythonStack | None:
        if frames not in self._known:
            self._known[frames] = theirs(frames)
        return self._known[frames]
