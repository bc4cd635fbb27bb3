"""Which region stands for an address space's root: the key under which views are shared.

See docs/qemu-memory.md, "Resolving a root", "Earlier root rules".

QEMU walks from the root to the region that really decides what the space shows, and lets spaces that
end at the same region share one view.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from footprint.memory.region import MemoryRegion


class SharingRule:
    """From a space's root to the key under which its view is shared. The base of rules of one's own.

    `private`: every space has a view of its own, whatever its key.
    """

    private = False

    def key(self, root: MemoryRegion) -> MemoryRegion:
        """The region that is rendered for spaces on `root`: it, or one that it shows."""
        return root

    def identity(self, region: MemoryRegion) -> Hashable:
        """What makes two rendered regions one view: spaces share when this is equal. Here: the region."""
        return region

    def committed(self, order: Sequence[Hashable]) -> None:
        """Called after each rebuild, when overridden, with the identity of every space in QEMU's order."""

    def counts(self) -> dict[str, int]:
        """What a rule counts itself; recorded as ``rule.NAME``."""
        return {}


class NoSharing(SharingRule):
    """A view per address space: up to QEMU commit 9bf561e36c."""

    private = True


class ShareByRoot(SharingRule):
    """One view for spaces with the same unaliased root.

    QEMU commit 967dc9b119 ("memory: Share FlatView's and dispatch trees between address spaces") (in v2.11.0).
    """

    def key(self, root: MemoryRegion) -> MemoryRegion:
        """The end of the chain of aliases that cover their target from offset 0; `enabled` is not looked at."""
        seen = 0
        while root.alias is not None and _covers(root) and seen < _LONGEST_CHAIN:
            root = root.alias
            seen += 1
        return root


class ShareByChild(SharingRule):
    """One view for spaces whose roots lead to the same region, also through single enabled children.

    QEMU commit e673ba9af9 ("memory: seek FlatView sharing candidates among children subregions") (in v2.11.0).
    """

    def key(self, root: MemoryRegion) -> MemoryRegion:
        """The region where the walk ends."""
        return seek(root)[0]


def seek(root: MemoryRegion) -> tuple[MemoryRegion, bool]:
    """Where the walk from `root` ends, and whether nothing at all is enabled there.

    An enabled alias leads to its target when it shows it from offset 0 and is at least as large; an
    enabled container leads to its only enabled child when that stands at 0 and is not larger.
    """
    region = root
    for _ in range(_LONGEST_CHAIN):
        if not region.enabled:
            return region, True
        if region.alias is not None:
            if not _covers(region):
                return region, False
            region = region.alias
            continue
        if region.terminates:
            return region, False
        enabled = _first_two_enabled(region)
        if not enabled:
            return region, True
        child = enabled[0]
        if len(enabled) == 2 or child.addr != 0 or region.size < child.size:
            return region, False
        region = child
    return region, False


def is_vacant(root: MemoryRegion) -> bool:
    """Whether spaces on `root` use the one empty view: the root, or where it leads, has nothing enabled.

    QEMU commit 092aa2fc65 ("memory: Share special empty FlatView") (in v2.11.0).
    """
    return seek(root)[1]


_LONGEST_CHAIN = 10_000
"""Longer than any real chain; ends the walk on a chain that bites its tail."""


def _covers(window: MemoryRegion) -> bool:
    target = window.alias
    return target is not None and window.alias_offset == 0 and window.size >= target.size


def _first_two_enabled(region: MemoryRegion) -> list[MemoryRegion]:
    enabled = []
    for child in region.subregions:
        if child.enabled:
            enabled.append(child)
            if len(enabled) == 2:
                break
    return enabled
