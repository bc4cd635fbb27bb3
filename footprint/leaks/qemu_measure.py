"""From a target in a real QEMU to its verdict: one QEMU, started for it."""

from __future__ import annotations

import socket
from contextlib import ExitStack, closing

from footprint.errors import MeasurementError
from footprint.leaks.plan import Plan
from footprint.leaks.qemu_cycles import QemuCycles
from footprint.leaks.qemu_target import NO_DEVICE, QemuTarget, find_device
from footprint.leaks.qemu_trial import QemuTrial
from footprint.leaks.supervisor import Limits
from footprint.process.child import find_program
from footprint.process.heap_watch import OPEN_HEAP, HeapWatch
from footprint.progress import Progress
from footprint.qemu_process.device_types import ListedDevice
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.guest_software import AcpiEjector, GuestSoftware, Qtest, RtasEvents
from footprint.qemu_process.heap_channel import HeapChannel, heap_channel
from footprint.qemu_process.plug_bench import Bench, Plugging, bench_of, command_line, plugging
from footprint.qemu_process.qmp_pair import Talk
from footprint.qemu_process.view_count import NO_VIEWS
from footprint.verdict.verdict import Verdict

SECONDS = 15.0
"""What the start, and every command, may take."""


def measure_qemu(target: QemuTarget, plan: Plan, seconds: float, say: Progress = lambda _: None) -> Verdict:
    """The verdict on `target`.

    Raises RequestError for a device or property that this QEMU does not know, MeasurementError for what it refuses and
    for a QEMU that cannot be started.
    """
    program = find_program(target.program)
    limits = Limits(seconds)
    bench = bench_of(program, target.machine)
    device = find_device(program, target.device) if target.device else NO_DEVICE
    say(f"{target.word}: starting {program}")
    with ExitStack() as opened:
        watch, why_not = _watch(opened)
        guest, software = _guest(program, bench, device, watch, opened, limits)
        if target.count_views:
            guest.views.follow()
        given = (
            Plugging((), target.do, target.undo) if not target.device else plugging(guest, bench, device, target.given)
        )
        channel, missing = heap_channel(watch, guest.pid, why_not)
        talk = Talk(guest, software.eject)
        cycles = QemuCycles(target, guest, given, talk, channel, limits, software.read_events)
        counting = watch if watch is not None and watch.counts(guest.pid) else None
        trial = QemuTrial(target, cycles, limits, say, watch=counting, cycles=plan.cycles, where=plan.where)
        verdict = trial.verdict()
        return _told(verdict, guest, bench, channel, missing)


def _watch(opened: ExitStack) -> tuple[HeapWatch | None, str]:
    try:
        return opened.enter_context(HeapWatch()), ""
    except MeasurementError as error:
        return None, str(error)


def _guest(
    program: str, bench: Bench, device: ListedDevice, watch: HeapWatch | None, opened: ExitStack, limits: Limits
) -> tuple[Guest, GuestSoftware]:
    """The QEMU that was started, and what is done for its guest."""
    uses_qtest = bench.needs_qtest(device)
    ours, theirs = socket.socketpair()
    opened.enter_context(closing(ours))
    with theirs:
        words = command_line(program, bench, device, qtest=theirs.fileno() if uses_qtest else None)
        fds, most = (theirs.fileno(),), min(SECONDS, limits.seconds)
        guest = opened.enter_context(Guest(words, seconds=most, heap=watch, pass_fds=fds, environment=OPEN_HEAP))
    if not uses_qtest:
        return guest, GuestSoftware()
    if bench.has_rtas:
        return guest, GuestSoftware(read_events=RtasEvents(Qtest(ours)).read_all)
    return guest, GuestSoftware(eject=AcpiEjector(Qtest(ours), bench.ports).eject)


def _told(verdict: Verdict, guest: Guest, bench: Bench, channel: HeapChannel | None, missing: str) -> Verdict:
    """With what it is, how its metrics were read, and what was not watched."""
    from dataclasses import replace

    channels = {"address_spaces": "info mtree"}
    if views := guest.views.channel:
        channels["flatviews.allocated"] = views
    if channel is not None:
        channels = {"heap.bytes": channel.name, **channels}
    unwatched = [*([f"heap.bytes: {missing}"] if channel is None else []), *([] if views else [NO_VIEWS])]
    what = f"QEMU {guest.version}, {bench.machine}"
    return replace(verdict, what=what, channels=channels, unwatched=tuple(unwatched))
