"""Why pages rise that the heap does not explain, as far as it can be told."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.leaks.verdict_text import amount
from footprint.verdict.page_cost import is_costly
from footprint.verdict.windows import EXACT, PAGES, Evidence


def page_reason(evidence: Evidence, allocators: Sequence[str]) -> str:
    """One sentence about pages that leak, or that cost far more than the heap says; else nothing."""
    leaking = evidence.leaking
    past_malloc = "vm.bytes" in leaking and not {"heap.bytes", "python.blocks", "maps", *EXACT} & set(leaking)
    if PAGES in leaking or (past_malloc and allocators):
        who = f"{' and '.join(allocators)}, which takes its memory itself" if allocators else (
            "an allocator of its own, an arena, or memory that was mapped before and is used for the first time"
        )  # fmt: skip
        return f"pages rise while glibc's heap and Python's blocks do not: it is {who}"
    if not is_costly(evidence):
        names = " and ".join(allocators)
        return f"what {names} holds is seen in pages, not in glibc's heap" if allocators and not leaking else ""
    known = [name for name in ("heap.bytes", "python.blocks") if name in leaking]
    left = " and ".join(amount(name, evidence.rate(name).per_cycle) for name in known) or "nothing that is counted"
    pages = amount(PAGES, evidence.rate(PAGES).per_cycle)
    who = f"; {' and '.join(allocators)} takes memory that is not counted" if allocators else (
        "; what is left pins pages whose other blocks were freed, or memory is taken past malloc"
    )  # fmt: skip
    return f"the true cost is {pages} of pages a cycle, for {left}{who}"
