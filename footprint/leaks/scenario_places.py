"""Where a scenario leaks on a real QEMU: it is played once more, and what its cycles leave is kept with its stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

from footprint.attribution.kept_spaces import QUESTION, SpaceName, space_names, space_places
from footprint.attribution.left_blocks import explained
from footprint.backends.backend import play
from footprint.backends.qemu import QemuBackend, QemuOptions
from footprint.errors import MeasurementError
from footprint.progress import Progress
from footprint.qemu_process.guest import Guest
from footprint.record.request import Request
from footprint.verdict.place import Explanation

WARM_CYCLES, TRACED_CYCLES, LEAST_TRACED = 4, 12, 5
NO_LIBRARY = "for the places: apt install gcc libc6-dev"


def scenario_places(request: Request, mark: str, say: Progress) -> Explanation:
    """Where the cycles that end at `mark` leave what they leave; what cannot be told is a hint."""
    options = request.options
    assert isinstance(options, QemuOptions), "a real QEMU plays it"
    values = dict(request.values)
    if "cycles" in values:
        values["cycles"] = WARM_CYCLES + TRACED_CYCLES
    say(f"{request.scenario.name}: tracing where")
    with QemuBackend(options) as backend:
        played = play(request.scenario, values, backend)
        marks = (backend.guests[0] for reached in played if reached.mark.name == mark and backend.guests)
        try:
            return _explained(marks, lambda: options.is_over)
        except (MeasurementError, OSError, ValueError) as error:
            return Explanation(hints=(f"where it leaks cannot be told: {error}",))


def _explained(marks: Iterator[Guest], is_over: Callable[[], bool]) -> Explanation:
    """From the guest at each end of a cycle, until the time `is_over`."""
    cycles, before = 0, Counter[SpaceName]()
    with ExitStack() as tracing:
        for number, guest in enumerate(marks, 1):
            if number <= WARM_CYCLES:
                if number == WARM_CYCLES:
                    guest.drain()
                    before = space_names(guest.ask(QUESTION))
                    if guest.heap is not None:
                        guest.heap.trace(on=True)
                        tracing.callback(guest.heap.trace, on=False)
                continue
            cycles += 1
            if cycles == TRACED_CYCLES or (is_over() and cycles >= LEAST_TRACED):
                return _of_guest(guest, before, cycles)
            if is_over():
                return Explanation(hints=("no time was left to trace where (--seconds)",))
    return Explanation(hints=(f"too few cycles to tell where (--cycles {WARM_CYCLES + TRACED_CYCLES})",))


def _of_guest(guest: Guest, before: Counter[SpaceName], cycles: int) -> Explanation:
    guest.drain()
    spaces = space_places(space_names(guest.ask(QUESTION)) - before, cycles)
    heap = guest.heap
    if heap is None or not heap.counts(guest.pid):
        return Explanation(tuple(spaces), hints=(NO_LIBRARY,))
    heap.trace(on=False)
    traced = explained(list(heap.left()), cycles, guest.pid)
    hints = (f"{heap.lost} blocks found no room while tracing",) if heap.lost else ()
    return replace(traced, places=(*spaces, *traced.places)).with_hints(*hints)
