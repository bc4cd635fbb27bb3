"""Whose everything is that is alive: spaces, views and their bytes by device, devices that have as much each as one."""

from __future__ import annotations

from collections.abc import Mapping
from operator import add

from footprint.memory.holdings import holdings
from footprint.memory.ledger import Ledger
from footprint.memory.space import AddressSpace
from footprint.probes.view_snapshot import NO_ROOT, root_name
from footprint.qemu.command_devices import device_path
from footprint.recording.model import SHARED, OwnerShare

CPU = "CPU"
"""The type of every processor, whatever its model."""
_Owner = tuple[str, str]
"""The type of a device and its id; the machine's own parts have no type, what is shared the id SHARED."""
_MACHINE: _Owner = ("", "")
_Counts = tuple[int, ...]
"""So many spaces, views, ranges, sections, nodes used, nodes allocated, subpages and bytes (OwnerShare has them so)."""
_NOTHING: _Counts = (0,) * 8
ONE_SPACE: _Counts = (1,) + (0,) * 7


class Shares:
    """Counts by owner and root, as they are added."""

    def __init__(self) -> None:
        self._counts: dict[_Owner, dict[str, _Counts]] = {}

    def add(self, owner: _Owner, root: str, counts: _Counts) -> None:
        """The owner has so many more of each of what an OwnerShare counts, of views on `root`."""
        roots = self._counts.setdefault(owner, {})
        known = roots.get(root)
        roots[root] = counts if known is None else tuple(map(add, known, counts))

    def alike(self) -> tuple[OwnerShare, ...]:
        """Owners of one type that have as much each as one, in the order in which they came."""
        groups: dict[object, list[_Owner]] = {}
        for owner, roots in self._counts.items():
            groups.setdefault((owner[0], owner[1] == SHARED, tuple(sorted(roots.items()))), []).append(owner)
        return tuple(share for group in groups.values() for share in self._shares(group))

    def by_type(self) -> tuple[OwnerShare, ...]:
        """Owners of one type as one, whatever each of them has."""
        groups: dict[str, list[_Owner]] = {}
        for owner in self._counts:
            groups.setdefault(owner[0], []).append(owner)
        return tuple(share for group in groups.values() for share in self._shares(group))

    def _shares(self, group: list[_Owner]) -> list[OwnerShare]:
        names = list(dict.fromkeys(name for _, name in group if name and name != SHARED))
        totals: dict[str, _Counts] = {}
        for owner in group:
            for root, counts in self._counts[owner].items():
                totals[root] = tuple(map(add, totals.get(root, _NOTHING), counts))
        device = group[0][0]
        name = SHARED if group[0][1] == SHARED else "" if not names else names[0]
        if len(names) > 1:
            name = f"{names[0]} … {names[-1]}"
        return [OwnerShare(root, device, name, len(names), *counts) for root, counts in totals.items()]


def owner_shares(ledger: Ledger, device_types: Mapping[str, str]) -> tuple[OwnerShare, ...]:
    """What each owner has of what is alive under the rules of `ledger`; no view is built for it.

    `device_types` has the types of devices by their ids, or by their paths in QEMU's object tree. Together the shares
    are what the census counts at this moment.
    """
    shares = Shares()
    owners: dict[AddressSpace, _Owner] = {}
    for space, entry in ledger.spaces.items():
        owners[space] = _owner(space, device_types)
        shares.add(owners[space], root_name(entry.key) if entry is not None else NO_ROOT, ONE_SPACE)
    for held in holdings(ledger):
        users = {owners[space] for space in held.spaces}
        owner = users.pop() if len(users) == 1 and held.root is not None else _several(users)
        made = held.objects
        if made.views or made.dispatches:
            counts = (0, made.views, made.ranges, made.sections, made.nodes, held.nodes_allocated, made.subpages)
            shares.add(owner, root_name(held.root), (*counts, held.bytes))
    return shares.alike()


def _several(owners: set[_Owner]) -> _Owner:
    """Who has what several use: nobody, but their type where it is one."""
    types = {device for device, _ in owners}
    return (types.pop() if len(types) == 1 else "", SHARED)


def _owner(space: AddressSpace, device_types: Mapping[str, str]) -> _Owner:
    if space.kind == "cpu":
        return CPU, space.owner or space.name
    name = space.owner or device_path(space.root.owner)
    return (device_types[name], name.rpartition("/")[2]) if name in device_types else _MACHINE
