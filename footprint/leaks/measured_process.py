"""The measured process: ``python -m footprint.leaks.measured_process REQUESTS ANSWERS TARGET``.

The first two are descriptors of pipes. It loads the target, then does what it is asked: runs cycles, collects
garbage, reads itself. While it is measured it does nothing else, and keeps nothing. ``python -m
footprint.leaks.measured_process only CYCLES TARGET`` is for a tracer around the whole process: it runs the cycles,
and is gone.
"""

from __future__ import annotations

import atexit
import errno
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, MutableSequence
from contextlib import suppress
from functools import partial
from typing import Any

from footprint.attribution.own_frames import is_own
from footprint.errors import MeasurementError
from footprint.leaks.module_origins import origins
from footprint.leaks.pipe_protocol import ANSWER, LENGTH, REQUEST, ReplyCode, RequestCode
from footprint.leaks.target_loader import Refused, Target, first_cycle, load
from footprint.process import clock
from footprint.process.fork_mark import fork_mark
from footprint.process.resources import Inside, collect
from footprint.process.shared_counter import SharedCounter

FLUSHING = 4096
"""Blocks that are made and freed at the end: heaptrack keeps the last lines of its record in a buffer."""


class Server:
    """Answers requests about `target` on the two descriptors until it is told to end."""

    def __init__(self, requests: int, answers: int) -> None:
        self._requests, self._answers = requests, answers
        self._buffer = bytearray(ANSWER.size)
        self._cycle: Callable[[], object] | None = None
        self._inside = Inside()
        self._ran = self._cycles = 0
        self._shared = SharedCounter()
        self._counter = self._shared.cell

    def serve(self, target: Target) -> None:
        """Set the target up, say so, and answer; a target that raises or exits is told as that."""
        self._cycle, self._cycles = None, 0
        ended = self._guarded(target.setup)
        if ended is not None:
            self.say(*ended)
            return
        collect()
        gc.freeze()  # what the imports made is not looked through at every collection
        self.say(ReplyCode.READY, json.dumps({"what": target.what, "counter": self._shared.descriptor}))
        try:
            while (request := os.read(self._requests, REQUEST.size)) and self._answer(target, request):
                pass
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            print("it closed the descriptors that it is measured by (those above 2)", file=sys.stderr, flush=True)
            os._exit(1)
        self._guarded(target.teardown)

    def say(self, reply: ReplyCode, text: str) -> None:
        """Send a text."""
        data = text.encode(errors="replace")
        _write(self._answers, ANSWER.pack(reply, len(data), 0, 0, 0) + data)

    def _answer(self, target: Target, request: bytes) -> bool:
        operation, number = REQUEST.unpack(request)
        self._shared.hide()
        if operation == RequestCode.RUN:
            wall, own = clock.nanoseconds(), clock.worked()
            ended = self._guarded(self._run, target, number)
            # What it worked, so that a busy machine does not shorten what is measured; and a part of what it waited.
            self._ran = max(clock.worked() - own, (clock.nanoseconds() - wall) // 4)
            if ended is not None:
                reply, text = ended
                in_cycle = f", in cycle {self._cycles + self._counter[0] + 1}" if reply != ReplyCode.REFUSED else ""
                self.say(reply, text + in_cycle)
                return False
            self._cycles += number
        elif operation == RequestCode.COLLECT:
            self._ran = collect()
        elif operation == RequestCode.GC:
            (gc.enable if number else gc.disable)()
        elif operation == RequestCode.EXPLAIN:
            return self._explain(target, number)
        elif operation == RequestCode.ORIGINS:
            packages = json.loads(self._receive(LENGTH.unpack(self._receive(LENGTH.size))[0]))
            self.say(ReplyCode.TEXT, json.dumps(origins(packages)))
            return True
        elif operation == RequestCode.END:
            return False
        ANSWER.pack_into(self._buffer, 0, ReplyCode.DONE, *self._inside.read(), self._ran)
        os.write(self._answers, self._buffer)
        return True

    def _run(self, target: Target, cycles: int) -> None:
        if self._cycle is None:
            # The first cycle shows what a call gives: it may be something that runs only when it is awaited.
            self._counter[0] = 0
            self._cycle = first_cycle(target.cycle)
            cycles -= 1
        run(self._cycle, cycles, self._counter)

    def _explain(self, target: Target, cycles: int) -> bool:
        """Say where `cycles` more cycles leave what they leave; from here on nothing is measured any more."""
        size = LENGTH.unpack(self._receive(LENGTH.size))[0]
        wanted = json.loads(self._receive(size))
        told = ""

        def look() -> None:
            nonlocal told
            cycle = partial(run, self._cycle or target.cycle)
            told = json.dumps(_explained(cycle, cycles, wanted["rates"], wanted["seconds"]))

        ended = self._guarded(look)
        if ended is not None:
            self.say(*ended)
            return False
        self.say(ReplyCode.TEXT, told)
        return True

    def wait_for_verdict(self) -> dict[str, str]:
        """The verdict on a test; requests that came too late for a target that ended are passed over."""
        while len(request := os.read(self._requests, REQUEST.size)) == REQUEST.size:
            operation, size = REQUEST.unpack(request)
            if operation == RequestCode.VERDICT:
                return json.loads(self._receive(size))  # type: ignore[no-any-return]
        raise SystemExit("nobody measures any more")

    def _receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size and (chunk := os.read(self._requests, size - len(data))):
            data += chunk
        return data

    def _guarded(self, function: Callable[..., object], *arguments: object) -> tuple[ReplyCode, str] | None:
        """Call it; None, or how it ended the process that it thought it was alone in."""
        try:
            function(*arguments)
        except Refused as error:
            return ReplyCode.REFUSED, str(error)
        except SystemExit as error:
            return ReplyCode.EXITED, f"it exits ({error.code!r})"
        except BaseException as error:
            return ReplyCode.RAISED, sentence(error)
        return None


def run(cycle: Callable[[], object], cycles: int, counter: memoryview | MutableSequence[int] | None = None) -> None:
    """So many cycles, with nothing of ours between them that could be measured; `counter` says how many are done."""
    original, counter = fork_mark(), [0] if counter is None else counter
    for number in range(cycles):
        counter[0] = number
        cycle()
        if not original[0]:
            os._exit(0)  # the target forked, and this is the copy that it forgot: the original goes on


def sentence(error: BaseException) -> str:
    """The exception, and the line of the target that raised it."""
    words = " ".join("".join(traceback.format_exception_only(type(error), error)).split())
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)]
    return f"{words} ({frames[-1].filename}:{frames[-1].lineno})" if frames else words


