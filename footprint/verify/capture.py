"""Captures: what a real QEMU printed of its views, against those of the machine built again from its tree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from footprint.backends.pages import page_size
from footprint.backends.rebuild import Rebuilt, read_machine, rebuild
from footprint.backends.siblings import Siblings
from footprint.errors import FootprintError, InputFileError
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.ledger import Ledger
from footprint.memory.radix import NODE_BYTES
from footprint.memory.render import Flat, render
from footprint.memory.rules import HISTORY, RuleSet
from footprint.memory.space import AddressSpace
from footprint.qemu.capture import Capture
from footprint.qemu.flat import SpaceLine, ViewText
from footprint.verify.difference import Style, difference
from footprint.verify.result import Mismatch, Verification

MOST_NODES = 100_000
"""Radix nodes that the views of a capture may have; a machine that needs more is refused."""
MOST_NODE_BYTES = 8 << 30
"""The same as reserved, most of it never touched."""

Names = tuple[tuple[str, str | None], ...]
"""The (space, root) names of a view's users, sorted: what is common to its two sides."""


def rules_of(capture: Capture) -> RuleSet:
    """The rule set of the QEMU that printed `capture`, as far as its form tells."""
    if capture.flat.per_space:
        return HISTORY["v2.10.0"]
    dummies = {view.dispatch.dummies for view in capture.flat.views if view.dispatch is not None}
    return HISTORY["v2.11.0" if dummies and max(dummies) >= 4 else "v7.2.0"]


def verify_capture(capture: Capture, rules: RuleSet | None = None) -> Verification:
    """Build the machine of `capture` again under `rules` (those of its form), and compare every view.

    Compared: which spaces share a view, every flat range, physical section and radix node. Of each view
    the first difference is named. Raises InputFileError for a capture that no QEMU could have printed.
    """
    rules = rules or rules_of(capture)
    try:
        return _Comparison(capture, rules).result
    except InputFileError:
        raise
    except FootprintError as error:
        raise InputFileError(capture.path, str(error)) from None


class _Comparison:
    def __init__(self, capture: Capture, rules: RuleSet) -> None:
        self.capture = capture
        self.result = Verification(capture.path)
        machine = read_machine(capture)
        pages, guess = page_size(capture)
        self.core = MemoryCore([rules], pages=pages)
        self.rebuilt: Rebuilt = rebuild(machine, self.core)
        self.ledger: Ledger = self.core.ledgers[0]
        self.siblings = Siblings(self.rebuilt)
        self.style = Style.of(capture.flat)
        self._check_nodes()
        self.result.guesses += machine.guesses + ([guess] if guess else [])
        self._pair_views()
        self._say_orders()

    def _check_nodes(self) -> None:
        metrics = census(self.ledger)
        nodes, reserved = metrics["nodes"], metrics["nodes.allocated"] * NODE_BYTES
        if nodes > MOST_NODES or reserved > MOST_NODE_BYTES:
            raise self.capture.tree.source.error(f"the views need {nodes} radix nodes; at most {MOST_NODES}")

    def _names(self, spaces: Iterable[AddressSpace]) -> Names:
        per_space = self.capture.flat.per_space
        return tuple(sorted((one.name, None if per_space else _root_name(one)) for one in spaces))

    def _pair_views(self) -> None:
        """Compare views with the same users; those whose users differ are grouped otherwise."""
        ours: dict[Names, list[list[AddressSpace]]] = defaultdict(list)
        for spaces in _by_view(self.ledger):
            ours[self._names(spaces)].append(spaces)
        strays: list[ViewText] = []
        for view in self.capture.flat.views:
            self.result.views += 1
            names = tuple(sorted((space.name, space.root or None) for space in view.spaces))
            candidates = ours.get(names)
            if candidates:
                self._compare(view, candidates.pop(self._likeliest(view, candidates)))
            else:
                strays.append(view)
        left = [names for names, groups in ours.items() for _ in groups]
        for view in strays:
            self._mismatch(view, "address spaces that share the view", _space_names(view.spaces), _nearest(view, left))
        if left and not strays:
            one = f"view of {_users(left[0])}"
            self.result.mismatches.append(Mismatch(self.result.file, one, "views", "no such view", _users(left[0])))

    def _likeliest(self, view: ViewText, candidates: list[list[AddressSpace]]) -> int:
        """Which of several groups of spaces with the same names has what `view` shows, or comes nearest."""
        if len(candidates) == 1:
            return 0
        agreements = [self._agreement(view, spaces[0]) for spaces in candidates[:_MOST_ALIKE]]
        if None in agreements:
            return agreements.index(None)
        return max(range(len(agreements)), key=lambda i: agreements[i] or 0)

    def _pieces(self, space: AddressSpace) -> Flat:
        entry = self.ledger.spaces[space]
        key = None if entry is None else entry.key
        return self.ledger.policies.merge.merge(render(key))

    def _agreement(self, view: ViewText, space: AddressSpace) -> int | None:
        """How many ranges agree before the first that differs; None if all do."""
        pieces = self._pieces(space)
        for i, (line, piece) in enumerate(zip(view.ranges, pieces, strict=False)):
            place = (piece.start, piece.end - 1, piece.offset, piece.region.name)
            if place != (line.start, line.end, line.offset, line.name) or line.priority != piece.region.priority:
                return i
        return None if len(view.ranges) == len(pieces) else min(len(view.ranges), len(pieces))

    def _compare(self, view: ViewText, spaces: list[AddressSpace]) -> None:
        space = spaces[0]
        entry = self.ledger.spaces[space]
        if entry is not None and entry.key is not None and self._agreement(view, space) is not None:
            self.siblings.settle(entry.key, lambda: self._agreement(view, space))
        found = difference(view, self.ledger.view(space), self.style)
        if found is None:
            self.result.views_exact += 1
        else:
            self._mismatch(view, *found)

    def _mismatch(self, view: ViewText, what: str, expected: str, got: str) -> None:
        name = f"FlatView #{view.number} ({_space_names(view.spaces)})"
        self.result.mismatches.append(Mismatch(self.result.file, name, what, expected, got))

    def _say_orders(self) -> None:
        chosen = Counter(self.siblings.chosen.values())
        paper = len(self.siblings.contested) - sum(chosen.values())
        if paper:
            chosen["lower address on top, as printed"] += paper
        self.result.guesses += [
            f"overlapping siblings of equal priority in {count} container{'s' * (count > 1)}: {name}"
            for name, count in sorted(chosen.items())
        ]


_MOST_ALIKE = 300


def _by_view(ledger: Ledger) -> list[list[AddressSpace]]:
    """The spaces of each living view."""
    groups: dict[object, list[AddressSpace]] = {}
    for space, entry in ledger.spaces.items():
        holder: object = space if ledger.policies.sharing.private else entry
        groups.setdefault(holder, []).append(space)
    return list(groups.values())


def _root_name(space: AddressSpace) -> str:
    return space.root.name or "(null)"


def _space_names(spaces: Iterable[SpaceLine], most: int = 4) -> str:
    return _listed([space.name for space in spaces], most)


def _users(names: Names) -> str:
    return _listed([name for name, _ in names], 4)


def _listed(names: list[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _nearest(view: ViewText, left: list[Names]) -> str:
    """Who shares a view, in the model, with the first space of `view`."""
    first = view.spaces[0]
    for names in left:
        if any(name == first.name and root == first.root for name, root in names):
            return _users(names)
    return "no such address space" if not left else "other address spaces"
