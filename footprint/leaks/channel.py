"""The talk with a measured process: requests go, answers come, and whatever ends the process ends it as `Ended`."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from footprint.errors import RequestError
from footprint.leaks.environment import environment
from footprint.leaks.pipe_protocol import ANSWER, REQUEST, ReplyCode, RequestCode
from footprint.leaks.supervisor import Ended, Limits, Supervisor
from footprint.process.child import Child

SECONDS_TO_END = 1
"""What the teardown of a target may take."""


class Channel:
    """Starts `command` + the numbers of its two pipes + `arguments`, which inherits `pass_fds`, and talks with it.

    `limits` may be set anew between two requests. `tells_words`: an `Ended` has the process's last words, too.
    """

    def __init__(
        self, command: Sequence[str], arguments: Sequence[str], limits: Limits, *, pass_fds: Sequence[int] = (),
        tells_words: bool = True,
    ) -> None:  # fmt: skip
        self.program, self.limits, self._tells_words = command[0], limits, tells_words
        self.lost: Ended | None = None
        """How the process was lost, if it was: nothing can be said to it any more."""
        self._early: list[tuple[ReplyCode, str]] = []
        theirs_in, self._requests = os.pipe()
        self._answers, theirs_out = os.pipe()
        self._child: Child | None = None
        try:
            self._child = Child(
                [*command, str(theirs_in), str(theirs_out), *arguments],
                pass_fds=(theirs_in, theirs_out, *pass_fds),
                environment=environment(),
            )
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
            if self._child is None:
                self.close()
        self.pid = self._child.pid
        self._supervisor = Supervisor(self._child)

    @property
    def words(self) -> str:
        """What the process itself wrote."""
        return self._child.words if self._child is not None else ""

    def ask(self, operation: RequestCode, number: int, when: str, seconds: float) -> tuple[int, ...]:
        """The four numbers that answer a request within `seconds`; raises Ended."""
        self.send(operation, number)
        self._wait_for(when, seconds)
        return self.done(when)

    def is_ready(self, when: str) -> bool:
        """Whether an answer can be read, after a moment; raises Ended for a process that is dead or too large."""
        try:
            return self._look(when)
        except Ended as error:
            self.lost = error
            raise

    def done(self, when: str) -> tuple[int, ...]:
        """The four numbers of an answer that is there; raises Ended."""
        reply, *numbers = self._unpacked(when)
        if reply != ReplyCode.DONE:
            raise self.unexpected(reply, self._text(numbers))
        return tuple(numbers)

    def send(self, operation: RequestCode, number: int, data: bytes = b"") -> None:
        """A request, and what follows it; raises Ended."""
        try:
            os.write(self._requests, REQUEST.pack(operation, number))
            while data:
                data = data[os.write(self._requests, data) :]
        except OSError:
            raise self.died("between cycles") from None

    def hear(self, when: str, seconds: float) -> tuple[ReplyCode, str]:
        """The next answer that is a text; raises Ended."""
        if self._early:
            return self._early.pop(0)
        reply, numbers = self._answer(when, seconds)
        return reply, self._text(numbers)

    def unexpected(self, reply: ReplyCode, text: str) -> Ended:
        """How a target ended that answers so; what a test says of itself is kept for whoever hears it next."""
        if reply >= ReplyCode.BEGIN:
            self._early.append((reply, text))  # something broke off the talk from within, a signal's handler say
            return Ended("raised", "the test ended while it was measured")
        if reply == ReplyCode.REFUSED:
            raise RequestError(text)
        if reply == ReplyCode.RAISED:
            return Ended("raised", f"it raises {text}")
        return Ended("exited" if reply == ReplyCode.EXITED else "crashed", text)

    def died(self, when: str) -> Ended:
        """How a process ended that is gone."""
        self.lost = self._supervisor.died(when, tells_words=self._tells_words)
        return self.lost

    def close(self) -> None:
        """End the process; its teardown is given a moment."""
        if self._child is not None and self._child.is_alive:
            with suppress(OSError):
                os.write(self._requests, REQUEST.pack(RequestCode.END, 0))
            self._child.wait(SECONDS_TO_END)
        if self._child is not None:
            self._child.kill()
        for descriptor in (self._requests, self._answers):
            with suppress(OSError):
                os.close(descriptor)
        self._requests = self._answers = -1

    def _answer(self, when: str, seconds: float) -> tuple[ReplyCode, tuple[int, ...]]:
        """The next answer; raises Ended for a process that is dead, silent for `seconds`, or too large."""
        self._wait_for(when, seconds)
        reply, *numbers = self._unpacked(when)
        return reply, tuple(numbers)

    def _unpacked(self, when: str) -> tuple[Any, ...]:
        reply, *numbers = ANSWER.unpack(self._receive(ANSWER.size, when))
        return ReplyCode(reply), *numbers

    def _wait_for(self, when: str, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready(when):
            if time.monotonic() > end:
                self.lost = Ended("hung", f"it hangs {when}: nothing for {seconds:.0f} s")
                raise self.lost

    def _look(self, when: str) -> bool:
        poller = select.poll()
        poller.register(self._answers, select.POLLIN)
        if poller.poll(50):
            return True
        if not self._supervisor.is_alive:
            if poller.poll(0):
                return True  # its last words came between the two questions
            raise self.died(when)
        self._supervisor.weigh(when, self.limits.memory)
        return False

    def _text(self, numbers: Sequence[int]) -> str:
        return self._receive(numbers[0], "while it spoke").decode(errors="replace")

    def _receive(self, size: int, when: str) -> bytes:
        data = b""
        while len(data) < size:
            chunk = os.read(self._answers, size - len(data))
            if not chunk:
                raise self.died(when)
            data += chunk
        return data
