"""Two growths side by side: how many times more the second costs, and from which n on that matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from footprint.errors import RequestError
from footprint.recording.sweep import Fit, Sweep

MATTERS = 0.1
"""A difference matters when it is more than this part of the first."""
_MOST_SCANNED = 100_000


@dataclass(frozen=True, slots=True)
class GrowthPair:
    """One metric's growth in two sweeps, or under two rule sets of one.

    `matters_from` is the least n, within the data of both, from which on the second differs by more than MATTERS up
    to the end of the data; None where it does not at the end. `is_exact`: both laws are, so that no value of n was
    left out; otherwise only those n that were played were looked at.
    """

    metric: str
    over: str
    at: dict[str, Any]
    first: Fit
    second: Fit
    ratio_from: float
    ratio_to: float
    matters_from: float | None
    is_exact: bool


def compare_growth(pairs: Sequence[tuple[Fit, Fit]]) -> list[GrowthPair]:
    """Each pair of fits compared; raises RequestError for pairs that have no n in common."""
    compared = [row for row in (_compared(*pair) for pair in pairs) if row is not None]
    if not compared:
        raise RequestError("the two have no value of an axis in common")
    return compared


def pairs_between(first: Sweep, second: Sweep, rules: tuple[str, str] | None) -> list[tuple[Fit, Fit]]:
    """Fits of the same metric over the same axis: under `rules` of each, or under the rule sets that both have.

    Two sweeps of one rule set each are a pair, whatever its name: two QEMUs are named by their versions.
    """
    if rules is None and len(first.rules) == len(second.rules) == 1:
        rules = (first.rules[0], second.rules[0])
    found = {(fit.metric, fit.over, fit.rules, _others(fit)): fit for fit in second.fits}
    pairs = []
    for fit in first.fits:
        if rules is not None and fit.rules != rules[0]:
            continue
        name = fit.rules if rules is None else rules[1]
        other = found.get((fit.metric, fit.over, name, _others(fit)))
        if other is not None:
            pairs.append((fit, other))
    if not pairs:
        raise RequestError(
            f"nothing to compare: the first has {', '.join(first.rules) or 'no rule sets'}, the second "
            f"{', '.join(second.rules) or 'none'}, and no law of the same metric over the same axis; name one of each "
            "with --rules-a and --rules-b"
        )
    return pairs


def _others(fit: Fit) -> tuple[tuple[str, Any], ...]:
    """The values of the other axes, but for the binary: that may be what is compared."""
    return tuple((name, value) for name, value in fit.at.items() if name != "qemu")


def _compared(first: Fit, second: Fit) -> GrowthPair | None:
    ours, theirs = dict(first.points), dict(second.points)
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        return None
    exact = first.sure == second.sure == "exact"
    ends = common[0], common[-1]
    if exact and ends[1] - ends[0] <= _MOST_SCANNED:
        scanned = [float(n) for n in range(int(ends[0]), int(ends[1]) + 1)]
        values = [(n, first.value(n), second.value(n)) for n in scanned]
    else:
        exact = False
        values = [(n, float(ours[n]), float(theirs[n])) for n in common]
    start: float | None = None
    for n, mine, other in reversed(values):
        if abs(other - mine) <= MATTERS * abs(mine):
            break
        start = n
    return GrowthPair(
        first.metric, first.over, first.at, first, second, _ratio(values[0]), _ratio(values[-1]), start, exact
    )


def _ratio(value: tuple[float, float, float]) -> float:
    _, mine, other = value
    return other / mine if mine else 1.0 if not other else float("inf")
