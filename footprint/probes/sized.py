"""The sized probe: how large pympler finds the living views, walking what they refer to.

Regions are left out: they belong to the machine, not to the views.
"""

from __future__ import annotations

from footprint.memory.ledger import Ledger
from footprint.memory.region import MemoryRegion


class SizedProbe:
    """Walks objects; slow, and allocates as it goes, so it has a child process of its own."""

    name = "sized"
    intrusive = True
    what = "size of the living views, as pympler walks them"

    def read(self, ledger: Ledger) -> dict[str, int]:
        """``sized.bytes``, and of it the range lists, the section lists and the radix tables."""
        from pympler.asizeof import Asizer

        views = ledger.views()
        dispatches = [view.dispatch for view in views if view.dispatch is not None]
        maps = [dispatch.map for dispatch in dispatches if dispatch.map is not None]
        sizer = Asizer()
        sizer.exclude_types(MemoryRegion)
        nodes = sum(int(tree.nodes.nbytes) for tree in maps)
        ranges = int(sizer.asizeof(*[view.ranges for view in views])) if views else 0
        sections = int(sizer.asizeof(*[dispatch.sections for dispatch in dispatches])) if dispatches else 0
        rest = int(sizer.asizeof(*views)) if views else 0
        return {
            "sized.bytes": ranges + sections + rest,
            "sized.flat_ranges": ranges,
            "sized.sections": sections,
            "sized.nodes": nodes,
        }
