"""What is left of a machine that was destroyed: every object by name, with its owner and who holds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from footprint.memory.ledger import Ledger
from footprint.memory.region import MemoryRegion
from footprint.recording.model import Remaining

NAMELESS, MACHINE = "(noname)", "the machine"
MOST_ROWS = 200


def remaining(ledger: Ledger, regions: Iterable[MemoryRegion]) -> tuple[Remaining, ...]:
    """The spaces, views and `regions` that are left under the rule set of `ledger`; alike ones are one row.

    Of more rows than MOST_ROWS the last one counts the rest.
    """
    rows = Counter([*_spaces(ledger), *_views(ledger), *_regions(ledger, regions)])
    shown = [Remaining(kind, name, owner, holder, count) for (kind, name, owner, holder), count in rows.items()]
    if len(shown) > MOST_ROWS:
        rest = sum(row.count for row in shown[MOST_ROWS - 1 :])
        shown[MOST_ROWS - 1 :] = [Remaining("more", "objects of many names", "", "", rest)]
    return tuple(shown)


Row = tuple[str, str, str, str]
"""Kind, name, owner, holder."""


def _spaces(ledger: Ledger) -> Iterator[Row]:
    for space in ledger.spaces:
        yield "address space", space.name, space.owner or MACHINE, "the list of address spaces"


def _views(ledger: Ledger) -> Iterator[Row]:
    users: dict[int, tuple[str, list[str], str]] = {}
    for space in ledger.spaces:
        view = ledger.view(space)
        if view is not None and view.root is not None:
            root, spaces, _ = users.setdefault(id(view), (view.root.name or NAMELESS, [], view.root.owner or MACHINE))
            spaces.append(space.name)
    for root, spaces, owner in users.values():
        more = f" and {len(spaces) - 1} more" if len(spaces) > 1 else ""
        yield "view", f"of {root}", owner, f"address space {spaces[0]}{more}"
    held = ledger.reader.holds
    if held is not None and ledger.reader.is_last:
        yield (
            "view",
            f"of {held.root}",
            held.space.owner or MACHINE,
            f"a reader of {held.space.name} that never drops it",
        )
    if ledger.account.holds_empty_view:
        yield "empty view", "of no region", "QEMU", "a static variable, for ever: no leak"


def _regions(ledger: Ledger, regions: Iterable[MemoryRegion]) -> Iterator[Row]:
    roots = {space.root: space.name for space in ledger.spaces}
    for region in regions:
        if region.container is not None:
            holder = f"container {region.container.name or NAMELESS}"
        elif region in roots:
            holder = f"address space {roots[region]}"
        elif region.referrers:
            holder = f"alias {region.referrers[0].name or NAMELESS}"
        else:
            holder = "its owner only"
        yield "region", region.name or NAMELESS, region.owner or MACHINE, holder
