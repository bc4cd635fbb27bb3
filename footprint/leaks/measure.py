"""From a target's word to its verdict."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from footprint.errors import RequestError
from footprint.leaks.plan import BLOCKS, Plan
from footprint.leaks.subject import python_subject
from footprint.leaks.supervisor import Ended, Limits
from footprint.leaks.target_loader import EMPTY
from footprint.progress import Progress

if TYPE_CHECKING:
    from footprint.leaks.line_answer import AnswerRule
    from footprint.verdict.verdict import Verdict

LEAST = 2 * BLOCKS
"""Cycles that a verdict needs."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure: the `plan`, `seconds` and bytes of `memory` that the target may take, and the `python` for it."""

    plan: Plan = field(default_factory=Plan)
    seconds: float = 60.0
    memory: int = 4 << 30
    python: str = sys.executable

    def checked(self) -> Options:
        """Itself; raises RequestError for what cannot be measured."""
        if self.plan.cycles is not None and self.plan.cycles < LEAST:
            raise RequestError(f"--cycles {self.plan.cycles} are too few to tell; it is a whole number from {LEAST}")
        if not self.plan.metrics:
            return self
        from footprint.verdict.windows import FLOORS

        for name in self.plan.metrics:
            if name not in FLOORS:
                raise RequestError(f"{name!r} cannot decide a verdict; choose from {', '.join(FLOORS)}")
        return self


def measure(word: str, options: Options, say: Progress = lambda _: None) -> Verdict:
    """The verdict on the Python target `word`.

    Raises RequestError for a word that names nothing, and MeasurementError for what is missing here. A target that
    raises, exits, crashes or hangs is a verdict: inconclusive, with how it ended.
    """
    options = options.checked()
    limits = Limits(options.seconds, memory=options.memory)
    say(f"{word}: starting")
    with ExitStack() as opened:
        subject, empty = (
            opened.enter_context(closing(python_subject(name, limits, python=options.python))) for name in (word, EMPTY)
        )
        # Both load meanwhile.
        from footprint.leaks.trial import Trial
        from footprint.verdict.verdict import Answer, Verdict

        try:
            subject.ready()
            empty.ready()
        except Ended as error:
            return Verdict(word, Answer.INCONCLUSIVE, 0, reason=str(error), ended=str(error))
        return Trial(word, subject, empty, limits, options.plan, say).verdict()


def measure_command(
    command: Sequence[str], options: Options, line: str | None, say: Progress, rule: AnswerRule | None = None
) -> Verdict:
    """The verdict on the program `command`, which answers `line` once a cycle, as `rule` has it.

    Raises RequestError for a wrong rule, MeasurementError for what is missing here.
    """
    from footprint.leaks.command import EMPTY as CAT
    from footprint.leaks.command import CommandSubject
    from footprint.leaks.line_answer import AnswerRule
    from footprint.leaks.trial import Trial
    from footprint.leaks.watched_heap import CHANNEL

    options, rule = options.checked(), (rule or AnswerRule()).checked()
    limits = Limits(options.seconds, memory=options.memory)
    word = shlex.join(command)
    with (
        closing(CommandSubject(command, limits, line=line, rule=rule)) as subject,
        closing(CommandSubject(CAT, limits, rule=AnswerRule(lines=1))) as empty,
    ):
        verdict = Trial(word, subject, empty, limits, options.plan, say).verdict()
        channels = {"heap.bytes": CHANNEL} if subject.heap is not None else {}
        return replace(verdict, channels=channels, unwatched=(subject.unwatched,) if subject.unwatched else ())
