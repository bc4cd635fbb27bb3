"""Which printed lines are one region: blocks of ``info mtree`` become a forest of regions.

See docs/qemu-memory.md, "What the text loses".

A region is printed once for every block that its containers stand in, and once more as an alias target.
What the text says of identity is used in this order: a region has one container at most; a block is one
region; alias targets are queued when they are first met, so the order of blocks tells which alias
brought which; and equal owners.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from footprint.qemu.flat import FlatText
from footprint.qemu.identity import Identity
from footprint.qemu.lines import MASK
from footprint.qemu.lost_targets import give_targets
from footprint.qemu.mtree import MtreeBlock, MtreeText, RegionLine
from footprint.qemu.region_node import Node
from footprint.qemu.targets import name_targets

_HIDDEN = "(hidden)"


@dataclass(slots=True)
class Forest:
    """All regions, and the address spaces on them as (name, root), in printed order.

    `guesses` are sentences about what the text did not tell. `lost` are aliases whose targets are not printed.
    """

    nodes: list[Node]
    spaces: list[tuple[str, Node]]
    guesses: list[str] = field(default_factory=list)
    lost: list[Node] = field(default_factory=list)


def grow(text: MtreeText, flat: FlatText | None = None) -> Forest:
    """The forest that `text` prints; the views in `flat` tell which roots are one region.

    Raises InputFileError where lines contradict each other.
    """
    printed = _Printed(text, Identity(text, flat))
    printed.number_lines()
    printed.unify()
    return printed.forest()


class _Printed:
    """Printed lines by number, with their parents, and a union-find over those that are one region."""

    def __init__(self, text: MtreeText, identity: Identity) -> None:
        self.text = text
        self.identity = identity
        self.lines: list[RegionLine] = []
        self.parent: list[int] = []
        self.children: list[list[int]] = []
        self.roots: list[int] = []
        self.hidden = 0
        self.addr: list[int] = []
        self.signature: list[int] = []
        self._same: list[int] = []

    def number_lines(self) -> None:
        """Number the lines of all blocks, which comes before all else."""
        for block in self.text.blocks:
            self._lay_out(block)
        self.addr = [
            line.start if self.parent[i] < 0 else (line.start - self.lines[self.parent[i]].start) & MASK
            for i, line in enumerate(self.lines)
        ]
        self.signature = self._sign()
        self._same = list(range(len(self.lines)))

    def _lay_out(self, block: MtreeBlock) -> None:
        """Number the lines of a block. Below a line that is not shown stands one that is made up, disabled."""
        path: list[int] = []
        self.roots.append(len(self.lines))
        if not block.lines:
            self._made_up(block.line, 1, 0, path)
        for line in block.lines:
            del path[line.depth - 1 :]
            while len(path) < line.depth - 1:
                self._made_up(line.line, len(path) + 1, self.lines[path[-1]].start if path else 0, path)
            if line.depth == 1 and len(self.lines) != self.roots[-1]:
                raise self.text.source.error("the block has a second root", line.line)
            self._number(line, path)

    def _made_up(self, line: int, depth: int, start: int, path: list[int]) -> None:
        self.hidden += 1
        self._number(RegionLine(line, depth, start, start, 0, "i/o", _HIDDEN, disabled=True), path)

    def _number(self, line: RegionLine, path: list[int]) -> None:
        number = len(self.lines)
        self.lines.append(line)
        self.children.append([])
        self.parent.append(path[-1] if path else -1)
        if path:
            self.children[path[-1]].append(number)
        path.append(number)

    def _sign(self) -> list[int]:
        """A number for each line such that equal numbers mean equal regions, with all that is below them."""
        known: dict[tuple[object, ...], int] = {}
        signature = [0] * len(self.lines)
        for i in range(len(self.lines) - 1, -1, -1):
            line = self.lines[i]
            key = (
                line.name, self.addr[i], line.size, line.priority, line.kind, line.nonvolatile, line.target,
                line.offset, line.disabled, line.owner, tuple([signature[child] for child in self.children[i]]),
            )  # fmt: skip
            signature[i] = known.setdefault(key, len(known))
        return signature

    # Section: which lines are one region

    def find(self, i: int) -> int:
        """The line that stands for the region of line `i`."""
        same = self._same
        while same[i] != i:
            same[i] = same[same[i]]
            i = same[i]
        return i

    def _unite(self, line: int, other: int) -> None:
        pairs = [(line, other)]
        while pairs:
            line, other = pairs.pop()
            first, second = self.find(line), self.find(other)
            if first == second:
                continue
            # The line with a container stands for both: it knows more.
            keep, drop = (first, second) if self.parent[first] >= 0 else (second, first)
            self._same[drop] = keep
            pairs.extend(zip(self.children[line], self.children[other], strict=True))

    def unify(self) -> None:
        """Let each block's root be the region that is printed alike inside another block, if there is one.

        Blocks of one sort (address spaces, alias targets) are different regions, except in the form
        before 6.2, which has a block for each address space.
        """
        sorts: tuple[list[int], list[int]] = ([], [])
        for root, block in zip(self.roots, self.text.blocks, strict=True):
            sorts[not block.spaces].append(root)
        of_spaces, of_targets = sorts
        grouped = any(len(block.spaces) > 1 for block in self.text.blocks)
        if not grouped:
            self._unite_spaces()
        self._claim(of_spaces, shared=not grouped)
        self._claim(of_targets, of_spaces, shared=False)

    def _unite_spaces(self) -> None:
        """Before 6.2: unite the roots of spaces that something says are one region."""
        blocks = [
            (i, self.roots[i], self.signature[self.roots[i]])
            for i, block in enumerate(self.text.blocks)
            if block.spaces
        ]
        for root, other in self.identity.of_roots(blocks, [line.name for line in self.lines]):
            self._unite(root, other)

    def _claim(self, roots: list[int], others: Sequence[int] = (), *, shared: bool) -> None:
        """Unite each of `roots` with a line inside some block, or else one of `others`, that is printed alike.

        Unless `shared`, no two of them are one region.
        """
        alike = self._alike(roots, others)
        claimed: set[int] = set()
        for root in roots:
            candidates = alike[self.signature[root]]
            while candidates and not shared and self.find(candidates[-1]) in claimed:
                candidates.pop()
            if candidates:
                self._unite(root, candidates[-1])
            claimed.add(self.find(root))

    def _alike(self, roots: list[int], others: Sequence[int]) -> dict[int, list[int]]:
        """For the signature of each of `roots` the lines that have it too, the best last."""
        alike: dict[int, list[int]] = {self.signature[root]: [] for root in roots}
        inside = (i for i in range(len(self.lines) - 1, -1, -1) if self.parent[i] >= 0)
        for i in (*reversed(others), *inside):
            if self.signature[i] in alike:
                alike[self.signature[i]].append(i)
        return alike

    # Section: the forest

    def forest(self) -> Forest:
        """The regions, each once, with aliases led to their targets."""
        made: dict[int, Node] = {}
        for i, line in enumerate(self.lines):
            region = self.find(i)
            if region not in made:
                made[region] = Node(line, self.addr[region])
        for i, parent in enumerate(self.parent):
            node = made[self.find(i)]
            if parent >= 0 and node.container is None:
                node.container = made[self.find(parent)]
                node.container.children.append(node)
        spaces = [
            (name, made[self.find(root)])
            for root, block in zip(self.roots, self.text.blocks, strict=True)
            for name in block.spaces
        ]
        targets = [
            made[self.find(root)]
            for root, block in zip(self.roots, self.text.blocks, strict=True)
            if block.region is not None
        ]
        forest = Forest(list(made.values()), spaces)
        names = [block.region for block in self.text.blocks if block.region is not None]
        forest.guesses += self.identity.guesses
        forest.guesses += name_targets(forest.nodes, list(zip(names, targets, strict=True)))
        forest.lost, guesses = give_targets(forest.nodes)
        forest.guesses += guesses
        if self.hidden:
            forest.guesses.append(f"{self.hidden} disabled regions are not shown: use info mtree -o -D")
        return forest
