"""What the views that QEMU printed tell of the regions that it printed (docs/qemu-memory.md, "What the text loses").

The tree does not say which ``i/o`` regions answer themselves, which are IOMMUs, which aliases are
read-only, and whether what looks like one byte is none. A range of a view names its region, and where
that region begins; so each range is traced to the places where the tree shows a region of that name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from footprint.qemu.flat import FlatText, RangeLine, ViewText
from footprint.qemu.forest import Forest
from footprint.qemu.lines import Source
from footprint.qemu.mtree import OLD_KINDS
from footprint.qemu.region_node import Node

MOST_PLACES = 500_000
"""Places where regions are shown, over all roots; more are refused. Real machines have some thousands."""
MOST_ALIASES = 100
"""Aliases of aliases that may lead to one place; more are refused."""
_MOST_RIVALS = 64
_MOST_COMPARED = 1_000_000
"""Ranges of views times roots that could have them, before the other roots are left untold."""
_WHOLE = 1 << 64
_PORTS = "I/O"
"""The space of I/O ports, whose root ``io`` answers itself, with children or without."""


class Path(NamedTuple):
    """The aliases that lead to a place, the innermost first, and their number."""

    alias: Node
    above: Path | None
    depth: int = 1


class Appearance(NamedTuple):
    """Where a tree shows a region: its offset 0 lies at `base`, and [low, high) of the view is open to it.

    `in_rom`: some region around it is read-only itself, as printed.
    """

    node: Node
    base: int
    low: int
    high: int
    path: Path | None
    in_rom: bool = False

    def meets(self, item: RangeLine) -> bool:
        """Whether the range lies, in part, where the region is shown."""
        return self.low <= item.end and item.start < self.high


@dataclass(slots=True)
class Traits:
    """What the tree does not print: regions that terminate, IOMMUs, read-only and empty ones.

    `kinds` has those of regions whose line does not say it, from the ranges that show them.
    """

    terminating: set[Node] = field(default_factory=set)
    iommus: set[Node] = field(default_factory=set)
    readonly: set[Node] = field(default_factory=set)
    empty: set[Node] = field(default_factory=set)
    kinds: dict[Node, str] = field(default_factory=dict)
    guesses: list[str] = field(default_factory=list)


def infer_traits(forest: Forest, flat: FlatText) -> Traits:
    """The traits of the regions of `forest` that `flat` tells, with a sentence for each sort of guess."""
    return _Inference(forest, flat).infer()


def candidate_roots(view: ViewText, by_name: dict[tuple[str, str | None], list[Node]]) -> list[Node]:
    """The regions that the space of `view` with the rarest name could be on."""
    choices = [by_name.get((space.name, space.root), []) for space in view.spaces]
    return min((choice for choice in choices if choice), key=len, default=[])


def roots_by_name(forest: Forest, *, per_space: bool) -> dict[tuple[str, str | None], list[Node]]:
    """Roots by (space, root) name; by (space, None) for text that does not say the root."""
    table: dict[tuple[str, str | None], list[Node]] = {}
    for name, root in dict.fromkeys(forest.spaces):
        table.setdefault((name, None if per_space else root.line.name), []).append(root)
    return table


class _Inference:
    def __init__(self, forest: Forest, flat: FlatText) -> None:
        self.forest = forest
        self.flat = flat
        self.source: Source = flat.source
        self.traits = Traits()
        self._places = 0
        self._writable: set[Node] = set()
        self._of_one_byte: set[Node] = set()
        self._read_only: list[tuple[RangeLine, list[Appearance]]] = []

    def infer(self) -> Traits:
        """Trace every range of every view to the region that it shows."""
        for root, views in self._views_by_root().items():
            self._read(root, views)
        for item, places in self._read_only:
            self._blame(item, places)
        self._conclude()
        return self.traits

    def _views_by_root(self) -> dict[Node, list[ViewText]]:
        """The views that each root may have; spaces with equal names cannot be told apart."""
        by_name = roots_by_name(self.forest, per_space=self.flat.per_space)
        views_of: dict[Node, list[ViewText]] = {}
        alike: dict[int, list[ViewText]] = {}
        for view in self.flat.views:
            if not view.ranges:
                continue
            for root in candidate_roots(view, by_name)[:1]:
                alike.setdefault(id(root), []).append(view)
        for view in self.flat.views:
            roots = candidate_roots(view, by_name) if view.ranges else []
            if roots and roots[0] not in views_of:
                views = alike[id(roots[0])]
                most = _MOST_COMPARED // sum(len(other.ranges) for other in views)
                views_of |= dict.fromkeys(roots[: max(1, most)], views)
        return views_of

    def _read(self, root: Node, views: list[ViewText]) -> None:
        shown: dict[tuple[str, int], list[Appearance]] = {}
        tiny: list[Appearance] = []
        start = _drawn_from(root, views[0].root)
        if start.line.name == views[0].root and _would_lead_on(start):
            self.traits.terminating.add(start)
        for place in self._walk(start):
            if not place.node.is_alias:
                shown.setdefault((place.node.line.name, place.base), []).append(place)
            if place.node.line.start == place.node.line.end:
                tiny.append(place)
        seen = set()
        bytes_shown = set()
        for view in [view for view in views if _could_show(shown, view)] or views:
            dispatch = view.dispatch
            iommus = {(s.name, s.start) for s in dispatch.sections if s.iommu} if dispatch else set()
            for item in view.ranges:
                if item.start == item.end:
                    bytes_shown.add(item.start)
                key = (item.name, item.start, item.end, item.offset, item.kind)
                if key not in seen:
                    seen.add(key)
                    self._trace(item, shown, (item.name, item.start) in iommus)
        self._measure(tiny, bytes_shown)

    def _walk(self, root: Node) -> Iterator[Appearance]:
        """Every place of an enabled region below `root`."""
        stack: list[Appearance] = []
        self._visit(stack, Appearance(root, root.addr, 0, _WHOLE, None))
        while stack:
            place = stack.pop()
            yield place
            node, base, low, high, path, in_rom = place
            if node.target is not None:
                depth = path.depth + 1 if path else 1
                if depth > MOST_ALIASES:
                    raise self.source.error(
                        f"{node.line.name!r} is shown through more than {MOST_ALIASES} aliases", node.line.line
                    )
                self._visit(
                    stack, Appearance(node.target, base - node.line.offset, low, high, Path(node, path, depth), in_rom)
                )
            elif not node.is_alias:
                in_rom = in_rom or node.line.kind in ("rom", "R-")
                # Of those alike, the first printed is on top, and so the one that a range shows: it is met first.
                for child in reversed(node.children):
                    self._visit(stack, Appearance(child, base + child.addr, low, high, path, in_rom))

    def _visit(self, stack: list[Appearance], place: Appearance) -> None:
        """Put `place`, cut to what the region covers, on the `stack`, unless nothing is left of it."""
        node, base, low, high, path, in_rom = place
        low, high = max(low, base), min(high, base + node.line.size)
        if low >= high or node.line.disabled:
            return
        self._places += 1
        if self._places > MOST_PLACES:
            raise self.source.error(f"the regions are shown in more than {MOST_PLACES} places")
        stack.append(Appearance(node, base, low, high, path, in_rom))

    def _trace(self, item: RangeLine, shown: dict[tuple[str, int], list[Appearance]], iommu: bool) -> None:
        """Note what `item` says of the region that it shows."""
        places = [place for place in shown.get((item.name, item.start - item.offset), ()) if place.meets(item)]
        if not places:
            return
        node = max(places, key=lambda place: _likeness(place.node, item)).node
        self.traits.terminating.add(node)
        if node.line.kind in OLD_KINDS:
            kind = "ram" if item.kind == "rom" and node.line.kind != "R-" else item.kind
            self.traits.kinds.setdefault(node, "i/o" if kind == "container" else kind)
        if iommu:
            self.traits.iommus.add(node)
        places = [place for place in places if place.node is node][:_MOST_RIVALS]
        if item.kind == "rom":
            if node.line.kind not in ("rom", "R-") and not any(place.in_rom for place in places):
                self._read_only.append((item, places))
        else:
            for place in places:
                if place.path is not None and _alone(place, places, item):
                    self._acquit(place.path)

    def _acquit(self, path: Path | None) -> None:
        """The aliases of `path` let writes through."""
        while path is not None:
            self._writable.add(path.alias)
            path = path.above

    def _blame(self, item: RangeLine, places: list[Appearance]) -> None:
        """Some alias makes `item` read-only: that with the smallest window, which no writable range contradicts."""
        covered: list[tuple[int, int]] = []
        for place in sorted(places, key=lambda place: place.high - place.low):
            path = place.path
            while path is not None and path.alias in self._writable:
                path = path.above
            window = (max(place.low, item.start), min(place.high, item.end + 1))
            if path is None or any(low <= window[0] and window[1] <= high for low, high in covered):
                continue
            self.traits.readonly.add(path.alias)
            covered.append(window)
        if not covered:
            self.traits.readonly.add(places[0].node)

    def _measure(self, tiny: list[Appearance], bytes_shown: set[int]) -> None:
        """Of what prints as one byte, aliases and containers are empty unless a view shows that byte alone."""
        for place in tiny:
            node = place.node
            if place.low in bytes_shown:
                self._of_one_byte.add(node)
            elif node.is_alias or (node.children and node.line.kind in ("i/o", "container", "RW")):
                self.traits.empty.add(node)

    def _conclude(self) -> None:
        traits = self.traits
        traits.empty -= self._of_one_byte
        # Of two alike, the one that no view shows is hidden, not a container.
        alike = {_shape(node) for node in traits.terminating if not node.children}
        for node in self.forest.nodes:
            if not node.children and _shape(node) in alike:
                traits.terminating.add(node)
            if node.line.kind in ("ram", "rom", "romd", "ramd") and not node.is_alias:
                traits.terminating.add(node)
            if node.is_alias and node.line.disabled and node.line.start == node.line.end:
                traits.empty.add(node)
        if not self.flat.views:
            self._guess_answering()
        _report(traits, "is empty rather than one byte large", "are empty rather than one byte large", traits.empty)
        _report(traits, "is read-only", "are read-only", traits.readonly)

    def _guess_answering(self) -> None:
        """Without views: what has no children answers, unless it is a space's root; what has some does not."""
        roots = {root for name, root in self.forest.spaces if name != _PORTS}
        self.traits.terminating |= {root for name, root in self.forest.spaces if name == _PORTS and not root.is_alias}
        for node in self.forest.nodes:
            if not node.children and not node.is_alias and node not in roots:
                self.traits.terminating.add(node)
        self.traits.guesses.append(
            "the views are not printed: i/o regions without children are taken to answer, and those with children not"
        )


