"""Sends a program its lines, and waits until each is answered.

A line that is answered by a prompt is sent when the one before it is answered; other lines of a cycle are sent at once.
"""

from __future__ import annotations

import os
import select
import time
from contextlib import suppress

from footprint.leaks.line_answer import AnswerRule, Speech
from footprint.leaks.supervisor import Ended, Limits, Supervisor
from footprint.process.session import Activity

BUFFERED = "a program that buffers its output needs: stdbuf -oL; one that answers nothing: --idle 0.05"
QUIET, MOST_GREETING = 0.2, 10.0
"""Seconds of silence that end a greeting or a first answer, and the most that are waited for a greeting."""
POLL_MS, QUIET_POLL_MS = 50, 10
LONGEST_QUOTE = 60


class LineTalk:
    """The talk with a program, which reads its lines from the pipe `lines`; `out` and `words` are what it says.

    `rule` says when a line is answered, `limits` what an answer may take; `supervisor` watches the program.
    """

    def __init__(
        self, lines: int, out: int, words: int, rule: AnswerRule, limits: Limits, supervisor: Supervisor
    ) -> None:  # fmt: skip
        self.rule, self._lines, self._limits, self._supervisor = rule, lines, limits, supervisor
        self._sources = {out: "out", words: "err"}
        self._activity = Activity(supervisor.pid)
        self._is_learning = not (rule.lines or rule.idle)
        self._usual: dict[int, int] = {}
        self._poller = select.poll()
        for descriptor in self._sources:
            os.set_blocking(descriptor, False)
            self._poller.register(descriptor, select.POLLIN)

    def begin(self) -> None:
        """Hear what it says before its first line: most say nothing, some a prompt."""
        answer, heard = self._fresh(), time.monotonic()
        end = heard + min(MOST_GREETING, max(0.0, self._limits.left))
        while (now := time.monotonic()) < end and not (now - heard > QUIET and self._is_greeted(answer)):
            if self._hear(answer, QUIET_POLL_MS) or self._activity.is_at_work():
                heard = now
            elif not self._supervisor.is_alive:
                return
        self._learn_prompt(answer)

    def give(self, text: str, when: str) -> None:
        """The lines of a cycle, each answered; raises Ended for one that is gone, silent, too large, or refuses."""
        parts = text.split("\n") if self.rule.prompt else [text]
        for number, part in enumerate(parts):
            self._drain()
            try:
                os.write(self._lines, f"{part}\n".encode())
            except OSError:
                raise self._supervisor.died(when) from None
            self._await(number, part.count("\n") + 1, when)
        self._is_learning = False

    def _await(self, number: int, sent: int, when: str) -> None:
        """The answer to the part `number` of a cycle, of so many lines."""
        answer, heard, line = self._fresh(), time.monotonic(), when.replace("in cycle", "line")
        seconds = min(max(self._limits.cycle_seconds, 3 * self.rule.idle), max(0.1, self._limits.left))
        end = heard + seconds
        while not self._is_over(answer, number, sent, (now := time.monotonic()) - heard):
            if now > end:
                raise Ended("hung", f"it does not answer {line} within {seconds:.0f} s{self._silence(answer)}")
            if self._hear(answer, QUIET_POLL_MS if self._is_learning or self.rule.idle else POLL_MS):
                heard = time.monotonic()
                continue
            if now - heard > QUIET:
                self._refuse(answer, when)
            if not self._supervisor.is_alive:
                raise self._supervisor.died(when)
            self._supervisor.weigh(when, self._limits.memory)
            if self._activity.is_at_work():
                heard = time.monotonic()
        self._refuse(answer, when)
        counted = self._counted(answer)
        self._usual[number] = counted if self._is_learning else min(counted, self._usual.get(number, counted))

    def _is_over(self, answer: dict[str, Speech], number: int, sent: int, quiet: float) -> bool:
        """Whether it has answered; it has been `quiet` for so many seconds."""
        if self.rule.idle:
            return quiet >= self.rule.idle
        if self.rule.lines:
            return answer["out"].lines >= self.rule.lines
        counted = self._counted(answer)
        is_there = any(speech.is_waiting for speech in answer.values()) if self.rule.prompt else counted >= sent
        if not self._is_learning and is_there and counted >= self._usual.get(number, sent):
            return True
        is_silent = quiet >= QUIET
        if is_silent and not is_there and self._is_learning and not self.rule.prompt:
            # Some show their prompt only when they have answered something.
            self._learn_prompt(answer)
            return bool(self.rule.prompt)
        return is_silent and is_there

    def _counted(self, answer: dict[str, Speech]) -> int:
        if self.rule.prompt:
            return max(1, *(speech.prompts for speech in answer.values()))
        return answer["out"].lines

    def _refuse(self, answer: dict[str, Speech], when: str) -> None:
        if error := next((speech.error for speech in answer.values() if speech.error), ""):
            raise Ended("refused", f"it answers with an error {when}: {error}")

    def _is_greeted(self, answer: dict[str, Speech]) -> bool:
        """Whether the prompt that was asked for is there."""
        return not self.rule.prompt or any(speech.is_waiting for speech in answer.values())

    def _learn_prompt(self, answer: dict[str, Speech]) -> None:
        for speech in answer.values():
            self.rule = self.rule.after_start(speech.last)

    def _silence(self, answer: dict[str, Speech]) -> str:
        """What it said instead of an answer, and what may help."""
        if last := next((speech.last for speech in answer.values() if speech.last.strip()), ""):
            return f", and shows {last[-LONGEST_QUOTE:]!r}; --prompt REGEX says what it shows when it is ready"
        said = next((speech.said for speech in answer.values() if speech.said), "")
        return (f", and says {said[:LONGEST_QUOTE]!r}" if said else "") + f"; {BUFFERED}"

    def _fresh(self) -> dict[str, Speech]:
        return {"out": Speech(self.rule), "err": Speech(self.rule)}

    def _hear(self, answer: dict[str, Speech], wait: int) -> bool:
        """Take what is there after at most so many milliseconds; whether something was."""
        heard = False
        for descriptor, _ in self._poller.poll(wait):
            with suppress(BlockingIOError):
                chunk = os.read(descriptor, 1 << 16)
                if not chunk:
                    self._poller.unregister(descriptor)
                    continue
                heard = True
                answer[self._sources[descriptor]].hear(chunk.decode(errors="replace"))
        return heard

    def _drain(self) -> None:
        """What it said beyond its last answer."""
        while self._hear(self._fresh(), 0):
            pass
