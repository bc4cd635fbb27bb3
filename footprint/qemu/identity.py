"""Which roots of address spaces are one region, in the form before 6.2, which prints a block for each space.

Equal text does not say it: all bus-master containers print alike, and are as many as there are functions. Two roots are
one where QEMU makes a region of that name once, or where the views show them as one (docs/qemu-memory.md, "What the
text loses"). What decided is reported with its line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from footprint.qemu.flat import FlatText
from footprint.qemu.mtree import MtreeText

MADE_ONCE = ("system", "io", "secure-memory", "tag-memory", "secure-tag-memory")
"""Regions that every QEMU makes once, and uses as the root of several spaces."""
_MOST_SHOWN = 3

Root = tuple[int, int, int]
"""A block's number, the line of its root, and the root's signature: equal ones print alike."""


class Identity:
    """What the names and the views say of roots that print alike. `guesses` are sentences about what was decided."""

    def __init__(self, text: MtreeText, flat: FlatText | None) -> None:
        self.guesses: list[str] = []
        self._text = text
        self._views = () if flat is None or flat.per_space else flat.views
        self._flat = flat
        self._uses = Counter((space.name, space.root or "") for view in self._views for space in view.spaces)

    def of_roots(self, blocks: Sequence[Root], names: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Pairs of roots (by line) that are one region."""
        alike: dict[int, list[Root]] = {}
        for block in blocks:
            alike.setdefault(block[2], []).append(block)
        for same in alike.values():
            if len(same) > 1:
                yield from self._united(same, names[same[0][1]])
        self._report_unequal(alike, names)

    def _united(self, same: Sequence[Root], name: str) -> Iterator[tuple[int, int]]:
        groups: list[list[Root]] = [list(same)] if name in MADE_ONCE else self._by_view(same, name)
        for group in groups:
            yield from ((group[0][1], other[1]) for other in group[1:])
        if len(groups) > 1:
            why = "the views tell them apart" if self._views else "nothing says that they are one"
            self._say(same, name, f"are taken for {len(groups)} regions, since {why}")
        elif name not in MADE_ONCE:
            self._say(same, name, "are taken for one region, which one view shows")

    def _by_view(self, same: Sequence[Root], name: str) -> list[list[Root]]:
        """Roots that are all used in one view, which is drawn from a region of that name, are one."""
        view_of = {
            (space.name, name): i
            for i, view in enumerate(self._views)
            if view.root == name
            for space in view.spaces
            if space.root == name
        }
        inside = Counter(
            ((space.name, name), i) for i, view in enumerate(self._views) for space in view.spaces if space.root == name
        )
        groups: dict[object, list[Root]] = {}
        for root in same:
            key = (self._text.blocks[root[0]].spaces[0], name)
            view = view_of.get(key)
            sure = view is not None and inside[key, view] == self._uses[key]
            groups.setdefault(view if sure else ("alone", root[1]), []).append(root)
        return list(groups.values())

    def _say(self, same: Sequence[Root], name: str, verdict: str) -> None:
        shown = ", ".join(str(self._line(block)) for block, _, _ in same[:_MOST_SHOWN])
        more = f" and {len(same) - _MOST_SHOWN} more" if len(same) > _MOST_SHOWN else ""
        self.guesses.append(f"{len(same)} roots {name!r} that print alike (line {shown}{more}) {verdict}")

    def _line(self, block: int) -> int:
        return self._text.source.place(self._text.blocks[block].line)

    def _report_unequal(self, alike: dict[int, list[Root]], names: Sequence[str]) -> None:
        """Say which line keeps two blocks apart, where one region would have been expected."""
        first: dict[str, int] = {}
        for (block, root, _), *_rest in alike.values():
            name = names[root]
            if name in MADE_ONCE and name in first:
                line = self._differing(first[name], block)
                self.guesses.append(f"line {line} keeps two blocks of {name!r} apart, which QEMU makes once")
            first.setdefault(name, block)

    def _differing(self, block: int, other: int) -> int:
        """The first line of block `other` that is not printed as in `block`."""
        ours, theirs = self._text.blocks[block].lines, self._text.blocks[other].lines
        for line, their in zip(ours, theirs, strict=False):
            mine = (line.depth, line.start, line.end, line.kind, line.name, line.target, line.offset, line.disabled)
            if mine != (
                their.depth, their.start, their.end, their.kind, their.name, their.target, their.offset, their.disabled
            ):  # fmt: skip
                return self._text.source.place(their.line)
        return self._text.source.place(self._text.blocks[other].line)