def _explained(
    cycles_of: Callable[[int], object], cycles: int, rates: Mapping[str, float], seconds: float
) -> dict[str, Any]:
    """The explanation as it goes through the pipe; a Python that is too old for all of it tells the lines."""
    try:
        from footprint.attribution.explain import explain
    except (ImportError, TypeError, SyntaxError):
        from footprint.attribution.plain_places import plain_explanation

        return plain_explanation(cycles_of, cycles, rates, seconds)
    return explain(cycles_of, cycles, rates, seconds).to_pipe()


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


def only(word: str, cycles: int) -> None:
    """Run the cycles, and leave without tidying up: what a global holds is left, as it is in the measured process."""
    target = load(word)
    target.setup()
    run(first_cycle(target.cycle), cycles - 1)
    collect()
    for _ in range(FLUSHING):
        bytearray(4096)
    os._exit(0)


def main(arguments: list[str]) -> None:
    """Load the target and serve; a word that names none is told as a refusal."""
    if arguments[0] == "only":
        only(arguments[2], int(arguments[1]))
    server = Server(int(arguments[0]), int(arguments[1]))
    try:
        target = load(arguments[2])
    except Refused as error:
        server.say(ReplyCode.REFUSED, str(error))
        return
    except MeasurementError as error:
        server.say(ReplyCode.MISSING, str(error))
        return
    except SystemExit as error:
        server.say(ReplyCode.EXITED, f"it exits while it is imported ({error.code!r})")
        return
    except BaseException as error:
        server.say(ReplyCode.RAISED, f"{sentence(error)}, while it was imported")
        return
    server.serve(target)
    _leave()


def _leave() -> None:
    """Do what the target wants done at its exit, and be gone: to take an interpreter apart takes longer than to ask."""
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # whatever the target has put in their place
            stream.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
