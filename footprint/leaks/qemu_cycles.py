"""Cycles in a real QEMU that runs, and what it holds between them."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping

from footprint.attribution.kept_spaces import QUESTION as SPACES
from footprint.attribution.kept_spaces import SpaceName, space_names
from footprint.errors import MeasurementError
from footprint.leaks.qemu_target import QemuTarget, ordinal
from footprint.leaks.supervisor import Limits
from footprint.process.resources import ABSENT, OUTSIDE, Outside
from footprint.qemu.lines import Source
from footprint.qemu.mtree import read_mtree
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.heap_channel import HeapChannel
from footprint.qemu_process.monitor import RefusedError
from footprint.qemu_process.plug_bench import Plugging
from footprint.qemu_process.qmp_pair import Command, Talk

READINGS = 3
SHORT = 0.01
"""Seconds: a wait for the grace period that costs nothing. QEMU 7.2 and 10.0 take 50 ms."""
AT_ONCE = 400
"""Times that a device is plugged in again before the last one is freed. QEMU 11.1 was seen to die after 1 to 38 of them
(secondary-vga, bochs-display), and once not within 60.
"""
SECONDS_AT_ONCE = 1.5
SILENT = "it said nothing"


class CrashedError(Exception):
    """QEMU died; the text is one sentence with its own words."""


class QemuCycles:
    """Runs the cycles of `target` in `guest`, as `plugging` has them, within `limits`, and reads what QEMU holds.

    `channel` reads the heap, if anything can; `read_events` takes what waits for the guest. `cycles` says how many
    there were.
    """

    def __init__(
        self, target: QemuTarget, guest: Guest, plugging: Plugging, talk: Talk, channel: HeapChannel | None,
        limits: Limits, read_events: Callable[[], None] | None = None,
    ) -> None:  # fmt: skip
        self.guest, self.cycles = guest, 0
        self._target, self._plugging, self._talk, self._channel, self._limits = target, plugging, talk, channel, limits
        self._outside = Outside(guest.pid)
        self._read_events = read_events
        self._drains_each = False

    def before(self) -> None:
        """Give QEMU what comes before the first cycle; raises MeasurementError or CrashedError.

        Where waiting for the grace period costs nothing (QEMU 11), every cycle does: else whether a device is plugged
        again before the last one is freed is a matter of luck, and some QEMUs die of it.
        """
        waits = []
        for _ in range(3):
            begun = time.monotonic()
            self._drain(fully=False)
            waits.append(time.monotonic() - begun)
        self._drains_each = min(waits) < SHORT
        self._give((*self._plugging.before, *self._target.before), "before the first cycle")

    def after(self) -> None:
        """Give it what comes after the last."""
        self._give(self._target.after, "after the last cycle")

    def run(self, cycles: int) -> None:
        """So many cycles; raises MeasurementError for what is refused or takes too long, CrashedError when it dies."""
        do, undo = self._target.verbs
        for _ in range(cycles):
            if self._limits.left < 0:
                raise MeasurementError(f"the time is up after {self.cycles} cycles (--seconds)")
            number = ordinal(self.cycles + 1)
            self._give(self._plugging.do, f"at the {number} {do}")
            self._give(self._plugging.undo, f"at the {number} {undo}")
            self.cycles += 1
            if self._drains_each:
                self._drain(fully=False)

    def replug_at_once(self) -> None:
        """Unplug and plug in the device again and again, without a moment between; raises CrashedError.

        Only where the cycles have waited until the last device was freed: else they were that quick themselves. A
        QEMU that refuses the second of two such commands is left as it is.
        """
        do, undo = self._plugging.do, self._plugging.undo
        if not self._drains_each or [command.execute for command in (*do, *undo)] != ["device_add", "device_del"]:
            return
        when, begun = "when it is plugged in again at once", time.monotonic()
        try:
            self._talk.give(do)
            for _ in range(AT_ONCE):
                self._talk.give_together((*undo, *do))
                if time.monotonic() - begun > min(SECONDS_AT_ONCE, self._limits.left / 3):
                    break
            self._talk.give(undo)
        except RefusedError:
            return
        except MeasurementError:
            self._check_alive(when)
            raise

    def read(self) -> dict[str, int]:
        """What it holds, once everything that was put off is done."""
        if self._read_events is not None:
            self._read_events()
        self._drain()
        text = self._ask("info mtree")
        tree = read_mtree(text, Source("info mtree"))
        spaces = sum(len(block.spaces) for block in tree.blocks)
        held = {"address_spaces": spaces, "regions": sum(len(block.lines) for block in tree.blocks)}
        if self.guest.trace.read().created:
            self.guest.settle()
        if (views := self.guest.views.allocated) is not None:
            held["flatviews.allocated"] = views
        if self._channel is not None:
            held |= self._heap(self._channel)
        pairs = zip(OUTSIDE, self._outside.read(), strict=True)
        return {**held, **{name: value for name, value in pairs if value != ABSENT}}

    def _heap(self, channel: HeapChannel) -> dict[str, int]:
        """The least of some readings: what QEMU answered with is now and then freed only with the next answer."""
        readings = []
        for _ in range(READINGS if channel.is_cheap else 1):
            self.guest.reap()
            readings.append(dict(channel.read()))
        return min(readings, key=lambda reading: reading["heap.bytes"])

    def spaces(self) -> Counter[SpaceName]:
        """Its address spaces; ``info mtree`` keeps nothing alive."""
        return space_names(self._ask(SPACES))

    def _ask(self, line: str) -> str:
        try:
            return self.guest.monitor.ask(line)
        except MeasurementError:
            self._check_alive(f"when asked for {line!r}")
            raise

    def _drain(self, *, fully: bool = True) -> None:
        try:
            self.guest.drain(fully=fully)
        except MeasurementError:
            self._check_alive(f"after the {ordinal(self.cycles)} {self._target.verbs[1]}")
            raise

    def _give(self, commands: tuple[Command, ...], when: str) -> None:
        self._talk.forget_events()
        for command in commands:
            try:
                self._once(command.in_cycle(self.cycles + 1))
            except MeasurementError as error:
                self._check_alive(when)
                raise type(error)(f"{error}, {when}") from None

    def _once(self, command: Command) -> None:
        """One command; what is refused because the last cycle is not over yet is asked for again."""
        try:
            self._talk.give((command,))
        except RefusedError:
            if not self.cycles or self._drains_each:
                raise
            self._drains_each = True
            self._drain()
            self._talk.give((command,))

    def _check_alive(self, when: str) -> None:
        """Raise CrashedError where QEMU is gone."""
        process = self.guest.process
        code = process.wait(1)
        if code is not None:
            verb = "aborts" if code == -signal.SIGABRT else "ends" if code >= 0 else "dies"
            how = (
                f" with {code}" if code >= 0 else "" if code == -signal.SIGABRT else f" of {signal.Signals(-code).name}"
            )
            words = process.last_words()
            raise CrashedError(f"{verb}{how} {when}" + (f": {words}" if words != SILENT else ""))


def grown(before: Mapping[SpaceName, int], after: Counter[SpaceName]) -> Counter[SpaceName]:
    """The spaces that are there more often than before."""
    return after - Counter(before)
