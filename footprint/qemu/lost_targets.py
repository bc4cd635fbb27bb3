"""Targets of aliases that are not printed: somebody cut their ``memory-region:`` blocks away.

Where one region of that name stands elsewhere in the text, that is it. Else the target is taken for a region without
children, of the kind that its alias prints, and as large as its aliases show.
"""

from __future__ import annotations

from collections.abc import Sequence

from footprint.qemu.mtree import RegionLine
from footprint.qemu.region_node import Node

_SURE_KINDS = ("ram", "rom", "romd", "ramd")


def give_targets(nodes: list[Node]) -> tuple[list[Node], list[str]]:
    """Give each alias without a target one; new ones are added to `nodes`. The aliases, and what was guessed."""
    lost = [node for node in nodes if node.is_alias and node.target is None]
    if not lost:
        return [], []
    by_name: dict[str, list[Node]] = {}
    for node in nodes:
        if not node.is_alias:
            by_name.setdefault(node.line.name, []).append(node)
    missing: dict[str, list[Node]] = {}
    found = 0
    for alias in lost:
        target = _elsewhere(alias, by_name.get(alias.line.target or "", ()))
        if target is None:
            missing.setdefault(alias.line.target or "", []).append(alias)
        else:
            alias.target = target
            found += 1
    for name, aliases in missing.items():
        leaf = _leaf(name, aliases)
        nodes.append(leaf)
        for alias in aliases:
            alias.target = leaf
    guesses = []
    if missing:
        count = sum(map(len, missing.values()))
        names = ", ".join(map(repr, list(missing)[:3])) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
        shown = "1 alias shows" if count == 1 else f"{count} aliases show"
        guesses.append(f"{shown} what is not printed ({names}): taken for a region of the printed kind")
    if found:
        guesses.append(f"targets of {found} aliases have no blocks of their own: taken for what stands elsewhere")
    return [alias for aliases in missing.values() for alias in aliases], guesses


def _elsewhere(alias: Node, candidates: Sequence[Node]) -> Node | None:
    """The only region of the target's name, if it is large enough and not around the alias itself."""
    if len(candidates) != 1 or candidates[0].line.size <= alias.line.offset:
        return None
    above = alias.container
    while above is not None:
        if above is candidates[0]:
            return None
        above = above.container
    return candidates[0]


def _leaf(name: str, aliases: Sequence[Node]) -> Node:
    kinds = [alias.line.kind for alias in aliases if alias.line.kind in _SURE_KINDS]
    first = aliases[0].line
    end = max(max(alias.line.offset_end, alias.line.offset) for alias in aliases)
    kind = kinds[0] if kinds else "RW"
    return Node(RegionLine(first.line, 1, 0, end, 0, kind, name, all(alias.line.nonvolatile for alias in aliases)), 0)
