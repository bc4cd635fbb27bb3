"""Whether a leak costs far more pages than what is counted of it explains."""

from __future__ import annotations

from footprint.verdict.windows import EXACT, PAGES, Evidence

COSTLY, COSTLY_BYTES, A_BLOCK = 4.0, 1024.0, 256.0
"""Times what heap and Python's blocks explain, and bytes per cycle, from which the pages are the true cost of a leak;
and the bytes of a block of Python that are thought of for it: half of the largest of Python's own allocator."""


def is_costly(evidence: Evidence) -> bool:
    """Whether pages rise far more than heap, blocks and mappings explain."""
    leaking = evidence.leaking
    if not evidence.reads(PAGES) or any(name in leaking for name in ("maps", *EXACT)):
        return False
    if "vm.bytes" in leaking and not {"heap.bytes", "python.blocks"} & set(leaking):
        return False  # address space says as much as its pages do
    heap, blocks = (
        max(0.0, evidence.rate(name).per_cycle) if evidence.reads(name) else 0.0
        for name in ("heap.bytes", "python.blocks")
    )
    return PAGES in evidence.agreeing and evidence.rate(PAGES).low > max(
        COSTLY * (heap + A_BLOCK * blocks), COSTLY_BYTES
    )
