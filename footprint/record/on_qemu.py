"""Recording on a real QEMU: one run, under the rules of that binary."""

from __future__ import annotations

import shlex
import time

from footprint.backends.backend import play
from footprint.backends.qemu import QemuBackend, QemuOptions
from footprint.errors import RequestError
from footprint.probes.guest import GuestProbe
from footprint.progress import Progress
from footprint.qemu_process.guest import SECONDS_TO_SETTLE, Guest
from footprint.record.request import Outcome, Request
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


COUNTED_BY_GDB = "Views created were counted under gdb: its stops are in the time and processor time of the start."
NOT_COUNTED = (
    "Views created are not here: this QEMU was built without the log trace backend. With --count-views gdb counts them."
)
UNSTEADY = f"Resident memory was still falling {SECONDS_TO_SETTLE:g} s after the machine was built; it was read then."
HELD = (
    "one transaction is held from the beginning of the board's init to just before the first reset, by gdb (a what-if)"
)


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
            if options.is_over:
                break
    if backend.last is None or not samples:
        raise RequestError(f"{scenario.name} builds no machine; the qemu backend has nothing to do")
    return Outcome(
        backend=backend.name,
        runs=(_run(backend.last, tuple(samples), probe, time.perf_counter() - started),),
        notes=_notes(backend.last, options, probe, is_counted="flatviews.created" in samples[-1].metrics),
        environment=_environment(backend.last),
    )


def _run(guest: Guest, samples: tuple[Sample, ...], probe: GuestProbe, seconds: float) -> Run:
    features = guest.plan.features
    words = [f"{name}={value}" for name, value in features.items()]
    what = f"QEMU {guest.version} itself"
    return Run(
        rules=",".join([f"qemu-{guest.version}", *words]),
        features=features,
        samples=samples,
        what=f"{what}; {HELD}" if features else what,
        seconds=seconds,
        views=probe.views.snapshots() if probe.views is not None else (),
        view_owners=probe.views.owners() if probe.views is not None else (),
        owner_shares=probe.views.shares() if probe.views is not None else (),
    )


def _notes(guest: Guest, options: QemuOptions, probe: GuestProbe, *, is_counted: bool) -> tuple[str, ...]:
    notes = [*NOTES]
    if options.guests > 1:
        notes.append(SIDE_BY_SIDE)
    if guest.plan.hold_transaction:
        notes.append(f"A what-if on the unmodified binary: {HELD}.")
    if guest.plan.count_views:
        notes.append(COUNTED_BY_GDB)
    elif not is_counted:
        notes.append(NOT_COUNTED)
    if probe.unsteady:
        notes.append(UNSTEADY)
    return tuple(notes)


def _environment(guest: Guest) -> dict[str, str]:
    """Which binary it was, and how it was started."""
    return {
        "QEMU": guest.program or guest.command[0],
        "QEMU version": f"{guest.version} ({guest.package})" if guest.package else guest.version,
        "QEMU command line": shlex.join(guest.command_line or guest.command),
    }
