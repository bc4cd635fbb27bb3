"""Snapshots of the living views as plain data, for pictures of them.

Views that look alike (255 cards, 255 equal BARs) are one snapshot and a number. Long views are cut; the
whole counts stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from footprint.memory.flatview import FlatView
from footprint.memory.ledger import Ledger
from footprint.memory.radix import L2_BITS, SKIP_BITS, PhysPageMap
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange, render
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry
from footprint.recording.model import Stretch, View, ViewOwner

MOST_VIEWS = 24
MOST_RANGES = 400
MOST_NODES = 80
MOST_SPACES = 400
NAMELESS, NO_ROOT = "(noname)", "(none)"
"""Roots without a name, and of the empty view."""


def view_owners(ledger: Ledger, device_types: Mapping[str, str]) -> tuple[ViewOwner, ...]:
    """Whose the living views of `ledger` are, in the order of the spaces that use them; none is built for it.

    `device_types` has the types of devices by their ids.
    """
    used = _users(ledger)
    return owners((root_name(root), _device(root, spaces, device_types)) for root, _, spaces in used)


def _users(ledger: Ledger) -> list[tuple[MemoryRegion | None, Entry, list[AddressSpace]]]:
    """Every living view as its root and its entry of the table, with the spaces that use it, in their order."""
    policies = ledger.policies
    users: dict[object, tuple[MemoryRegion | None, Entry, list[AddressSpace]]] = {}
    for space, entry in ledger.spaces.items():
        if entry is None:
            continue
        holder: object = space if policies.sharing.private else entry
        root = entry.key
        if policies.empty_given_up and not entry.figures.ranges:
            holder = root = None
        users.setdefault(holder, (root, entry, []))[2].append(space)
    return list(users.values())


def owners(views: Iterable[tuple[str, str]]) -> tuple[ViewOwner, ...]:
    """Views, each as its root and its device, counted."""
    return tuple(ViewOwner(root, count, device) for (root, device), count in Counter(views).items())


def sole(devices: Iterable[str]) -> str:
    """The one name in `devices`; empty where there are several, or one is not known."""
    names = set(devices)
    return names.pop() if len(names) == 1 else ""


def _device(root: MemoryRegion | None, spaces: Sequence[AddressSpace], device_types: Mapping[str, str]) -> str:
    """The device that alone uses a view; the empty view is nobody's own."""
    return "" if root is None else sole(device_types.get(space.owner or "", "") for space in spaces)


def root_name(region: MemoryRegion | None) -> str:
    """What the root of a view is called; of the empty view, too, which has none."""
    return NO_ROOT if region is None else region.name or NAMELESS


def view_snapshots(ledger: Ledger, device_types: Mapping[str, str]) -> tuple[View, ...]:
    """The living views of `ledger`, in the order of the spaces that use them, alike ones once.

    Of those alike only the first is built: a guest with hundreds of cards has hundreds of equal views.
    """
    groups: dict[object, list[tuple[MemoryRegion | None, list[AddressSpace]]]] = {}
    shown: dict[Entry, object] = {}
    for root, entry, spaces in _users(ledger):
        if entry not in shown:
            pieces = ledger.policies.merge.merge(render(root))
            shown[entry] = tuple((piece.start, piece.end, piece.offset, piece.region.name) for piece in pieces)
        look = (_device(root, spaces, device_types), root.name if root is not None else None, shown[entry])
        groups.setdefault((look, len(spaces)), []).append((root, spaces))
    snapshots = []
    for group in list(groups.values())[:MOST_VIEWS]:
        root, spaces = group[0]
        view = ledger.view(spaces[0])
        if view is not None:
            snapshots.append(_snapshot(view, [own for _, own in group], _device(root, spaces, device_types)))
    return tuple(snapshots)


def _snapshot(view: FlatView, users: Sequence[Sequence[AddressSpace]], device: str) -> View:
    """`view`, and as many alike as there are further `users`."""
    spaces = users[0]
    tree = view.dispatch.map if view.dispatch is not None else None
    drawn = tree if tree is not None and tree.pages.level_bits == L2_BITS else None
    return View(
        root=root_name(view.root),
        spaces=tuple(space.name for space in spaces[:MOST_SPACES]),
        ranges=tuple(_stretch(item) for item in view.ranges[:MOST_RANGES]),
        range_count=len(view.ranges),
        alike=len(users) - 1,
        spaces_alike=sum(map(len, users[1:])) + max(0, len(spaces) - MOST_SPACES),
        levels=view.dispatch.pages.levels if view.dispatch is not None else 0,
        skip=drawn.skip if drawn is not None else 0,
        ptr=drawn.ptr if drawn is not None else 0,
        nodes=tuple(_runs(drawn, node) for node in range(min(drawn.used, MOST_NODES))) if drawn is not None else (),
        node_count=tree.used if tree is not None else 0,
        section_count=len(view.dispatch.sections) if view.dispatch is not None else 0,
        device=device,
    )


def _stretch(item: FlatRange) -> Stretch:
    kind = "rom" if item.readonly else item.region.kind
    return Stretch(hex(item.start), hex(item.end), item.region.name or NAMELESS, kind, hex(item.offset))


def _runs(tree: PhysPageMap, node: int) -> tuple[tuple[int, int, int, int], ...]:
    """A node's runs of equal entries: (first, last, skip, ptr)."""
    import numpy as np

    row = tree.nodes[node]
    starts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
    return tuple(
        (first, end - 1, int(row[first]) & (1 << SKIP_BITS) - 1, int(row[first]) >> SKIP_BITS)
        for first, end in pairwise(starts)
    )
