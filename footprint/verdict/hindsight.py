"""What all readings since the process began say of a number, where its last windows have said something."""

from __future__ import annotations

from footprint.verdict.past import BEYOND, Past
from footprint.verdict.trend import Decision


def with_past(decision: Decision, past: Past, floor: float, *, is_exact: bool, rate: float, start: float) -> Decision:
    """The decision of the windows, where what came before does not say otherwise.

    The last window grew at `rate`, the one before it began at `start`; `is_exact`: only the target changes it.
    """
    if is_exact and past.rises_exactly():
        return Decision.LEAK
    if decision == Decision.CLEAN:
        return with_stairs(Decision.MORE if past.grew_late(floor) else Decision.CLEAN, past, floor)
    tooth = past.tooth(rate)
    if tooth is not None:
        beyond = tooth.foot + BEYOND * (tooth.top - tooth.foot)
        if past.values[-1] <= beyond:
            return Decision.CLEAN if tooth.is_back else Decision.MORE
        return decision if start >= beyond else Decision.MORE
    return Decision.LEAK if past.grows_by_doublings(floor) else with_stairs(decision, past, floor)


def with_stairs(decision: Decision, past: Past | None, floor: float, least: float = 0.0, fewest: int = 2) -> Decision:
    """The decision, where no staircase of more than `floor` a cycle goes on.

    It must have `fewest` steps, and a last one of `least`.
    """
    if past is None or decision == Decision.LEAK:
        return decision
    stairs = past.staircase
    if not stairs.goes_on or stairs.rates[0] <= floor or stairs.height < least or stairs.steps < fewest:
        return decision
    return Decision.LEAK if stairs.leaks else Decision.MORE


def unless_full(said: Decision, by_windows: Decision, past: Past, content: Past) -> Decision:
    """What was `said`; but steps say less than that where the table that takes them is full of its `content`.

    Then they are no leak by themselves, and none is waited for where the windows are clean.
    """
    by_steps = (said == Decision.LEAK != by_windows) or (said == Decision.MORE and by_windows == Decision.CLEAN)
    if not by_steps or not past.is_full(content):
        return said
    return Decision.MORE if said == Decision.LEAK else Decision.CLEAN


def rate_so_far(past: Past, floor: float) -> float:
    """What it grew by per cycle in the last half of all cycles, else in a staircase that goes on; 0 without growth."""
    if past.grew_late(floor) or past.rises_always:
        return past.rate_of_late()
    stairs = past.staircase
    return stairs.rates[0] if stairs.goes_on else 0.0
