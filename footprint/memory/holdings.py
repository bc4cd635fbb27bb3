"""What is alive under one rule set, view by view: whose spaces use it, and what it consists of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache, partial
from typing import NamedTuple

from footprint.memory.ledger import Ledger
from footprint.memory.region import MemoryRegion
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry
from footprint.memory.tallies import Figures, ObjectCounts, object_counts


class Holding(NamedTuple):
    """`objects` that exist because `spaces` use them, with the nodes allocated for them and the bytes of all.

    `root` is what the view shows; None of the empty view. A view without its dispatch, or the reverse, are holdings of
    their own where a rule set shares only one of them. What nobody uses alone has all of its users.
    """

    root: MemoryRegion | None
    spaces: tuple[AddressSpace, ...]
    objects: ObjectCounts
    nodes_allocated: int
    bytes: int


def holdings(ledger: Ledger) -> Iterator[Holding]:
    """All that is alive, each object once; together they are what the census counts (`Ledger.alive`)."""
    left, left_nodes = ledger.alive()
    made: Counter[_Made] = Counter()
    entries: dict[Entry, list[AddressSpace]] = {}
    for space, entry in ledger.spaces.items():
        if entry is not None:
            entries.setdefault(entry, []).append(space)
    weigh = cache(partial(_weighed, ledger))
    for entry, spaces in entries.items():
        for users, kind in _of_entry(ledger, entry, spaces):
            made[kind] += 1
            yield Holding(entry.key, users, *weigh(kind))
    for kind, number in made.items():
        objects, nodes, _ = weigh(kind)
        left = left.less(ObjectCounts._make(number * n for n in objects))
        left_nodes -= number * nodes
    # The empty view, and the empty first views of spaces that have seen no commit yet.
    vacant = [space for space, entry in ledger.spaces.items() if entry is None or _is_vacant(ledger, entry)]
    yield Holding(None, tuple(vacant), left, left_nodes, sum(ledger.account.bytes_of(left, left_nodes).values()))


class _Made(NamedTuple):
    """Views and dispatches with these figures and nodes for each dispatch; most of a machine are equal to others."""

    figures: Figures
    views: int
    dispatches: int
    nodes: int


def _is_vacant(ledger: Ledger, entry: Entry) -> bool:
    """Whether a space of this entry uses the one empty view."""
    return entry.key is None or (ledger.policies.empty_given_up and not entry.figures.ranges)


def _of_entry(
    ledger: Ledger, entry: Entry, spaces: list[AddressSpace]
) -> Iterator[tuple[tuple[AddressSpace, ...], _Made]]:
    """The views and dispatches of one entry: each space's own, or one for all."""
    policies = ledger.policies
    private, apart = policies.sharing.private, policies.dispatch_per_space
    views = 0 if _is_vacant(ledger, entry) else 1
    if not private and views:
        nodes = 0 if apart else ledger.allocations.of(entry, entry)
        yield tuple(spaces), _Made(entry.figures, 1, 0 if apart else 1, nodes)
    views = views if private else 0
    dispatches = 1 if apart else views
    if views or dispatches:
        for space in spaces:
            nodes = ledger.allocations.of(space, entry) if dispatches else 0
            yield (space,), _Made(entry.figures, views, dispatches, nodes)


def _weighed(ledger: Ledger, made: _Made) -> tuple[ObjectCounts, int, int]:
    """The objects, their nodes, and the bytes of all."""
    objects = object_counts(made.figures, made.views, made.dispatches, dummies=ledger.policies.dummies)
    nodes = made.dispatches * made.nodes
    return objects, nodes, sum(ledger.account.bytes_of(objects, nodes).values())
