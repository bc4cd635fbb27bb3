"""The protocol: warm up until it settles, measure in windows of blocks, go on while in doubt, then say where."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from footprint.attribution.growth import RARE_EVENTS, rarest
from footprint.errors import MeasurementError
from footprint.leaks.measurement import Measurement
from footprint.leaks.pace import Pace
from footprint.leaks.page_words import page_reason
from footprint.leaks.plan import Plan
from footprint.leaks.retained import retained
from footprint.leaks.so_far import so_far_text, time_over
from footprint.leaks.subject import Subject
from footprint.leaks.supervisor import TIME, Ended, Limits
from footprint.leaks.warm_up import WarmUp
from footprint.progress import Progress
from footprint.verdict.foresight import power
from footprint.verdict.page_cost import is_costly
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict
from footprint.verdict.windows import FLOORS, PAGES, Evidence

EXPLAINED, MOST_EXPLAINED, EXPLAINED_SECONDS = 40, 2000, 0.05
"""Cycles whose leak is traced to its places, and what so many may take while they are not traced."""
STEPWISE = "it grows in ever larger steps, as a table that doubles; such steps are too rare to be traced to a place"
EXPLAINING = 14
"""How often so many are run for it."""
RARE_SHARE = 0.5
"""Of the time that is left, what tracing may take where cycles are slow and few of them leave anything."""
TOO_RARE = "the cycles that were traced left nothing: it happens too rarely for cycles that take so long"


class Trial:
    """Measures `subject` beside `empty`, within `limits`."""

    def __init__(
        self, target: str, subject: Subject, empty: Subject, limits: Limits, plan: Plan, progress: Progress
    ) -> None:
        def say(words: str) -> None:
            progress(f"{target}: {words}")

        self._target, self._plan, self._say = target, plan, say
        self._pace = Pace(subject, empty, limits)
        self._warm_up = WarmUp(self._pace, say)
        self._measurement = Measurement(self._pace, self._warm_up, plan, say)

    def verdict(self) -> Verdict:
        """Measure, and answer. Whatever the target does to itself is part of the answer."""
        started, evidence = time.monotonic(), self._measurement.evidence
        ended, reason, kept = "", "", []
        try:
            self._warm_up.run()
            reason = self._measurement.run()
            kept = retained(self._pace) if not evidence.leaking and not reason else []
        except Ended as error:
            seen = evidence.so_far
            if error.how == TIME:
                reason = time_over(self._pace.cycles, seen)
            else:
                ended = str(error)
                reason = f"{ended}; {so_far_text(seen)}" if seen else ended
        if noisy := evidence.grows_when_empty:
            raise MeasurementError(f"the empty target grows too ({noisy[0]}), so nothing can be told on this system")
        rates, leaking = evidence.rates, evidence.leaking
        agreeing = evidence.agreeing if leaking else ()
        findings = [Finding(FindingKind.LEAK, name, rates[name]) for name in (*leaking, *agreeing)]
        costly = is_costly(evidence)
        if costly:
            findings.sort(key=lambda finding: finding.metric != PAGES)
        asked = not leaking or costly or not {PAGES, "vm.bytes"}.isdisjoint(leaking)
        foreign = self._pace.subject.allocators() if asked else []
        verdict = Verdict(
            target=self._target,
            verdict=Answer.LEAK if leaking else Answer.INCONCLUSIVE if ended or reason else Answer.CLEAN,
            cycles=self._measurement.cycles,
            findings=(*findings, *kept),
            what=self._pace.subject.what,
            warmup=self._warm_up.cycles,
            reason="" if leaking else reason,
            ended=ended,
            rates=rates,
            hints=tuple(filter(None, (page_reason(evidence, foreign), STEPWISE if evidence.in_steps else ""))),
            power=_power(evidence, foreign) if not leaking and not ended and not reason else {},
            readings=evidence.readings,
        )
        if leaking and not ended and self._plan.where and not evidence.in_steps:
            verdict = self._explained(verdict)
        return replace(verdict, seconds=time.monotonic() - started)

    def _explained(self, verdict: Verdict) -> Verdict:
        """`verdict` with the places of each finding, as far as they could be traced in the time that is left."""
        self._say("tracing where")
        rates = {
            finding.metric: finding.slope.per_cycle for finding in verdict.leaks if finding.metric in (*FLOORS, PAGES)
        }
        # What is left in few of the cycles must be left about as often while it is traced.
        share, seconds = rarest(rates), max(self._pace.cycle_seconds, 1e-6)
        rare = min(RARE_EVENTS / share, RARE_SHARE * self._pace.limits.left / EXPLAINING / seconds)
        fits = min(
            self._pace.room(EXPLAINING), EXPLAINED / share, MOST_EXPLAINED, max(EXPLAINED_SECONDS / seconds, rare)
        )
        try:
            explanation = self._pace.subject.explain(max(1, int(fits)), rates)
            if not explanation.places and not explanation.hints and share * fits < RARE_EVENTS:
                explanation = explanation.with_hints(TOO_RARE)
            return verdict.explained(explanation)
        except Ended as error:
            hint = str(error) if error.how == TIME else f"tracing where it leaks ended it: {error}"
            return replace(verdict, hints=(*verdict.hints, hint))


def _power(evidence: Evidence, foreign: Sequence[str]) -> dict[str, float]:
    """What a clean target would have shown: of another allocator's heap only its pages."""
    return {name: rate for name, rate in power(evidence).items() if not (foreign and name == "heap.bytes")}
