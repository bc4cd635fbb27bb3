"""The search: the ends are judged first, then what git chooses between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from footprint.bisect.checkout import Checkout, OnlySkippedError
from footprint.bisect.judge import BisectAnswer, Judge, Judgement
from footprint.errors import MeasurementError, RequestError


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first commit at which the gate says no, with what git says about it, and all that was judged on the way."""

    commit: str
    subject: str
    author: str
    date: str
    judged: tuple[Judgement, ...]

    @property
    def reason(self) -> str:
        """The gate's words there."""
        return next(judgement.reason for judgement in self.judged if judgement.commit == self.commit)


def first_bad(
    good: str, bad: str, judge: Judge, tell: Callable[[str], None], say: Callable[[Judgement], None]
) -> FirstBad:
    """The first commit between `good` and `bad` at which the gate of `judge` says no; the checkout stays as it was.

    `tell` hears what is being done, `say` each judgement. Raises RequestError for what cannot be bisected or where the
    gate does not tell the ends apart, MeasurementError where an end cannot be judged or only such commits remain.
    """
    checkout = Checkout(Path(judge.folder))
    ends = {BisectAnswer.GOOD: checkout.commit("--good", good), BisectAnswer.BAD: checkout.commit("--bad", bad)}
    if checkout.is_before(ends[BisectAnswer.BAD], ends[BisectAnswer.GOOD]):
        raise RequestError(f"--bad {bad} is not after --good {good}: exchange them, or name a later one")
    judged: list[Judgement] = []

    def judgement_of(commit: str) -> Judgement:
        tell(f"bisect: {commit[:12]}, the {len(judged) + 1}. commit")
        judgement = judge.judge(commit)
        judged.append(judgement)
        say(judgement)
        return judgement

    with checkout.bisected():
        for expected, commit in ends.items():
            checkout.check_out(commit)
            _check_end(expected, judgement_of(commit))
        result = checkout.mark("bad", ends[BisectAnswer.BAD]) or checkout.mark("good", ends[BisectAnswer.GOOD])
        while result is None:
            judgement = judgement_of(checkout.head)
            result = checkout.mark(judgement.answer, judgement.commit)
        return FirstBad(result, **checkout.about(result), judged=tuple(judged))


def _check_end(expected: BisectAnswer, judgement: Judgement) -> None:
    """Raise where an end of the range is not what it was said to be."""
    if judgement.answer is BisectAnswer.SKIP:
        raise MeasurementError(f"the {expected} commit {judgement.commit[:12]} cannot be judged: {judgement.reason}")
    if judgement.answer is not expected:
        raise RequestError(
            f"the gate calls the {expected} commit {judgement.commit[:12]} {judgement.answer}: {judgement.reason}"
        )


__all__ = ["FirstBad", "OnlySkippedError", "first_bad"]
