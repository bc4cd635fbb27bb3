"""What a target was seen to grow by, in a few words, before there is a verdict: for its progress and for its end."""

from __future__ import annotations

from collections.abc import Mapping

from footprint.leaks.verdict_text import amount_of

MOST = 2
"""Metrics that are named."""


def so_far_text(rates: Mapping[str, float]) -> str:
    """``2 blocks and 64 B of heap a cycle so far``; empty where nothing grows."""
    amounts = [amount_of(name, rate) for name, rate in rates.items()][:MOST]
    return f"{' and '.join(amounts)} a cycle so far" if amounts else ""


def time_over(cycles: int, rates: Mapping[str, float], *, is_left: bool = False) -> str:
    """Why nothing can be told any more after so many cycles, and what was seen; some time `is_left`, but too little."""
    ends = "no time for more than" if is_left else "time over after"
    seen = so_far_text(rates)
    return f"{ends} {cycles} cycle{'' if cycles == 1 else 's'}{f'; {seen}' if seen else ', too few to tell'}"
