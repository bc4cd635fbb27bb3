"""Views that QEMU printed, paired with those of the machine built again from its tree.

Views are told apart by their users: the names of the spaces and of their roots. What the printed ones show
tells the order of equal siblings, which the tree does not carry.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.ledger import Ledger
from footprint.memory.radix import NODE_BYTES
from footprint.memory.region import MemoryRegion
from footprint.memory.render import Flat, render
from footprint.memory.rules import HISTORY, RuleSet, rules_with_spaces
from footprint.memory.space import AddressSpace
from footprint.qemu.capture import Capture
from footprint.qemu.flat import ViewText
from footprint.reconstruct.build import Machine, Rebuilt, read_machine, rebuild
from footprint.reconstruct.page_size import page_size
from footprint.reconstruct.sibling_order import SiblingOrder

MOST_BYTES = 256 << 20
"""Bytes of nodes, subpages and sections that the views of a capture may need; more are refused."""
MOST_RESERVED_BYTES = 8 << 30
"""Bytes of nodes that they may reserve, most of which are never touched."""
_SECTION_BYTES = 200
_MOST_ALIKE = 300

Names = tuple[tuple[str, str], ...]
"""The (space, root) names of a view's users, sorted: what is common to its two sides. No root is ``""``."""


def rules_of(capture: Capture) -> RuleSet:
    """The rule set of the QEMU that printed `capture`, as far as its form tells."""
    if capture.flat.per_space:
        return HISTORY["v2.10.0"]
    dummies = {view.dispatch.dummies for view in capture.flat.views if view.dispatch is not None}
    if dummies and max(dummies) >= 4:
        return HISTORY["v2.11.0"]
    return HISTORY[rules_with_spaces(space.name for view in capture.flat.views for space in view.spaces)]


class Matching:
    """The machine of a capture, built again, and its views beside those printed.

    `pairs` are the printed views, each with a space of the model's view that has the same users; None where
    none has. `left` are the users of those views of the model that no printed one was paired with.
    """

    def __init__(self, capture: Capture, machine: Machine, rebuilt: Rebuilt) -> None:
        self.capture = capture
        self.machine = machine
        self.rebuilt = rebuilt
        self.ledger: Ledger = rebuilt.core.ledgers[0]
        self.siblings = SiblingOrder(rebuilt)
        self.pairs: list[tuple[ViewText, AddressSpace | None]] = []
        self.left: list[Names] = []
        self._known: dict[MemoryRegion | None, Flat] = {}

    @property
    def core(self) -> MemoryCore:
        """The core that holds the machine."""
        return self.rebuilt.core

    @property
    def guesses(self) -> list[str]:
        """Sentences about what the capture does not say."""
        return [*self.machine.guesses, *self.siblings.guesses]

    @property
    def differing(self) -> int:
        """How many of the printed views show other ranges than the model's, or have no counterpart there."""
        return sum(space is None or self._agreement(view, space) is not None for view, space in self.pairs)

    def check_weight(self) -> None:
        """Refuse views that would not fit in memory, before any is built."""
        counts, page = census(self.ledger), self.core.pages.size
        weight = counts["nodes"] * NODE_BYTES + counts["subpages"] * 2 * page + counts["sections"] * _SECTION_BYTES
        if weight > MOST_BYTES or counts["modelled.nodes"] > MOST_RESERVED_BYTES:
            raise self.capture.tree.source.error(f"the views need {weight} bytes; at most {MOST_BYTES}")

    def match(self) -> None:
        """Pair the views, and arrange siblings as the printed ones show them.

        First those that only one view of the model can be: what they tell of siblings helps with the others.
        """
        self.siblings.find_overlaps()
        ours: dict[Names, list[list[AddressSpace]]] = defaultdict(list)
        for spaces in _by_view(self.ledger):
            ours[self._names(spaces)].append(spaces)
        views = [(view, tuple(sorted((s.name, s.root or "") for s in view.spaces))) for view in self.capture.flat.views]
        sure = {names: len(groups) == 1 for names, groups in ours.items()}
        spaces_of: dict[int, AddressSpace] = {}
        for are_sure in (True, False):
            for i, (view, names) in enumerate(views):
                candidates = ours.get(names)
                if candidates and sure[names] is are_sure:
                    spaces_of[i] = candidates.pop(self._likeliest(view, candidates))[0]
            if are_sure or not all(sure.values()):
                self._arrange([(views[i][0], space) for i, space in spaces_of.items()])
        self.pairs = [(view, spaces_of.get(i)) for i, (view, _) in enumerate(views)]
        self.left = [names for names, groups in ours.items() for _ in groups]

    def _arrange(self, pairs: Iterable[tuple[ViewText, AddressSpace]]) -> None:
        keys = [(view, self._key(space)) for view, space in pairs]
        self.siblings.learn([(view, key) for view, key in keys if key is not None])
        self.siblings.arrange()
        self._known.clear()

    def _key(self, space: AddressSpace) -> MemoryRegion | None:
        """The region from which the view of `space` is drawn; None for the empty view."""
        entry = self.ledger.spaces[space]
        return None if entry is None else entry.key

    def _names(self, spaces: Iterable[AddressSpace]) -> Names:
        per_space = self.capture.flat.per_space
        return tuple(sorted((space.name, "" if per_space else _root_name(space)) for space in spaces))

    def _likeliest(self, view: ViewText, candidates: list[list[AddressSpace]]) -> int:
        """Which of several groups of spaces with the same names has what `view` shows, or comes nearest."""
        if len(candidates) == 1:
            return 0
        agreements = [self._agreement(view, spaces[0]) for spaces in candidates[:_MOST_ALIKE]]
        if None in agreements:
            return agreements.index(None)
        return max(range(len(agreements)), key=lambda i: agreements[i] or 0)

    def _pieces(self, space: AddressSpace) -> Flat:
        key = self._key(space)
        if key not in self._known:
            self._known[key] = self.ledger.policies.merge.merge(render(key))
        return self._known[key]

    def _agreement(self, view: ViewText, space: AddressSpace) -> int | None:
        """How many ranges agree before the first that differs; None if all do."""
        pieces = self._pieces(space)
        for i, (line, piece) in enumerate(zip(view.ranges, pieces, strict=False)):
            place = (piece.start, piece.end - 1, piece.offset, piece.region.name)
            if place != (line.start, line.end, line.offset, line.name) or line.priority != piece.region.priority:
                return i
        return None if len(view.ranges) == len(pieces) else min(len(view.ranges), len(pieces))


def _root_name(space: AddressSpace) -> str:
    return "(null)" if space.root.name is None else space.root.name


def arrange(capture: Capture, rules: RuleSet) -> Matching:
    """The machine of `capture` under `rules`, its siblings arranged as the printed views tell.

    Raises InputFileError for a capture that no QEMU could have printed.
    """
    machine = read_machine(capture)
    pages, guess = page_size(capture)
    machine.guesses += [guess] if guess else []
    matching = Matching(capture, machine, rebuild(machine, MemoryCore([rules], pages=pages)))
    matching.check_weight()
    matching.match()
    return matching


def _by_view(ledger: Ledger) -> list[list[AddressSpace]]:
    """The spaces of each living view."""
    groups: dict[object, list[AddressSpace]] = {}
    for space, entry in ledger.spaces.items():
        holder: object = space if ledger.policies.sharing.private else entry
        groups.setdefault(holder, []).append(space)
    return list(groups.values())
