"""Which overlapping siblings a difference is about: those whose other order would show what is wanted."""

from __future__ import annotations

from footprint.memory.region import MemoryRegion

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
            equals = [other for other in here if other.priority == child.priority and other.addr != child.addr]
            stack.append((child, base + child.addr, _Trail(child, equals[0] if equals else None, trail)))
    return None
