"""Snapshots of a real QEMU's living views, from what its monitor prints: the same plain data as the model's.

The flat form does not say whose an address space is; the tree form does, by the owner of the root region.
Spaces of one name may have several owners (every virtio function's is ``virtio-pci-cfg-mem-as``), and
nothing tells them apart but what they show. So a view's device is the one type that both forms allow.
"""

from __future__ import annotations

from collections.abc import Mapping

from footprint.probes.owner_shares import ONE_SPACE, Shares
from footprint.probes.view_snapshot import (
    MOST_NODES,
    MOST_RANGES,
    MOST_SPACES,
    MOST_VIEWS,
    NAMELESS,
    NO_ROOT,
    owners,
    sole,
)
from footprint.qemu.command_devices import device_path
from footprint.qemu.counts import counts_of_views
from footprint.qemu.flat import FlatText, RangeLine, SpaceLine, ViewText
from footprint.qemu.mtree import MtreeText
from footprint.recording.model import OwnerShare, Stretch, View, ViewOwner

Types = frozenset[str]

_NAMELESS = "(null)"
"""What QEMU prints for a region without a name."""


class PrintedViews:
    """The views in `flat`, the text of ``info mtree -f -d -o``, with their devices by `tree`, of ``info mtree -o``.

    `dummies` is how many sections each dispatch begins with; that of the empty view, which is not printed, has no more.
    `device_types` has the types of all devices that were plugged in, by their paths in QEMU's object tree.
    """

    def __init__(self, flat: FlatText, tree: MtreeText, device_types: Mapping[str, str], dummies: int) -> None:
        self._dummies = dummies
        self._levels = max((view.dispatch.levels for view in flat.views if view.dispatch is not None), default=0)
        self._device_types = device_types
        self._tree = tree
        self._by_space: dict[tuple[str, str], Types] = {}
        for block in tree.blocks:
            if not block.lines:
                continue
            root = block.lines[0]
            for name in block.spaces:
                types = self._by_space.get((name, root.name), frozenset())
                self._by_space[name, root.name] = types | {self._type(root.owner)}
        # QEMU prints views as a hash table of addresses has them: otherwise at each start.
        self._views = [(view, self._device(view)) for view in sorted(flat.views, key=_place)]

    def owners(self) -> tuple[ViewOwner, ...]:
        """Whose all views are, those with the most address spaces first."""
        return owners((_root(view), device) for view, device in self._views)

    def shares(self) -> tuple[OwnerShare, ...]:
        """What devices of each type have of all that was printed; which of them a view is of, nothing tells."""
        shares = Shares()
        for view, device in self._views:
            counts = counts_of_views([view], self._dummies)
            sections, nodes, subpages = (counts.get(name, 0) for name in ("sections", "nodes", "subpages"))
            shares.add((device, ""), _root(view), (0, 1, len(view.ranges), sections, nodes, 0, subpages, 0))
        printed = [(block.lines[0], name) for block in self._tree.blocks if block.lines for name in block.spaces]
        for root, _ in printed:
            shares.add((self._type(root.owner), device_path(root.owner)), _name(root.name), ONE_SPACE)
        if not printed:
            for view, device in self._views:
                shares.add((device, ""), _root(view), tuple(len(view.spaces) * n for n in ONE_SPACE))
        return shares.by_type()

    def snapshots(self) -> tuple[View, ...]:
        """The views, alike ones once, those with the most address spaces first."""
        groups: dict[object, list[tuple[ViewText, str]]] = {}
        for view, device in self._views:
            groups.setdefault((device, _look(view)), []).append((view, device))
        return tuple(map(self._snapshot, list(groups.values())[:MOST_VIEWS]))

    def _snapshot(self, group: list[tuple[ViewText, str]]) -> View:
        view, device = group[0]
        tree = view.dispatch
        return View(
            root=_root(view),
            spaces=tuple(space.name for space in view.spaces[:MOST_SPACES]),
            ranges=tuple(map(_stretch, view.ranges[:MOST_RANGES])),
            range_count=len(view.ranges),
            alike=len(group) - 1,
            spaces_alike=sum(len(other.spaces) for other, _ in group[1:]) + max(0, len(view.spaces) - MOST_SPACES),
            levels=self._levels,
            skip=tree.skip if tree is not None else 0,
            ptr=tree.ptr if tree is not None else 0,
            nodes=tree.nodes[:MOST_NODES] if tree is not None else (),
            node_count=len(tree.nodes) if tree is not None else 0,
            section_count=len(tree.sections) if tree is not None else self._dummies,
            device=device,
        )

    def _device(self, view: ViewText) -> str:
        if view.root is None:
            return ""
        shown = frozenset(self._type(line.owner) for line in view.ranges)
        return sole(self._device_of(space, shown) for space in view.spaces)

    def _device_of(self, space: SpaceLine, shown: Types) -> str:
        possible = self._by_space.get((space.name, space.root or ""), frozenset())
        return sole(possible if len(possible) == 1 else possible & shown)

    def _type(self, owner: str | None) -> str:
        """The type of the device that the text `owner` names; empty for a part of the machine itself."""
        return self._device_types.get(device_path(owner), "")


def _place(view: ViewText) -> tuple[int, str, list[str]]:
    """Where a view stands among others, however QEMU printed them."""
    return -len(view.spaces), _root(view), [f"{line.start:016x} {line.name} {line.owner}" for line in view.ranges]


def _root(view: ViewText) -> str:
    return NO_ROOT if view.root is None else _name(view.root)


def _name(printed: str) -> str:
    return NAMELESS if printed == _NAMELESS else printed


def _look(view: ViewText) -> object:
    """What two views must have in common to be one picture."""
    ranges = tuple((line.start, line.end, line.offset, line.name) for line in view.ranges)
    return view.root, ranges, len(view.spaces)


def _stretch(line: RangeLine) -> Stretch:
    kind = "i/o" if line.kind == "container" else line.kind
    return Stretch(hex(line.start), hex(line.end + 1), _name(line.name), kind, hex(line.offset))
