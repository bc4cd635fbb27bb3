"""Which region an alias shows, when all that is printed is its name (FACTS §7.6, §12b).

Every alias target has a block of its own, and the blocks stand in the order in which the aliases that
brought them were printed. Where two targets share a name, the order, the owner and the size decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from footprint.qemu.forest import Node

_MOST_SPLITS = 8


def name_targets(nodes: Sequence[Node], blocks: Sequence[tuple[str, Node]]) -> list[str]:
    """Set `target` of each alias among `nodes` (in printed order); gives sentences about what was guessed.

    `blocks` are the targets with the names that their headings give them, in printed order.
    """
    queue = _Queue(blocks)
    aliases = [node for node in nodes if node.is_alias]
    names = [_name(node, queue.by_name) for node in aliases]
    last_chance = _last_chances(names)
    for i, (node, name) in enumerate(zip(aliases, names, strict=True)):
        node.target = queue.take(node, name, last=last_chance[i])
    lost = [node.line.name for node in aliases if node.target is None]
    guesses = []
    if queue.tied:
        guesses.append(f"{queue.tied} aliases could show either of two regions with one name and owner")
    if lost:
        guesses.append(f"{len(lost)} aliases show nothing, since their targets are not printed: {lost[0]!r} first")
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

    def take(self, alias: Node, name: str, *, last: bool) -> Node | None:
        """The target of `alias`, whose name is `name`; `last`: another name's block must be next after it."""
        numbers = self.by_name.get(name)
        if numbers is None:
            return None
        known = self._open.get(name, [])
        best = max(known, key=lambda number: self._fit(alias, number), default=None)
        upcoming = numbers[len(known)] if len(known) < len(numbers) else None
        if upcoming is None or (best is not None and upcoming != self.opened):
            return None if best is None else self.blocks[best][1]
        if best is not None:
            fit_old, fit_new = self._fit(alias, best), self._fit(alias, upcoming)
            self.tied += fit_old == fit_new
            if fit_old > fit_new or (fit_old == fit_new and not last):
                return self.blocks[best][1]
        self._open.setdefault(name, []).append(upcoming)
        self.opened = upcoming + 1
        return self.blocks[upcoming][1]

    def _fit(self, alias: Node, number: int) -> tuple[bool, bool, bool]:
        target = self.blocks[number][1]
        window = alias.line
        fits = window.offset + window.size <= target.line.size
        kind = "i/o" if target.line.kind == "container" else target.line.kind
        return fits, window.kind in (kind, "i/o", "container"), window.owner == target.line.owner


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


def _last_chances(names: Sequence[str]) -> list[bool]:
    """For each alias: whether no other of its name comes before one whose name is new."""
    first: dict[str, int] = {}
    for i, name in enumerate(names):
        first.setdefault(name, i)
    result = [True] * len(names)
    next_of: dict[str, int] = {}
    next_new = len(names)
    for i in range(len(names) - 1, -1, -1):
        result[i] = next_of.get(names[i], len(names)) >= next_new
        next_of[names[i]] = i
        if first[names[i]] == i:
            next_new = i
    return result
