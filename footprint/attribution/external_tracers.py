"""Native stacks from outside: the target is run again, alone, under heaptrack or valgrind.

They see what malloc gives, whoever asked for it and however it found malloc; and they need nothing in the target's
environment. Both are run for n and for 2n cycles, so that what is made once cancels out.
"""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from footprint.attribution.native_stacks import (
    UNPLACED,
    NativeStack,
    Totals,
    is_silent,
    per_cycle,
    places,
    taken,
    telling,
)
from footprint.errors import MeasurementError
from footprint.process.child import Child
from footprint.process.session import is_read, readers, ticks
from footprint.verdict.place import Explanation

SECONDS = 60.0
"""What a tracer may take for both of its runs."""
IDLE = 1.5
"""Seconds without work after which a program whose input is at its end is asked to end, and then made to."""
LEAST_SECONDS = 2.0
"""What is left for a tracer that is not even tried."""
WARMUP = 10
"""Cycles that come before those that are counted."""
MOST_CYCLES = 50
SEEN_SHARE = 0.5
"""Of what the heap grows by, what a tracer must see to be believed."""
SECONDS_FOR_GDB = 5.0
WAYS = 3
"""To end a program, from asking it to killing it."""
_GDB = (
    "gdb", "-q", "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-solib-add off",
)  # fmt: skip
_EXIT = ("-ex", "sharedlibrary libc.so", "-ex", "call ((void (*)(int)) exit)(0)")


class Tracer(NamedTuple):
    """A program that runs `command(file)` + ours; `read` gives what was left, from the folder that it wrote to."""

    program: str
    command: Callable[[str], list[str]]
    read: Callable[[Path], Totals]


@dataclass(frozen=True, slots=True)
class Rerun:
    """How a target is run once more, alone: `command(n)` runs n cycles and ends, and reads what `stdin(n)` gives.

    `environment` is that of the process; `missing` the hint where no tracer is installed; `unplaced` what a place is
    called whose stack says nothing. All tracers together may take `seconds`, by default SECONDS. A program that may
    stay when its input is at its end (`stays`) is asked to end when it does nothing more, or half of the time is over.
    One that does not care is made to exit by gdb, and at last killed.
    """

    command: Callable[[int], list[str]]
    environment: dict[str, str]
    missing: str
    stdin: Callable[[int], str] = lambda _: ""
    unplaced: str = UNPLACED
    seconds: float | None = None
    stays: bool = False


def traced(rerun: Rerun, cycles: int, explanation: Explanation, rates: Mapping[str, float]) -> Explanation:
    """`explanation` with the native places, as far as a tracer is installed and sees what is still untraced."""
    installed = [tracer for tracer in TRACERS if shutil.which(tracer.program) is not None]
    if not installed:
        return explanation.with_hints(rerun.missing)
    hints: list[str] = []
    cycles = min(cycles, MOST_CYCLES)
    end = time.monotonic() + (SECONDS if rerun.seconds is None else rerun.seconds)
    for tracer in installed:
        if hints and end - time.monotonic() < LEAST_SECONDS:
            break
        try:
            once, twice = _run(tracer, rerun, cycles, end)
        except (MeasurementError, OSError, ValueError) as error:
            hints.append(f"{tracer.program} could not trace it: {error}")
            continue
        grown = per_cycle(once, twice, cycles)
        if taken(grown) < SEEN_SHARE * explanation.untraced:
            hints.append(f"{tracer.program} sees only a part of what the heap grows by")
            continue
        earlier = tuple(hint for hint in explanation.hints if not hint.startswith("memray"))
        native, blocks = places(grown, rates, unplaced=rerun.unplaced)
        return replace(explanation, hints=earlier).with_native(native, blocks)
    return explanation.with_hints(*hints)