def _report(traits: Traits, singular: str, plural: str, nodes: set[Node]) -> None:
    names = sorted({node.line.name for node in nodes})
    if names:
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        traits.guesses.append(f"{', '.join(map(repr, names[:3]))}{more} {singular if len(nodes) == 1 else plural}")


def _shape(node: Node) -> tuple[str, int, bool]:
    return node.line.name, node.line.size, node.is_alias


def _drawn_from(root: Node, name: str | None) -> Node:
    """The region called `name` that `root` leads to: a view is drawn from there, at that region's own address."""
    node, steps = root, 0
    while name is not None and node.line.name != name and steps < MOST_ALIASES:
        steps += 1
        enabled = [child for child in node.children if not child.line.disabled]
        if node.target is not None and node.line.offset == 0:
            node = node.target
        elif not node.is_alias and len(enabled) == 1 and enabled[0].addr == 0:
            node = enabled[0]
        else:
            return root
    return node


def _would_lead_on(node: Node) -> bool:
    """Whether a container like `node` would not be a view's root: QEMU would look at its only child, or at none."""
    enabled = [child for child in node.children if not child.line.disabled]
    if node.is_alias or len(enabled) > 1:
        return False
    return not enabled or (enabled[0].addr == 0 and enabled[0].line.size <= node.line.size)


