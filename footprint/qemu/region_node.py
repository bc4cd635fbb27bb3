"""A region that ``info mtree`` printed, with its container, its children and what it shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from footprint.qemu.mtree import RegionLine


@dataclass(slots=True, eq=False)
class Node:
    """A region of the forest. `line` is its first printed line; `addr` its offset in `container`.

    `children` are in printed order. `target` is an alias's, None where the text lacks it.
    """

    line: RegionLine
    addr: int
    container: Node | None = None
    children: list[Node] = field(default_factory=list)
    target: Node | None = None

    @property
    def is_alias(self) -> bool:
        """Whether the region is an alias (a target may still be unknown)."""
        return self.line.target is not None

    def __repr__(self) -> str:
        return f"<Node {self.line.name!r} of line {self.line.line}>"