def _run(tracer: Tracer, rerun: Rerun, cycles: int, end: float) -> tuple[Totals, Totals]:
    """What is left after n and after 2n cycles; both run at the same time, until `end` at the latest."""
    seconds = end - time.monotonic()
    with tempfile.TemporaryDirectory(prefix="footprint-") as name:
        folders = [Path(name, number) for number in ("once", "twice")]
        children = []
        try:
            for times, folder in enumerate(folders, 1):
                folder.mkdir()
                count = WARMUP + times * cycles
                Path(folder, "stdin").write_text(rerun.stdin(count))
                with Path(folder, "stdin").open("rb") as lines:
                    command = [*tracer.command(f"{folder}/trace"), *rerun.command(count)]
                    children.append(Child(command, stdin=lines.fileno(), environment=rerun.environment))
            endings = [
                Ending(child, f"{folder}/stdin" if rerun.stays else "", end)
                for child, folder in zip(children, folders, strict=True)
            ]
            while waited := [ending for ending in endings if not ending.is_over()]:
                time.sleep(0.05 / len(waited))
            for ending in endings:
                ending.check(seconds)
        finally:
            for child in children:
                child.kill()
                # heaptrack's script makes a pipe by this name, and when killed leaves it there.
                Path(f"/tmp/heaptrack_fifo{child.pid}").unlink(missing_ok=True)
        return tracer.read(folders[0]), tracer.read(folders[1])


class Ending:
    """The end of `child`, a tracer around a program, at `end` at the latest.

    `stdin` is the file that the program reads, where it may have to be told to end; else empty.
    """

    def __init__(self, child: Child, stdin: str, end: float) -> None:
        self._child, self._stdin, self._end = child, os.path.realpath(stdin) if stdin else "", end
        self._begun = self._since = time.monotonic()
        self._ran, self._ways = -1, [self._ask, self._call_exit, self._kill]
        self.code: int | None = None

    def is_over(self) -> bool:
        """Whether it has ended, or there is no more time for it; else its program is told to end when that is due."""
        now = time.monotonic()
        self.code = self._child.wait(0.001)
        if self.code is not None or now > self._end:
            return True
        if (ran := ticks(self._child.pid)) > self._ran:
            self._ran = ran
            if not self._is_late(now):
                self._since = now
        if self._stdin and self._ways and now - self._since > IDLE:
            self._ways.pop(0)()
            self._since = time.monotonic()
        return False

    def check(self, seconds: float) -> None:
        """Raise MeasurementError where it did not end within so many `seconds`, or of itself with an error."""
        if self.code is None:
            raise MeasurementError(f"it was not ready after {seconds:.0f} s")
        if self.code and len(self._ways) == WAYS:
            raise MeasurementError(f"it ended with {self.code}: {self._child.last_words()}")

    def _ask(self) -> None:
        self._signal(signal.SIGTERM)

    def _call_exit(self) -> None:
        """Have gdb call ``exit`` in it: what it is traced by then writes the last of its record."""
        seconds = min(SECONDS_FOR_GDB, max(0.0, self._end - time.monotonic()))
        for pid in readers(self._child.pid, self._stdin) if shutil.which("gdb") else ():
            with Child([*_GDB, "-p", str(pid), *_EXIT]) as gdb:
                gdb.wait(seconds)

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for pid in readers(self._child.pid, self._stdin):
            with suppress(OSError):
                os.kill(pid, number)

    def _is_late(self, now: float) -> bool:
        """Whether its program works on though all of its input is read, and half of the time is over."""
        is_half_over = bool(self._stdin) and now - self._begun > (self._end - self._begun) / 2
        return is_half_over and all(map(is_read, readers(self._child.pid, self._stdin)))


# heaptrack.