def _could_show(shown: dict[tuple[str, int], list[Appearance]], view: ViewText) -> bool:
    """Whether for every range of `view` there is a region that is large enough, where it should be."""
    return all(
        any(
            place.meets(item) and item.offset + item.end - item.start < place.node.line.size
            for place in shown.get((item.name, item.start - item.offset), ())[:_MOST_RIVALS]
        )
        for item in view.ranges
    )


def _likeness(node: Node, item: RangeLine) -> tuple[bool, ...]:
    """How well `node` answers to `item`. Of a pair of one name, the one with children is the container."""
    line = node.line
    kind = "i/o" if line.kind == "container" else line.kind
    return (
        line.priority == item.priority,
        item.kind in (kind, "rom", "container") or kind in OLD_KINDS,
        item.offset + item.end - item.start < line.size,
        item.owner is None or item.owner == line.owner,
        kind != "i/o",
        not node.children,
    )


def _alone(place: Appearance, places: list[Appearance], item: RangeLine) -> bool:
    """Whether some byte of `item` is shown at `place` and at no other of `places`."""
    low, high = max(place.low, item.start), min(place.high, item.end + 1)
    others = [other for other in places if other is not place]
    points = [low, *(other.high for other in others)]
    return any(low <= point < high and not any(other.low <= point < other.high for other in others) for point in points)
