"""The traced probe: what tracemalloc saw allocated, numpy's arrays apart.

It slows the whole process down and takes memory itself, so it has a child process of its own, in which
all living views are built for it.
"""

from __future__ import annotations

import gc
import tracemalloc

from footprint.memory.flatview import FlatView
from footprint.memory.ledger import Ledger


class TracedProbe:
    """Traces from the moment it is made. Heavy modules must be imported before, or they are traced too."""

    name = "traced"
    intrusive = True
    what = "allocations as tracemalloc saw them, numpy's arrays apart"

    def __init__(self) -> None:
        import numpy as np

        self._domain: int = np.lib.tracemalloc_domain
        self._views: list[FlatView] = []
        tracemalloc.start()
        self._before = tracemalloc.get_traced_memory()[0]

    def read(self, ledger: Ledger) -> dict[str, int]:
        """``traced.bytes`` and ``.peak`` since the start, and ``traced.numpy`` of it, views built and held."""
        self._views = ledger.views()
        gc.collect()
        now, peak = tracemalloc.get_traced_memory()
        snapshot = tracemalloc.take_snapshot()
        arrays = snapshot.filter_traces([tracemalloc.DomainFilter(True, self._domain)])
        return {
            "traced.bytes": now - self._before,
            "traced.peak": peak - self._before,
            "traced.numpy": sum(trace.size for trace in arrays.traces),
        }
