"""Which region an alias shows, when all that is printed is its name (docs/qemu-memory.md, "What the text loses").

Every alias target has a block of its own, and the blocks stand in the order in which the aliases that
brought them were printed. Where two targets share a name, the order, the owner and the size decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import takewhile

from footprint.qemu.region_node import Node

_MOST_SPLITS = 8


def name_targets(nodes: Sequence[Node], blocks: Sequence[tuple[str, Node]]) -> list[str]:
    """Set `target` of each alias among `nodes` (in printed order); gives sentences about what was guessed.

    `blocks` are the targets with the names that their headings give them, in printed order.
    """
    queue = _Queue(blocks)
    aliases = [node for node in nodes if node.is_alias]
    names = [_name(node, queue.by_name) for node in aliases]
    queue.note_deadlines(names)
    for i, (node, name) in enumerate(zip(aliases, names, strict=True)):
        node.target = queue.take(node, name, i)
    guesses = []
    if queue.tied:
        guesses.append(f"{queue.tied} aliases could show any of several regions with one name and owner")
    return guesses


class _Queue:
    """The blocks of alias targets, of which the first `opened` have been brought by some alias."""

    def __init__(self, blocks: Sequence[tuple[str, Node]]) -> None:
        self.blocks = blocks
        self.opened = 0
        self.tied = 0
        self.by_name: dict[str, list[int]] = {}
        for number, (name, _) in enumerate(blocks):
            self.by_name.setdefault(name, []).append(number)
        self._open: dict[str, list[int]] = {}
        self._uses: Counter[tuple[str, int]] = Counter()
        self._deadlines: list[int | None] = [None] * len(blocks)

    def note_deadlines(self, names: Sequence[str]) -> None:
        """Since blocks stand in the order in which aliases (to `names`) brought them, each has a last chance."""
        uses: dict[str, list[int]] = {}
        for i, name in enumerate(names):
            uses.setdefault(name, []).append(i)
        latest = len(names)
        for number in range(len(self.blocks) - 1, -1, -1):
            left = uses.get(self.blocks[number][0], [])
            while left and left[-1] >= latest:
                left.pop()
            if left:
                latest = self._deadlines[number] = left.pop()

    def take(self, alias: Node, name: str, i: int) -> Node | None:
        """The target of `alias`, the `i`-th, whose target is called `name`."""
        numbers = self.by_name.get(name)
        if numbers is None:
            return None
        known = self._open.get(name, [])
        best = self._best(alias, known[-_MOST_RIVALS:])
        upcoming = numbers[len(known)] if len(known) < len(numbers) else None
        if upcoming is None or (best is not None and upcoming != self.opened):
            if best is None:
                return None
            self._uses[alias.line.name, best] += 1
            return self.blocks[best][1]
        if best is not None and self._deadlines[upcoming] != i:
            fit_old, fit_new = self._fit(alias, best), self._fit(alias, upcoming)
            self.tied += fit_old == fit_new
            if fit_old >= fit_new:
                self._uses[alias.line.name, best] += 1
                return self.blocks[best][1]
        self._open.setdefault(name, []).append(upcoming)
        self.opened = upcoming + 1
        self._uses[alias.line.name, upcoming] += 1
        return self.blocks[upcoming][1]

    def _best(self, alias: Node, numbers: Sequence[int]) -> int | None:
        """Of the blocks opened, that which suits best; of several, that which fewest of its namesakes show."""
        fits = {number: self._fit(alias, number) for number in numbers}
        if not fits:
            return None
        most = max(fits.values())
        equal = [number for number, fit in fits.items() if fit == most]
        self.tied += len(equal) > 1
        return min(equal, key=lambda number: self._uses[alias.line.name, number])

    def _fit(self, alias: Node, number: int) -> tuple[bool, bool, bool, bool, bool, int]:
        """How well a target suits: in size and kind, not around the alias itself, and of a related owner."""
        window, target = alias.line, self.blocks[number][1].line
        kind = "i/o" if target.kind == "container" else target.kind
        return (
            self.blocks[number][1] is not alias,
            window.offset + window.size <= target.size,
            window.kind in (kind, "i/o", "container"),
            not _is_inside(alias, self.blocks[number][1]),
            window.owner == target.owner,
            _kinship(window.owner or "", target.owner or ""),
        )


_MOST_RIVALS = 64


def _is_inside(node: Node, region: Node) -> bool:
    above = node.container
    while above is not None and above is not region:
        above = above.container
    return above is not None


def _kinship(owner: str, other: str) -> int:
    """How many steps two owners' paths have in common: a bridge's window shows the bus above it."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(owner.split("/"), other.split("/"), strict=False))
    )


def _name(alias: Node, known: dict[str, list[int]]) -> str:
    """The target's name. Names may hold `` @`` themselves: then the cut that names a block is right."""
    target = alias.line.target or ""
    if target in known:
        return target
    name = alias.line.name
    for _ in range(_MOST_SPLITS):
        name, at, more = name.rpartition(" @")
        if not at:
            break
        longer = f"{more} @{target}"
        if longer in known:
            return longer
        target = longer
    return alias.line.target or ""
