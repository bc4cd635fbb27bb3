"""Address spaces that a real QEMU keeps, by name, the region that they show, and that region's owner."""

from __future__ import annotations

from collections import Counter

from footprint.qemu.lines import Source
from footprint.qemu.mtree import read_mtree
from footprint.verdict.place import Place, PlaceKind, counted

QUESTION = "info mtree -o"
"""Tells them, and keeps nothing alive."""
SpaceName = tuple[str, str, str]
"""An address space: its name, the region that it shows, and that region's owner."""


def space_names(text: str) -> Counter[SpaceName]:
    """The spaces in the answer to QUESTION."""
    return Counter(
        (name, block.lines[0].name if block.lines else "", (block.lines[0].owner or "") if block.lines else "")
        for block in read_mtree(text, Source(QUESTION)).blocks
        for name in block.spaces
    )


def space_places(kept: Counter[SpaceName], cycles: int) -> list[Place]:
    """A place for each of the spaces that so many cycles left, the most frequent first."""
    places = []
    for (name, region, owner), times in kept.most_common():
        rate = times / cycles
        of = f", owner {owner}" if owner else ""
        where = f"address space {name!r} on region {region or '(none)'!r}{of}"
        places.append(
            Place(PlaceKind.SPACE, where, ("address_spaces", "regions"), counted(rate, "space"), rate, "spaces")
        )
    return places
