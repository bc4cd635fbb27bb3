"""How a program that is sent lines shows that it has answered: by a prompt, so many lines, or by falling silent."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from footprint.errors import RequestError

_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>78c]|\x07")
"""What steers a terminal: colours, the cursor, its title, its keypad."""
QEMU_PROMPT = "(qemu) "
_FAILS = (
    (r".*\(qemu\) $", r"^(?:Error: |unknown command: )"),
    (r">>> $", r"^(?:Traceback \(most recent call last\)|\w+Error\b)"),
    (r"sqlite> $", r"^(?:(?:Parse|Runtime) error|Error:)"),
    (r"\(gdb\) $", r"^(?:No symbol |Undefined |A .*error|Function .* not defined|.* not (?:found|running))"),
    (r".*[#$] $", r"^\S*sh: .*"),
)
"""Prompts, and how those who show them tell an error."""
LONGEST_QUOTE = 200
LONGEST_LINE = 1 << 16
"""Of a line that has no end yet, what is looked at for a prompt."""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """When the lines of a cycle are answered: one of `prompt` (a pattern), `lines` and `idle` (seconds), or none.

    Without any it is the prompt that the program shows before its first line, or after its first answer; else the lines
    that it answers the first time. An answer with a line that matches `fails` is an error. A prompt stands where a line
    begins, on stdout or stderr.
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
                compiled = re.compile(pattern)
            except re.error as error:
                raise RequestError(f"{option} {pattern!r} is no regular expression: {error}") from None
            if pattern and compiled.match(""):
                raise RequestError(f"{option} {pattern!r} matches an empty line, so it would always be there")
        return self

    def after_start(self, last: str) -> AnswerRule:
        """The rule, now that it is known what stands in the `last` line of what the program said, without an end."""
        if self.prompt or self.lines or self.idle or not last.strip():
            return self
        known = next((fails for prompt, fails in _FAILS if re.match(prompt, last)), "")
        return replace(self, prompt=re.escape(last), fails=self.fails or known)


class Speech:
    """What a program says on stdout or on stderr after a line was sent, as it comes.

    `lines` are those that have an end, `said` is the last of them.
    """

    def __init__(self, rule: AnswerRule) -> None:
        self._prompt = re.compile(rule.prompt) if rule.prompt else None
        self._fails = re.compile(rule.fails) if rule.fails else None
        self._rest = ""
        self._prompts = self.lines = 0
        self._error = self.said = ""

    def hear(self, text: str) -> None:
        """It said `text`; that may be half a line, or half of what steers a terminal."""
        *lines, self._rest = (self._rest + text).split("\n")
        self.lines += len(lines)
        for line in map(plain, lines):
            number, end = self._leading(line)
            self._prompts += number
            said = line[end:].strip()[:LONGEST_QUOTE]
            self.said = said or self.said
            if self._fails is not None and not self._error and self._fails.search(line[end:]):
                self._error = said

    @property
    def error(self) -> str:
        """The line that `rule` calls an error, or the last after one that only announces it; empty for none."""
        return self.said if self._error.endswith(":") else self._error

    @property
    def last(self) -> str:
        """The line that has no end yet, as a terminal would show it."""
        return plain(self._rest[-LONGEST_LINE:])

    @property
    def prompts(self) -> int:
        """The prompts that it has shown."""
        return self._prompts + self._leading(self.last)[0]

    @property
    def is_waiting(self) -> bool:
        """Whether the last that it shows is a prompt."""
        last = self.last
        number, end = self._leading(last)
        return number > 0 and end == len(last)

    def _leading(self, line: str) -> tuple[int, int]:
        """The prompts with which `line` begins, one after the other, and where they end."""
        number = end = 0
        while self._prompt is not None and (match := self._prompt.match(line, end)) and match.end() > end:
            number, end = number + 1, match.end()
        return number, end


def plain(line: str) -> str:
    """A line as a terminal shows it: without what steers it, and what was written over goes."""
    return _TERMINAL.sub("", line).rstrip("\r").rpartition("\r")[2]
