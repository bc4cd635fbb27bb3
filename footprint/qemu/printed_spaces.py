"""Address spaces that only the views name: people cut a tree down to its ``memory-region:`` blocks."""

from __future__ import annotations

from dataclasses import replace

from footprint.qemu.flat import FlatText
from footprint.qemu.mtree import MtreeBlock, MtreeText


def with_spaces(tree: MtreeText, flat: FlatText) -> tuple[MtreeText, tuple[str, ...]]:
    """`tree` with the spaces that `flat` names on its blocks, where it has none itself; and what was done.

    Raises InputFileError where neither says what the address spaces are, or a root is not there, or not alone.
    """
    cut = _cut_dispatches(flat)
    if not tree.blocks or any(block.spaces for block in tree.blocks):
        return tree, cut
    first = tree.blocks[0].line
    if not flat.views or flat.per_space:
        raise tree.source.error(
            "no address space is printed, so nothing says what a guest sees; add the blocks that begin with "
            '"address-space: NAME", or the answer to info mtree -f', first,
        )  # fmt: skip
    by_name: dict[str, list[MtreeBlock]] = {}
    for block in tree.blocks:
        by_name.setdefault(block.region or "", []).append(block)
    spaces_on: dict[int, list[str]] = {}
    for view in flat.views:
        for space in view.spaces:
            blocks = by_name.get(space.root or "", [])
            if len(blocks) != 1:
                raise tree.source.error(
                    f"no address space is printed, and the views have {space.name!r} on {space.root!r}, of which there "
                    f"are {len(blocks)} blocks; expected \"address-space: {space.name}\" above its own", first,
                )  # fmt: skip
            spaces_on.setdefault(id(blocks[0]), []).append(space.name)
    blocks = [replace(block, spaces=tuple(spaces_on.get(id(block), ()))) for block in tree.blocks]
    return replace(tree, blocks=tuple(blocks)), (
        "no address space is printed; spaces and roots are those of info mtree -f",
        *cut,
    )


def _cut_dispatches(flat: FlatText) -> tuple[str, ...]:
    if not flat.cut:
        return ()
    lines = ", ".join(str(flat.source.place(line)) for line in flat.cut[:3])
    return (f"nodes are missing in the dispatch of {len(flat.cut)} views (line {lines}): it is left out",)
