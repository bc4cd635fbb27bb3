"""What is to come of what was seen: when doubt ends, and what a clean answer is worth."""

from __future__ import annotations

from footprint.verdict.power import visible
from footprint.verdict.trend import Decision
from footprint.verdict.windows import FLOORS, PAGES, PAGES_FLOOR, Evidence

A_PAGE, PAGE_EVENTS, PAGE_MARGIN = 4096.0, 80.0, 3.0
"""What pages and address space grow by, how often in a window at least (only growth in every block is a leak), and how
many times what these very windows would have shown."""


def waits_until(evidence: Evidence) -> float:
    """The cycles that all undecided metrics wait for, whose windows alone are clean; 0 where others are undecided.

    By then what rose is long enough ago, or a staircase's next step overdue.
    """
    until = 0.0
    for name in evidence.undecided:
        past = evidence.past_of(name)
        if past is None or evidence.by_windows(name) != Decision.CLEAN:
            return 0.0
        quiet_at = past.quiet_at(FLOORS[name]) if name not in (PAGES, "vm.bytes") else 0.0
        until = max(until, quiet_at, past.staircase.due)
    return until


def due(evidence: Evidence, name: str) -> tuple[int, float]:
    """After how many cycles `name` last rose in a staircase, and by when it would again; or zeros."""
    past = evidence.past_of(name)
    stairs = past.staircase if past is not None else None
    return (stairs.last, stairs.due) if stairs is not None and stairs.goes_on else (0, 0.0)


def power(evidence: Evidence) -> dict[str, float]:
    """The least growth per cycle of each judged metric that would not have been called clean."""
    return {name: _visible(evidence, name) for name in evidence.judged}


def hides_until(evidence: Evidence) -> float:
    """The cycles from which on no step that was seen hides growth in steps as rare; 0 where none does."""
    pasts = {name: (past, least) for name, least in power(evidence).items() if (past := evidence.past_of(name))}
    loud = [past.staircase for past, least in pasts.values() if past.staircase.hidden >= least]
    return max((stairs.settled_at for stairs in loud), default=0.0)


def _visible(evidence: Evidence, name: str) -> float:
    windows, past = evidence.adjusted(name)[-2:], evidence.past_of(name)
    hidden = past.staircase.hidden if past is not None else 0.0
    tooth = past.tooth(past.rate_of_late()) if past is not None and name != PAGES else None
    hidden = max(hidden, tooth.hidden if tooth is not None else 0.0)
    if name in (PAGES, "vm.bytes"):
        least = visible(windows, FLOORS.get(name, PAGES_FLOOR), A_PAGE, PAGE_EVENTS, PAGE_MARGIN)
    else:
        least = visible(windows, FLOORS[name], 1.0 if "bytes" not in name else 32.0)
    return max(hidden, least)
