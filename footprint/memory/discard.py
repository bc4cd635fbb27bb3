"""RamDiscardManager: who tells others which parts of a RAM region are in use; since v6.1.0, for virtio-mem.

Up to v8.1 it could be set only on a region that was mapped nowhere, itself or through an alias; since v8.2.0, in which
virtio-mem shows its memory in slots, wherever the region is. It changes no view.
"""

from __future__ import annotations

from dataclasses import dataclass

from footprint.errors import TopologyError
from footprint.memory.region import MemoryRegion


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a region was when its manager was set: in a container itself, and through an alias in one."""

    itself: bool
    by_alias: bool


def mapped(region: MemoryRegion) -> Mapped:
    """Where `region` is now."""
    aliases, by_alias = list(region.referrers), False
    while aliases:
        alias = aliases.pop()
        by_alias = by_alias or alias.container is not None
        aliases += alias.referrers
    return Mapped(region.container is not None, by_alias)


class DiscardManagers:
    """The RAM regions of one machine that have a manager, with where each was when it was set."""

    def __init__(self) -> None:
        self.places: dict[MemoryRegion, Mapped] = {}

    def set(self, region: MemoryRegion) -> None:
        """`region`, which is RAM, gets one; which rule sets let it depends on where it is mapped now."""
        if not region.ram:
            raise TopologyError(f"{region.name!r} is no RAM; only RAM has a RamDiscardManager")
        if region in self.places:
            raise TopologyError(f"{region.name!r} has a RamDiscardManager already")
        self.places[region] = mapped(region)


def refuses(discard_manager: str, place: Mapped) -> bool:
    """Whether QEMU ends with an assertion where a manager is set on a region at `place`, or knows no managers."""
    if discard_manager == "none":
        return True
    return discard_manager == "unmapped" and (place.itself or place.by_alias)