def _heaptrack(folder: Path) -> Totals:
    written = [*folder.glob("trace*.gz"), *folder.glob("trace*.zst")]
    if not written:
        raise MeasurementError("it wrote nothing")
    data = written[0].read_bytes()
    if written[0].suffix == ".gz":
        return heaptrack_left(gzip.decompress(data).decode(errors="replace").splitlines())
    # heaptrack takes zstd only where the program is; so it is there to read it, too.
    with tempfile.TemporaryFile() as plain:
        child = Child(["zstd", "-dcq", str(written[0])], stdout=plain.fileno())
        with child:
            if child.wait(SECONDS) != 0:
                raise MeasurementError(f"its record cannot be read: {child.last_words()}")
        plain.seek(0)
        return heaptrack_left(plain.read().decode(errors="replace").splitlines())


def heaptrack_left(lines: Iterable[str]) -> Totals:
    """What heaptrack's interpreted record says is left, by stack.

    Its lines, by their first letter, count from 1: strings (``s``), instruction pointers (``i``: where, module, then
    function, file and line of each inlined call) and traces (``t``: pointer, parent); from 0 allocations (``a``: size,
    trace), which are made (``+``) and freed (``-``). Numbers are in hex.
    """
    strings, pointers, traces, kinds = [""], [(0, [0])], [(0, 0)], []
    alive: Counter[int] = Counter()
    sized = False  # from version 3 of the format on, strings come with their length
    for line in lines:
        letter, _, rest = line.partition(" ")
        if letter == "s":
            strings.append(rest.partition(" ")[2] if sized else rest)
            continue
        if letter not in ("v", "i", "t", "a", "+", "-"):
            continue
        numbers = [int(word, 16) for word in rest.split()]
        if letter == "v":
            sized = len(numbers) > 1 and numbers[1] >= 3
        elif letter == "i":
            pointers.append((numbers[1] if len(numbers) > 1 else 0, numbers[2:] or [0]))
        elif letter == "t":
            traces.append((numbers[0], numbers[1]))
        elif letter == "a":
            kinds.append((numbers[0], numbers[1]))
        else:
            alive[numbers[0]] += 1 if letter == "+" else -1

    def stack(trace: int) -> NativeStack:
        frames = []
        while trace:
            pointer, trace = traces[trace]
            module, inlined = pointers[pointer]
            if not is_silent(strings[module]):
                frames += [(strings[name], "" if name else strings[module], 0) for name in inlined[::3]]
        return telling(frames)

    left: dict[NativeStack, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for kind, number in alive.items():
        if number > 0:
            size, trace = kinds[kind]
            key = stack(trace)
            left[key] = left[key][0] + number, left[key][1] + number * size
    return dict(left)


# valgrind.


def _valgrind(folder: Path) -> Totals:
    try:
        return valgrind_left((folder / "trace").read_text(errors="replace"))
    except ElementTree.ParseError as error:
        raise MeasurementError(f"its record cannot be read: {error}") from None


def valgrind_left(text: str) -> Totals:
    """What memcheck's XML says is left, by stack."""
    left: dict[NativeStack, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for error in ElementTree.fromstring(text).iter("error"):
        if not error.findtext("kind", "").startswith("Leak_"):
            continue
        frames = [
            (frame.findtext("fn", ""), "" if frame.findtext("fn") else frame.findtext("obj", ""), 0)
            for frame in error.findall("stack[1]/frame")
            if not is_silent(frame.findtext("obj", ""))
        ]
        key, what = telling(frames), error.find("xwhat")
        if what is not None:
            blocks, size = (int(what.findtext(name, "0")) for name in ("leakedblocks", "leakedbytes"))
            left[key] = left[key][0] + blocks, left[key][1] + size
    return dict(left)


TRACERS = (
    Tracer("heaptrack", lambda file: ["heaptrack", "-o", file], _heaptrack),
    Tracer(
        "valgrind",
        lambda file: [
            "valgrind", "--leak-check=full", "--show-leak-kinds=all", "--undef-value-errors=no", "--num-callers=40",
            "--xml=yes", f"--xml-file={file}",
        ],
        _valgrind,
    ),
)  # fmt: skip
"""The faster first."""
