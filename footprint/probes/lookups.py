"""The lookups probe: how many radix nodes a lookup reads, over three streams of addresses.

The streams are the same on every machine, so what is read is exact; only the time of a lookup is measured, and it is
that of the model's own Python, which reads the same nodes as QEMU's C.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from random import Random

from footprint.memory.flatview import FlatView
from footprint.memory.ledger import Ledger
from footprint.memory.radix import PhysPageMap
from footprint.recording.model import Number

LOOKUPS = 1000
"""Lookups of each stream in each view."""
TIMED = 2000
"""Lookups whose time is taken, over all views."""
HOT = 0.9
"""The part of the hot stream that goes to one range."""

Stream = Callable[[Sequence[tuple[int, int]], Random], int]
"""Gives the next page, from the ranges of a view as pages [first, last]."""


def any_range(spans: Sequence[tuple[int, int]], random: Random) -> int:
    """A page of some range; every range is as likely as every other."""
    first, last = spans[int(random.random() * len(spans))]
    return first + int(random.random() * (last - first + 1))


def any_page(spans: Sequence[tuple[int, int]], random: Random) -> int:
    """Some page that is shown; every page is as likely as every other, so most are of RAM."""
    place = int(random.random() * sum(last - first + 1 for first, last in spans))
    for first, last in spans:
        if place <= last - first:
            return first + place
        place -= last - first + 1
    return spans[-1][1]


def hot_spot(spans: Sequence[tuple[int, int]], random: Random) -> int:
    """Nine times of ten the first page of the highest range, as a driver that polls a register; else any range."""
    return spans[-1][0] if random.random() < HOT else any_range(spans, random)


STREAMS: dict[str, Stream] = {"ranges": any_range, "uniform": any_page, "hot": hot_spot}


class LookupProbe:
    """Looks addresses up in every living view that has a tree; builds the views for it."""

    name = "lookups"
    intrusive = False
    what = "nodes read by lookups in the radix trees, exact, and the time of a lookup"

    def read(self, ledger: Ledger) -> dict[str, Number]:
        """The reads of each stream over all views, and their 99th percentile; nothing where no view has a tree."""
        trees = [(tree, _spans(view)) for view in ledger.views() if (tree := _tree(view)) is not None]
        if not trees:
            return {}
        metrics: dict[str, Number] = {"lookups": LOOKUPS * len(trees)}
        for name, stream in STREAMS.items():
            metrics |= {f"lookups.{name}.{what}": n for what, n in _reads(trees, stream).items()}
        return {**metrics, "lookups.seconds": _seconds(trees)}


def _tree(view: FlatView) -> PhysPageMap | None:
    return view.dispatch.map if view.dispatch is not None else None


def _spans(view: FlatView) -> list[tuple[int, int]]:
    """The view's ranges as first and last page."""
    assert view.dispatch is not None
    bits = view.dispatch.pages.bits
    return [(item.start >> bits, (item.end - 1) >> bits) for item in view.ranges]


def _pages(spans: Sequence[tuple[int, int]], stream: Stream, count: int) -> list[int]:
    random = Random(0)
    return [stream(spans, random) for _ in range(count)]


def _reads(trees: Sequence[tuple[PhysPageMap, list[tuple[int, int]]]], stream: Stream) -> dict[str, int]:
    import numpy as np

    every = [
        tree.find_all(np.array(_pages(spans, stream, LOOKUPS), dtype=np.uint64))[1].astype(np.int64)
        for tree, spans in trees
    ]
    reads = np.concatenate(every)
    return {"reads": int(reads.sum()), "p99": int(np.percentile(reads, 99, method="inverted_cdf"))}


def _seconds(trees: Sequence[tuple[PhysPageMap, list[tuple[int, int]]]]) -> float:
    """The time of one lookup of the stream ``ranges``, one by one."""
    chosen = trees[:TIMED]
    pages = [_pages(spans, any_range, TIMED // len(chosen) or 1) for _, spans in chosen]
    started = time.perf_counter()
    for (tree, _), wanted in zip(chosen, pages, strict=True):
        for page in wanted:
            tree.find(page)
    return (time.perf_counter() - started) / sum(map(len, pages))
