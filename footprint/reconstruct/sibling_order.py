"""The order of equal siblings that overlap, which the tree does not carry.

See docs/qemu-memory.md, "What the text loses".

Among siblings of one priority the newest is on top, but they are printed by address. For each pair that
overlaps, the printed views tell which of the two lies over the other (footprint.reconstruct.demands). Where
no view tells, the rule decides that agrees best with what is known of the pairs around it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import groupby
from typing import NamedTuple

from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.qemu.flat import ViewText
from footprint.reconstruct.build import Rebuilt, place_children
from footprint.reconstruct.demands import Demand, ViewReader, Way
from footprint.reconstruct.overlaps import OutOfPatienceError, Overlaps, Pair, Patience
from footprint.reconstruct.precedence import Precedence

RULES: dict[str, Callable[[MemoryRegion], int]] = {
    "lower address on top, as printed": lambda region: region.addr,
    "smaller on top": lambda region: region.size,
    "higher address on top": lambda region: -region.addr,
}
"""Orders that boards are often built in, as sort keys, highest in the stack first."""

_MOST_DECISIONS = 2_000
"""Decisions between ways, those taken back included, before what then follows is no longer looked at."""


class _Decision(NamedTuple):
    """A demand that may hold in several ways: how many pairs were known before, ways to try, other demands."""

    known: int
    ways: list[Way]
    others: list[Demand]


class SiblingOrder:
    """The order of siblings in the containers of `rebuilt`.

    First `find_overlaps`, then `learn` from printed views and `arrange`, more than once if need be. `guesses` are
    sentences about pairs whose order no view tells.
    """

    def __init__(self, rebuilt: Rebuilt) -> None:
        self.rebuilt = rebuilt
        self.guesses: list[str] = []
        self._patience = Patience()
        self._overlaps = Overlaps(rebuilt.regions.values(), self._patience)
        self._demands: dict[Demand, None] = {}
        self._known = Precedence(self._patience)
        self._rearranged: dict[MemoryRegion, None] = {}
        self._in_full = True

    def find_overlaps(self) -> None:
        """Find the containers whose siblings compete, which comes before all else."""
        self._try(self._overlaps.find)

    def learn(self, views: Iterable[tuple[ViewText, MemoryRegion]]) -> None:
        """Take in what each of these printed views says of the siblings that its root shows."""
        for view, root in views:
            if root in self._overlaps.leading:
                self._try(partial(self._listen, view, root))

    def _listen(self, view: ViewText, root: MemoryRegion) -> None:
        for demand in ViewReader(self._overlaps).demands(view, root):
            self._demands[demand] = None

    def arrange(self) -> None:
        """Put the siblings of every contested container in the order that follows from what was learned."""
        self.guesses = []
        self._known = Precedence(self._patience)
        self._try(self._solve)
        if not self._in_full:
            self.guesses.append("too many siblings overlap to read the order of all of them: some stand as printed")
        if not self._overlaps.contested:
            return
        with self.rebuilt.core.transaction():
            for container in self._overlaps.contested:
                order = [
                    region
                    for _, equals in groupby(container.subregions, key=lambda child: child.priority)
                    for region in self._known.sort(list(equals))
                ]
                if order != container.subregions:
                    place_children(self.rebuilt.core, container, order)
                    self._rearranged[container] = None

    def repeat(self, regions: Mapping[MemoryRegion, MemoryRegion], core: MemoryCore) -> None:
        """Arrange, in another core, the twins of what was rearranged here; `regions` leads from one to the other."""
        for region in self._rearranged:
            place_children(core, regions[region], [regions[child] for child in region.subregions])

    def _try(self, step: Callable[[], None]) -> None:
        """Take `step`; where patience ends, what is known by then has to do."""
        try:
            step()
        except OutOfPatienceError:
            self._in_full = False

    def _solve(self) -> None:
        for container in self._overlaps.contested:
            self._keep_those_at_one_address(container)
        pairs = {container: self._overlaps.pairs(container) for container in self._overlaps.contested}
        # What the views contradict each other in cannot be had: whoever compares them will see it.
        open_demands, _ = self._follow(list(self._demands))
        rules = self._rules_of(pairs)
        untold: Counter[str] = Counter()
        for container, competing in pairs.items():
            untold[rules[container]] += sum(not self._is_told(pair) for pair in competing)
        self._choose(open_demands, rules)
        for container, competing in pairs.items():
            for pair in competing:
                self._known.put(*_by_rule(pair, rules[container]))
        self.guesses += [_sentence(count, rule) for rule, count in untold.items() if count]

    def _keep_those_at_one_address(self, container: MemoryRegion) -> None:
        """Siblings at one address are printed in their true order."""
        last: dict[tuple[int, int], MemoryRegion] = {}
        for child in container.subregions:
            place = (child.priority, child.addr)
            if place in last:
                self._known.put(last[place], child)
            last[place] = child

    def _follow(self, demands: list[Demand]) -> tuple[list[Demand], bool]:
        """Put on record what must hold.

        Gives the demands that may still hold in several ways, and whether each of the others holds.
        """
        known, consistent = -1, True
        while known < len(self._known.pairs):
            known = len(self._known.pairs)
            still_open = []
            self._patience.spend(len(demands))
            for demand in demands:
                ways = [way for way in demand if self._known.allows(way)]
                if not ways:
                    consistent = False
                    continue
                for upper, lower in _listed(frozenset.intersection(*ways)):
                    self._known.put(upper, lower)
                if not any(self._known.holds(way) for way in ways):
                    still_open.append(tuple(ways))
            demands = still_open
        return demands, consistent

    def _choose(self, demands: list[Demand], rules: dict[MemoryRegion, str]) -> None:
        """Decide each of `demands` for the way that agrees best with the rules and leaves the others possible."""
        before = len(self._known.pairs)
        decisions = [self._open(demands, rules)] if demands else []
        for _ in range(_MOST_DECISIONS if decisions else 0):
            decision = decisions[-1]
            self._known.forget(decision.known)
            if decision.ways:
                left, consistent = self._decide(decision.ways.pop(), decision.others)
                if consistent and not left:
                    return
                if consistent:
                    decisions.append(self._open(left, rules))
                continue
            decisions.pop()
            if not decisions:
                break
        self._known.forget(before)
        while demands:
            demands, _ = self._decide(self._open(demands, rules).ways[-1], demands[1:])

    def _open(self, demands: list[Demand], rules: dict[MemoryRegion, str]) -> _Decision:
        """The decision about the first of `demands`; the way that agrees best with the rules stands last."""
        ways = sorted(demands[0], key=lambda way: (sum(_agrees(pair, rules) for pair in way), -len(way)))
        return _Decision(len(self._known.pairs), ways, demands[1:])

    def _decide(self, way: Way, others: list[Demand]) -> tuple[list[Demand], bool]:
        possible = [self._known.put(upper, lower) for upper, lower in _listed(way)]
        demands, consistent = self._follow(others)
        return demands, consistent and all(possible)

    def _is_told(self, pair: Pair) -> bool:
        return self._known.is_over(*pair) or self._known.is_over(*pair[::-1])

    def _rules_of(self, pairs: dict[MemoryRegion, dict[Pair, None]]) -> dict[MemoryRegion, str]:
        """For each container the rule that most of its own known pairs follow, then most of the machine's."""
        agreeing = {
            container: Counter(
                rule for pair in competing for rule in RULES if self._known.is_over(*_by_rule(pair, rule))
            )
            for container, competing in pairs.items()
        }
        total: Counter[str] = sum(agreeing.values(), Counter())
        return {container: max(RULES, key=lambda rule: (own[rule], total[rule])) for container, own in agreeing.items()}


def _by_rule(pair: Pair, rule: str) -> Pair:
    """The two of `pair`, that one first which the rule puts on top; the first printed where it does not say."""
    key = RULES[rule]
    upper, lower = sorted(pair, key=lambda region: region.addr)
    return (lower, upper) if key(lower) < key(upper) else (upper, lower)


def _listed(way: Way) -> list[Pair]:
    """The pairs of `way` in an order that does not depend on chance."""
    return sorted(way, key=lambda pair: [(region.addr, region.priority, region.name or "") for region in pair])


def _agrees(pair: Pair, rules: dict[MemoryRegion, str]) -> bool:
    container = pair[0].container
    return container in rules and _by_rule(pair, rules[container]) == pair


def _sentence(count: int, rule: str) -> str:
    return f"no view tells the order of {count} pair{'s' * (count > 1)} of overlapping siblings: {rule}"
