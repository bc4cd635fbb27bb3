"""Recording on a real QEMU: one run, under the rules of that binary."""

from __future__ import annotations

import time

from footprint.backends.backend import play
from footprint.backends.qemu import QemuBackend, QemuOptions
from footprint.errors import RequestError
from footprint.probes.guest import GuestProbe
from footprint.record.request import Outcome, Progress, Request
from footprint.recording.model import Run, Sample

NOTES = (
    "Read from a real QEMU: its counts are exact, its memory is what one process took, once.",
    "Only what info mtree and QEMU's trace events tell is here; a QEMU that has ended has nothing to be read.",
    "Where devices come and go, views are read only at the last mark, because reading keeps some of them; and a q35 "
    "has native hot-plug, because a stopped guest answers no ACPI: one I/O region and two start-up views less.",
)
"""What is true of every recording of a real QEMU."""
SIDE_BY_SIDE = (
    "Several guests ran side by side: process.… is the mean of one, guests.… is all of them; everything counted is "
    "the first guest's. Whatever else runs the same binary or libraries on this host has its share of the PSS too."
)
"""What is true of a recording of several guests."""


def record_on_qemu(request: Request, options: QemuOptions, progress: Progress) -> Outcome:
    """Play the request's scenario on a real QEMU, or several; marks at which none runs have nothing to be read.

    Raises RequestError for a scenario that no real QEMU can play, MeasurementError where QEMU fails.
    """
    scenario = request.scenario
    many = f"{options.guests} × " if options.guests > 1 else ""
    progress(f"{scenario.name}: {many}{options.program or 'QEMU'}")
    samples = []
    started, probe = time.perf_counter(), GuestProbe()
    with QemuBackend(options) as backend:
        for reached in play(scenario, request.values, backend):
            if backend.guests:
                # Views that a reading keeps would be seen by the marks that come after a plug or an unplug.
                metrics = probe.read(backend.guests, views=reached.is_last or not backend.plugs)
                samples.append(Sample(reached.mark.name, reached.mark.cycle, metrics))
    if backend.last is None:
        raise RequestError(f"{scenario.name} builds no machine; the qemu backend has nothing to do")
    version, seconds = backend.last.version, time.perf_counter() - started
    return Outcome(
        backend=backend.name,
        runs=(Run(f"qemu-{version}", {}, tuple(samples), f"QEMU {version} itself", seconds),),
        notes=(*NOTES, *((SIDE_BY_SIDE,) if options.guests > 1 else ())),
    )
