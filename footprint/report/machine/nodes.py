"""The picture of a radix tree: a strip of 512 entries for each node, on the level where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from footprint.memory.radix import FAN_OUT, L2_BITS, NIL
from footprint.report.canvas import LETTER, WIDTH
from footprint.report.formatting import breadth, count, cut, plural
from footprint.report.machine.addresses import colour_of
from footprint.report.machine.spans import extent
from footprint.report.machine.tree import Leaf, Tree
from footprint.report.section import LegendKey
from footprint.report.svg_canvas import Sheet

_LEFT = 58.0
_TOP = 34.0
_BELOW, _FAINT = 36.0, 20.0
"""From the strips to the next level: where some node is read, and where all are passed over."""
_STRIP = 13.0
_ABOVE = 15.0
"""From the top of a level to its strips, if some are read: the room for the numbers of the nodes."""
_APART = 10.0
_MOST = 8
_THIN = 3.0
_SHORTEST = 8
"""A name cut to fewer letters says less than a section's number."""
_MORE = 34.0
"""The room for the number of those that a level leaves out."""
_LETTER = LETTER * 0.92

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

NODE_KEY = LegendKey("--ink", "leads to a node")


@dataclass(frozen=True, slots=True)
class Strip:
    """The place of a node."""

    node: int
    x: float
    y: float
    width: float

    def at(self, entry: int) -> float:
        """Where the `entry` begins."""
        return self.x + self.width * entry / FAN_OUT


def entry_size(tree: Tree, level: int) -> str:
    """What an entry at `level` spans."""
    pages = 1 << L2_BITS * level
    if tree.page_bits is None:
        return "1 page" if level == 0 else f"2{str(L2_BITS * level).translate(_RAISED)} p."
    return extent(min(pages << tree.page_bits, 1 << 64))


def radix_tree(tree: Tree) -> str:
    """The picture as an SVG."""
    strips, ends, height = _placed(tree)
    sheet = Sheet(height)
    by_node: dict[int | None, list[Leaf]] = {}
    for leaf in tree.leaves:
        by_node.setdefault(leaf.node, []).append(leaf)
    _root(sheet, tree, strips, by_node.get(None, []))
    for node in tree.depth:
        if node in strips:
            _funnels(sheet, tree, strips, strips[node])
    for level, (y, left_out) in ends.items():
        sheet.text(_LEFT - 10, y + _STRIP / 2, entry_size(tree, level), "muted end")
        if left_out:
            sheet.text(WIDTH, y + _STRIP / 2, f"+{count(left_out)}", "muted end")
    for strip in strips.values():
        if strip.node in tree.depth:
            _node(sheet, tree, strip, by_node.get(strip.node, []))
        else:
            _faint(sheet, strip)
    return sheet.svg(_said(tree))


def _placed(tree: Tree) -> tuple[dict[int, Strip], dict[int, tuple[float, int]], float]:
    """A strip for each node that is drawn; where those of a level are, and how many it leaves out; the height."""
    strips: dict[int, Strip] = {}
    ends: dict[int, tuple[float, int]] = {}
    y = _TOP
    for level in range(tree.levels - 1, min(tree.level.values(), default=0) - 1, -1):
        here = sorted(node for node, its in tree.level.items() if its == level)
        kept = sorted(sorted(here, key=lambda node: node not in tree.depth)[:_MOST])
        above = _ABOVE if any(node in tree.depth for node in kept) else 0.0
        ends[level] = (y + above, len(here) - len(kept))
        room = WIDTH - _LEFT - (_MORE if len(here) > len(kept) else 0)
        wide = (room - _APART * (len(kept) - 1)) / max(len(kept), 1)
        for place, node in enumerate(kept):
            strips[node] = Strip(node, _LEFT + place * (wide + _APART), y + above, wide)
        y += above + (_BELOW if above else _FAINT)
    return strips, ends, y + 4


def _root(sheet: Sheet, tree: Tree, strips: dict[int, Strip], leaves: Sequence[Leaf]) -> None:
    """The root entry: where it leads, past which levels."""
    middle = (_LEFT + WIDTH) / 2
    sheet.text(_LEFT - 10, 10, "root", "muted end")
    if leaves:
        leaf = leaves[0]
        sheet.boxes([(_LEFT, 4, _STRIP, _STRIP)], _colour(leaf))
        sheet.text(_LEFT + _STRIP + 7, 10, f"skip 0, straight to {cut(leaf.name, 22)}")
        return
    if tree.ptr in strips and tree.ptr in tree.depth:
        strip = strips[tree.ptr]
        ends = [(strip.x + strip.width, strip.y), (strip.x, strip.y)]
        sheet.area([(middle - 3, 18), (middle + 3, 18), *ends], "--pale")
    words = "NIL" if tree.ptr == NIL else f"ptr [{tree.ptr}], skip {tree.skip}"
    sheet.boxes([(middle - 3, 17, 6, 2)], "--ink")
    sheet.text(middle, 9, words, "middle")


