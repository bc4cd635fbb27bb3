"""What is alive under one rule set, view by view: whose spaces use it, and what it consists of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from footprint.memory.ledger import Ledger
from footprint.memory.region import MemoryRegion
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry
from footprint.memory.tallies import ObjectCounts, object_counts


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
    entries: dict[Entry, list[AddressSpace]] = {}
    for space, entry in ledger.spaces.items():
        if entry is not None:
            entries.setdefault(entry, []).append(space)
    for entry, spaces in entries.items():
        for held in _of_entry(ledger, entry, spaces):
            left, left_nodes = left.less(held.objects), left_nodes - held.nodes_allocated
            yield held
    # The empty view, and the empty first views of spaces that have seen no commit yet.
    vacant = [space for space, entry in ledger.spaces.items() if entry is None or _is_vacant(ledger, entry)]
    yield _weighed(ledger, None, vacant, left, left_nodes)


def _is_vacant(ledger: Ledger, entry: Entry) -> bool:
    """Whether a space of this entry uses the one empty view."""
    return entry.key is None or (ledger.policies.empty_given_up and not entry.figures.ranges)


def _of_entry(ledger: Ledger, entry: Entry, spaces: list[AddressSpace]) -> Iterator[Holding]:
    """The views and dispatches of one entry: each space's own, or one for all."""
    policies = ledger.policies
    private, apart = policies.sharing.private, policies.dispatch_per_space
    views = 0 if _is_vacant(ledger, entry) else 1
    if not private and views:
        yield _made(ledger, entry, spaces, views=1, dispatches=0 if apart else 1)
    views = views if private else 0
    dispatches = 1 if apart else views
    if views or dispatches:
        for space in spaces:
            yield _made(ledger, entry, [space], views=views, dispatches=dispatches)


def _made(ledger: Ledger, entry: Entry, spaces: list[AddressSpace], *, views: int, dispatches: int) -> Holding:
    objects = object_counts(entry.figures, views, dispatches, dummies=ledger.policies.dummies)
    nodes = dispatches * ledger.nodes_allocated(spaces[0], entry) if dispatches else 0
    return _weighed(ledger, entry.key, spaces, objects, nodes)


def _weighed(
    ledger: Ledger, root: MemoryRegion | None, spaces: list[AddressSpace], objects: ObjectCounts, nodes: int
) -> Holding:
    return Holding(root, tuple(spaces), objects, nodes, sum(ledger.account.bytes_of(objects, nodes).values()))
