"""The order of equal siblings that overlap, which the text does not carry.

See docs/qemu-memory.md, "What the text loses".

Among siblings of one priority the newest is on top, but they are printed by address. So a few orders
that boards are built in are tried, for all containers of a view at once and then container by container,
until the view shows what QEMU's shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.reconstruct.build import Rebuilt, place_children

Order = Callable[[MemoryRegion], tuple[int, ...]]
"""A sort key for the children of a container, highest in the stack first."""


def by_paper(region: MemoryRegion) -> tuple[int, ...]:
    """Lower addresses on top, as printed."""
    return -region.priority, region.addr


def by_size(region: MemoryRegion) -> tuple[int, ...]:
    """Smaller on top: a blanket over a whole bus was put there first."""
    return -region.priority, region.size


def by_height(region: MemoryRegion) -> tuple[int, ...]:
    """Higher addresses on top."""
    return -region.priority, -region.addr


ORDERS: dict[str, Order] = {
    "lower address on top, as printed": by_paper,
    "smaller on top": by_size,
    "higher address on top": by_height,
}

_MOST_CONTAINERS = 16
_PATIENCE = 100_000
"""Siblings rearranged in all trials of one capture, at most."""

Judge = Callable[[], int | None]
"""How many ranges agree before the first that differs, None if all do."""


@dataclass(slots=True)
class Siblings:
    """Rearranges the containers of `rebuilt` whose equal children overlap; `chosen` says how each now stands.

    `spent` is what all trials have cost so far.
    """

    rebuilt: Rebuilt
    contested: dict[MemoryRegion, tuple[MemoryRegion, ...]] = field(default_factory=dict)
    chosen: dict[MemoryRegion, str] = field(default_factory=dict)
    spent: int = 0

    def __post_init__(self) -> None:
        for region in self.rebuilt.regions.values():
            if region.alias is None and has_rivals(region.subregions):
                self.contested[region] = tuple(region.subregions)

    def settle(self, root: MemoryRegion, judge: Judge) -> bool:
        """Rearrange what `root` shows until `judge` is content; leaves all as it was where nothing helps."""
        containers = [region for region in reachable(root) if region in self.contested]
        before = {region: self.chosen.get(region) for region in containers}
        if not containers or self.spent > _PATIENCE:
            return False
        with self.rebuilt.core.transaction():
            for name in ORDERS:
                if self._try(containers, name, judge) is None:
                    return True
            if len(containers) <= _MOST_CONTAINERS and self._one_by_one(containers, judge):
                return True
            for region in containers:
                self._arrange(region, before[region])
        return False

    def repeat(self, regions: Mapping[MemoryRegion, MemoryRegion], core: MemoryCore) -> None:
        """Arrange, in another core, the twins of what was rearranged here; `regions` leads from one to the other."""
        for region in self.chosen:
            place_children(core, regions[region], [regions[child] for child in region.subregions])

    def sentences(self) -> list[str]:
        """What was assumed of contested orders, in words."""
        chosen = Counter(self.chosen.values())
        paper = len(self.contested) - sum(chosen.values())
        if paper:
            chosen[next(iter(ORDERS))] += paper
        return [
            f"overlapping siblings of equal priority in {count} container{'s' * (count > 1)}: {name}"
            for name, count in sorted(chosen.items())
        ]

    def _one_by_one(self, containers: list[MemoryRegion], judge: Judge) -> bool:
        """Let every container take the order that brings the first difference furthest back."""
        self._try(containers, next(iter(ORDERS)), judge)
        for region in containers:
            results = {name: self._try([region], name, judge) for name in ORDERS}
            best = max(results, key=lambda name: _rank(results[name]))
            if self._try([region], best, judge) is None:
                return True
        return False

    def _try(self, containers: Iterable[MemoryRegion], name: str, judge: Judge) -> int | None:
        self.spent += sum(len(self.contested[region]) for region in containers) + len(self.rebuilt.regions) // 10
        if self.spent > _PATIENCE:
            return -1
        for region in containers:
            self._arrange(region, name)
        return judge()

    def _arrange(self, region: MemoryRegion, name: str | None) -> None:
        if self.chosen.get(region) == name:
            return
        children = self.contested[region]
        if name is None:
            self.chosen.pop(region, None)
        else:
            self.chosen[region] = name
            children = _ordered(children, ORDERS[name])
        place_children(self.rebuilt.core, region, list(children))


def _rank(result: int | None) -> float:
    return float("inf") if result is None else result


def _ordered(children: tuple[MemoryRegion, ...], order: Order) -> tuple[MemoryRegion, ...]:
    """`children` in `order`, but those at one address as before: they are printed in their true order."""
    ranked = sorted(children, key=order)
    alike: dict[tuple[int, int], list[MemoryRegion]] = {}
    for child in reversed(children):
        alike.setdefault((child.priority, child.addr), []).append(child)
    return tuple(alike[child.priority, child.addr].pop() for child in ranked)


def has_rivals(children: Sequence[MemoryRegion]) -> bool:
    """Whether two enabled children of one priority, at different addresses, overlap."""
    spans = sorted((child.priority, child.addr, child.addr + child.size) for child in children if child.enabled)
    priority, addr, reach, reach_before = None, -1, 0, 0
    for span in spans:
        if span[0] != priority:
            priority, addr, reach, reach_before = span[0], span[1], 0, 0
        elif span[1] != addr:
            addr, reach_before = span[1], reach
        if span[1] < reach_before:
            return True
        reach = max(reach, span[2])
    return False


def reachable(root: MemoryRegion) -> list[MemoryRegion]:
    """`root` and every enabled region that it shows, each once."""
    found = {root: None}
    stack = [root]
    while stack:
        region = stack.pop()
        shown = [region.alias] if region.alias is not None else region.subregions
        for one in shown:
            if one.enabled and one not in found:
                found[one] = None
                stack.append(one)
    return list(found)


def rivals_at(root: MemoryRegion, address: int, wanted: str) -> tuple[MemoryRegion, MemoryRegion] | None:
    """Siblings of one priority that both reach `address`, the second of which shows a region named `wanted`.

    None where no order of siblings can put that region there.
    """
    stack: list[tuple[MemoryRegion, int, _Trail | None]] = [(root, root.addr, None)]
    for _ in range(_MOST_STEPS):
        if not stack:
            break
        region, base, trail = stack.pop()
        if trail is not None and trail.depth > _DEEPEST:
            continue
        if region.name == wanted and region.terminates:
            while trail is not None:
                if trail.rival is not None:
                    return trail.rival, trail.child
                trail = trail.above
            continue
        if region.alias is not None:
            if region.alias.enabled:
                stack.append((region.alias, base - region.alias_offset, _Trail(region, None, trail)))
            continue
        here = [
            child
            for child in region.subregions
            if child.enabled and base + child.addr <= address < base + child.addr + child.size
        ]
        for child in here[:_DEEPEST]:
            equals = [one for one in here if one.priority == child.priority and one.addr != child.addr]
            stack.append((child, base + child.addr, _Trail(child, equals[0] if equals else None, trail)))
    return None


_MOST_STEPS = 10_000
_DEEPEST = 100


class _Trail:
    """How one came to a region: through `child`, which has a `rival` of its priority there, from `above`."""

    __slots__ = ("above", "child", "depth", "rival")

    def __init__(self, child: MemoryRegion, rival: MemoryRegion | None, above: _Trail | None) -> None:
        self.child = child
        self.rival = rival
        self.above = above
        self.depth: int = above.depth + 1 if above else 0