def _funnels(sheet: Sheet, tree: Tree, strips: dict[int, Strip], strip: Strip) -> None:
    """From each entry that leads to a node that is drawn, a funnel that opens to it."""
    for first, last, skip, ptr in tree.nodes[strip.node]:
        child = strips.get(ptr)
        if skip and child and ptr in tree.depth and tree.level[ptr] == tree.level[strip.node] - skip:
            top = strip.y + _STRIP
            left, right = _visible(strip, first, last)
            sheet.area([(left, top), (right, top), (child.x + child.width, child.y), (child.x, child.y)], "--pale")


def _visible(strip: Strip, first: int, last: int) -> tuple[float, float]:
    """The place of a run of entries, wide enough to be seen."""
    left, right = strip.at(first), strip.at(last + 1)
    if right - left < 2:
        left = min(left, strip.x + strip.width - 2)
        right = left + 2
    return left, right


def _node(sheet: Sheet, tree: Tree, strip: Strip, leaves: Sequence[Leaf]) -> None:
    """A node that is read: its strip with leaves in the colours of their kinds, and names where there is room."""
    sheet.frame(strip.x, strip.y, strip.width, _STRIP, colour="--muted")
    by_colour: dict[str, list[tuple[float, float]]] = {}
    for leaf in leaves:
        by_colour.setdefault(_colour(leaf), []).append(_visible(strip, leaf.first, leaf.last))
    by_colour["--ink"] = [
        _visible(strip, first, last) for first, last, skip, ptr in tree.nodes[strip.node] if skip and ptr != NIL
    ]
    for colour, places in by_colour.items():
        boxes = [(left, strip.y, right - left - _edge(right - left), _STRIP) for left, right in _merged(places)]
        sheet.boxes(boxes, colour)
    sheet.text(strip.x, strip.y - 8, f"[{strip.node}]")
    _names(sheet, strip, leaves)


def _merged(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The same places, those that are too thin to be told apart as one."""
    merged: list[tuple[float, float]] = []
    for left, right in sorted(places):
        if merged and left - merged[-1][1] < 0.8 and min(right - left, merged[-1][1] - merged[-1][0]) < _THIN:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return merged


def _edge(width: float) -> float:
    """What a place gives up at its end, so that it is told from its neighbour."""
    return 0.6 if width >= _THIN else 0.0


def _names(sheet: Sheet, strip: Strip, leaves: Sequence[Leaf]) -> None:
    """Names under the strip, each where its leaf begins, as long as they do not meet."""
    free, end = strip.x, strip.x + strip.width
    for leaf in leaves:
        left = max(strip.at(leaf.first), strip.x)
        most = max((end - free) / _LETTER, _SHORTEST)
        for words in (cut(leaf.name), cut(leaf.name, most), f"#{leaf.section}"):
            wide = breadth(words) * _LETTER
            at = min(left, end - wide)
            if at >= free:
                sheet.text(at, strip.y + _STRIP + 9, words)
                free = at + wide + 8
                break


def _faint(sheet: Sheet, strip: Strip) -> None:
    """A node that is passed over."""
    sheet.frame(strip.x, strip.y, strip.width, _STRIP, colour="--muted", look="faint")
    words = f"[{strip.node}]"
    if breadth(words) * _LETTER <= strip.width - 6:
        sheet.text(strip.x + 4, strip.y + _STRIP / 2, words, "muted")


def _colour(leaf: Leaf) -> str:
    return colour_of(leaf.shows[0].kind if leaf.shows else "")


def _said(tree: Tree) -> str:
    """The tree in words, from the root down."""
    read = ", ".join(f"[{node}] at level {tree.level[node]}" for node in list(tree.depth)[:12])
    few, most = tree.reads
    return (
        f"The radix tree, {plural(tree.levels, 'level')} of 512 entries. The root entry has skip {tree.skip}. "
        f"{plural(len(tree.depth), 'node')} read{f': {read}' if read else ''}; {count(len(tree.passed))} passed over. "
        f"A lookup reads {count(few) if few == most else f'{count(few)} to {count(most)}'} of them."
    )
