"""How a program that is sent lines shows that it has answered: by a prompt, so many lines, or by falling silent."""

from __future__ import annotations

import re
from dataclasses import dataclass

from footprint.errors import RequestError

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
QEMU_PROMPT = "(qemu) "
QEMU_FAILS = r"(?m)^(?:Error: |unknown command: )"
LONGEST_ERROR = 200


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """When the lines of a cycle are answered: one of `prompt` (a pattern), `lines` and `idle` (seconds), or none.

    Without any it is the prompt that the program showed before its first line, else a line for each that was sent.
    An answer that matches `fails` is an error.
    """

    prompt: str = ""
    lines: int = 0
    idle: float = 0.0
    fails: str = ""

    def checked(self) -> AnswerRule:
        """Itself; raises RequestError for more than one rule, or for a pattern that is none."""
        options = {"--prompt": self.prompt, "--answer-lines": self.lines, "--idle": self.idle}
        given = [option for option, value in options.items() if value]
        if len(given) > 1:
            raise RequestError(f"{' and '.join(given)} are two ways to know an answer; give one")
        for option, pattern in (("--prompt", self.prompt), ("--fails", self.fails)):
            try:
                re.compile(pattern)
            except re.error as error:
                raise RequestError(f"{option} {pattern!r} is no regular expression: {error}") from None
        return self

    def after_start(self, said: str) -> AnswerRule:
        """The rule, now that it is known what the program `said` before its first line."""
        last = plain(said).rpartition("\n")[2]
        if self.prompt or self.lines or self.idle or not last.strip():
            return self
        fails = self.fails or (QEMU_FAILS if last.endswith(QEMU_PROMPT) else "")
        return AnswerRule(prompt=re.escape(last), fails=fails)

    def is_answered(self, said: str, sent: int, quiet: float) -> bool:
        """Whether `sent` lines are answered by what was `said` since; it has been `quiet` for so many seconds."""
        if self.prompt:
            return len(re.findall(rf"(?m)^(?:{self.prompt})", plain(said))) >= sent
        if self.idle:
            return quiet >= self.idle
        return said.count("\n") >= (self.lines or sent)

    def error_in(self, said: str) -> str:
        """The line of the answer that says that it is an error; empty for none."""
        if not self.fails or not (match := re.search(self.fails, text := plain(said))):
            return ""
        start = text.rfind("\n", 0, match.start() + 1) + 1
        return text[start:].partition("\n")[0].strip()[:LONGEST_ERROR]


def plain(text: str) -> str:
    """Without what steers a terminal."""
    return _TERMINAL.sub("", text)
