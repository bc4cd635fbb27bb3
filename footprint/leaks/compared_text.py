"""A target measured here and there, in words: the answer first, then both rates, then the places."""

from __future__ import annotations

from collections.abc import Iterator

from footprint.leaks.verdict_text import amount, amount_of, block, first_told, places, working
from footprint.verdict.compared import COARSE, Compared, ComparedOutcome, RateChange
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Verdict

_COMPARED = {
    ComparedOutcome.MORE_HERE: "more",
    ComparedOutcome.LESS_HERE: "less",
    ComparedOutcome.DIFFERENT: "not the same",
}


def compared_answer(compared: Compared) -> str:
    """The answer in one sentence, without the target: ``leaks in 1.0 (24 B and 1 block a cycle), not in 1.1``."""
    here, there, outcome = compared.here_name, compared.there_name, compared.outcome
    if outcome == ComparedOutcome.NEITHER:
        return f"leaks in neither {here} nor {there}"
    if outcome == ComparedOutcome.ONLY_HERE:
        return f"leaks in {here} ({rates_text(compared.here)}), not in {there}"
    if outcome == ComparedOutcome.ONLY_THERE:
        return f"leaks in {there} ({rates_text(compared.there)}), not in {here}"
    if outcome == ComparedOutcome.SAME:
        return f"leaks in both {here} and {there}, the same: {rates_text(compared.here)}"
    if outcome == ComparedOutcome.UNKNOWN:
        said = [_alone(compared.here, here), _alone(compared.there, there)]
        return f"cannot be compared: {'; '.join(sorted(said, key=lambda text: 'cannot be told' not in text))}"
    how = _COMPARED[outcome]
    return f"leaks in both, {how} in {here}: {rates_text(compared.here)}; in {there} {rates_text(compared.there)}"


def rates_text(verdict: Verdict) -> str:
    """The two figures that tell most of a leak: ``24 B and 1 block a cycle``."""
    first = first_told(verdict.leaks)
    if first is None:
        return "nothing"
    fine = [finding for finding in verdict.leaks if finding.metric not in (first.metric, "gc.objects", *COARSE)]
    chosen = [first] if first.metric in COARSE else [first, *fine[:1]]
    # Blocks of Python do not take their bytes of the heap.
    has_others = any(finding.metric == "heap.blocks" for finding in fine)
    said = amount_of if first.metric == "python.blocks" and has_others else amount
    return f"{' and '.join(said(each.metric, each.slope.per_cycle) for each in chosen)} a cycle"


def _alone(verdict: Verdict, name: str) -> str:
    if verdict.verdict == Answer.LEAK:
        return f"it leaks in {name} ({rates_text(verdict)})"
    if verdict.verdict == Answer.CLEAN:
        return f"it is clean in {name}"
    if verdict.verdict == Answer.CRASH:
        return f"{name} {verdict.reason}"
    return f"in {name} it cannot be told, {verdict.reason or verdict.ended}"


def compared_told(compared: Compared) -> Iterator[str]:
    """The lines: the answer, the rates beside each other, the places of each, and how it was measured."""
    yield f"{compared_answer(compared)}: {compared.here.target}"
    yield from block("", _table(compared))
    sides = ((compared.here_name, compared.here), (compared.there_name, compared.there))
    for name, verdict in sides:
        yield from block(f"where in {name}", places(verdict.leaks, " (--json)"))
    yield ""
    for name, verdict in sides:
        yield from (f"  {name}: {line}" for line in working(verdict))


def _table(compared: Compared) -> Iterator[str]:
    changes = compared.changes
    if not changes:
        return
    rows = [("per cycle", compared.here_name, compared.there_name, "")]
    rows += [(each.metric, _rate_text(each, each.here), _rate_text(each, each.there), _word(each)) for each in changes]
    first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
    for metric, here, there, word in rows:
        yield f"{metric:<{first}}  {here:>{second}}  {there:>{third}}  {word}".rstrip()


def _rate_text(change: RateChange, slope: Slope | None) -> str:
    """A rate; what an interval that holds 0 says is no growth."""
    if slope is None:
        return "not told"
    return "0" if slope.low <= 0 <= slope.high else amount(change.metric, slope.per_cycle)


def _word(change: RateChange) -> str:
    return "the same" if change.outcome == ComparedOutcome.SAME else ""
