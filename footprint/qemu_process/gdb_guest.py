"""A QEMU that gdb starts: with one transaction held over its machine's init, with its views counted, or both.

The binary is used as it is; gdb needs only the functions that every QEMU exports for its modules.
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import MeasurementError, RequestError
from footprint.qemu_process.gdb_child import start_under_gdb

SCRIPT = Path(__file__).with_name("gdb_start.py")
APPLIED = "transactions=machine"
"""The one what-if that a binary can be made to show."""
_REASONS = {
    "transactions=device": "no exported function is called where each device begins and where it ends",
    "transactions=call": "that is what every QEMU does by itself",
}
_COMPILED_IN = "what decides it is compiled into the binary"


@dataclass(frozen=True, slots=True)
class GdbPlan:
    """What gdb is to do.

    `hold_transaction`: one transaction from the beginning of the board's init to just before the first reset.
    `count_views`: count every view created, from the first instruction to the end.
    """

    hold_transaction: bool = False
    count_views: bool = False

    def __bool__(self) -> bool:
        return self.hold_transaction or self.count_views

    @property
    def features(self) -> dict[str, str]:
        """What differs from the binary as it is, under the names of the model's features."""
        name, _, value = APPLIED.partition("=")
        return {name: value} if self.hold_transaction else {}


NO_PLAN = GdbPlan()
"""QEMU is started without gdb."""


def plan_of(applied: Sequence[str], *, count_views: bool = False) -> GdbPlan:
    """The plan for ``--apply FEATURE=VALUE …``; raises RequestError for what no binary can be made to do."""
    for text in applied:
        if "=" not in text:
            raise RequestError(f"--apply {text!r} is not FEATURE=VALUE; valid: {APPLIED}")
        if text != APPLIED:
            reason = _REASONS.get(text, _COMPILED_IN)
            raise RequestError(f"{text} cannot be applied to a real QEMU: {reason}; valid: {APPLIED}")
    return GdbPlan(hold_transaction=APPLIED in applied, count_views=count_views)


class GdbGuest:
    """QEMU under gdb: the child process is gdb, which ends as QEMU ends, and takes QEMU with it.

    `process` is that child. Raises MeasurementError where gdb is missing. Close it, and the child, at the end.
    """

    def __init__(self, command: Sequence[str], plan: GdbPlan, *, pass_fds: Sequence[int] = ()) -> None:
        self.plan = plan
        self._counter = os.memfd_create("footprint-views") if plan.count_views else -1
        if plan.count_views:
            os.ftruncate(self._counter, 8)
        self._reports, writing = os.pipe()
        self._text = b""
        try:
            self.process = start_under_gdb(
                SCRIPT,
                command,
                pass_fds=(*pass_fds, writing, *([self._counter] if plan.count_views else [])),
                variables={
                    "FOOTPRINT_GDB_REPORT": str(writing),
                    "FOOTPRINT_GDB_COUNT": str(self._counter) if plan.count_views else "",
                    "FOOTPRINT_GDB_HOLD": "1" if plan.hold_transaction else "",
                },
            )
        except BaseException:
            self.close()
            raise
        finally:
            os.close(writing)

    def reach_main_loop(self, seconds: float) -> tuple[int, float]:
        """Wait until QEMU's main loop begins and all is done; its process number, and when it was started.

        The time is ``time.monotonic()``'s. Each view that is counted begins the `seconds` anew, because
        counting takes longer than starting. Raises MeasurementError where QEMU or gdb cannot.
        """
        pid, started, counted = 0, time.monotonic(), 0
        deadline = started + seconds
        while (line := self._line(min(deadline, time.monotonic() + 0.5))) != "main loop":
            word, _, rest = (line or "").partition(" ")
            if word == "pid":
                pid, started = int(rest), time.monotonic()
            elif word == "cannot":
                raise MeasurementError(f"{self.process.name} cannot be {self._asked}: {rest}")
            elif line is None:
                raise self.process.obituary("before its machine was built")
            elif (created := self.created or 0) > counted:
                counted, deadline = created, time.monotonic() + seconds
            elif time.monotonic() > deadline:
                words = self.process.last_words()
                raise MeasurementError(
                    f"{self.process.name} did not reach its main loop under gdb within {seconds:g} s; "
                    f"its own words: {words}"
                )
        return pid, started

    @property
    def created(self) -> int | None:
        """Views created since QEMU's start; None where they are not counted."""
        if self._counter < 0:
            return None
        return int(struct.unpack("<Q", os.pread(self._counter, 8, 0))[0])

    def close(self) -> None:
        """Close our ends; the second time does nothing."""
        for descriptor in (self._counter, self._reports):
            if descriptor >= 0:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
        self._counter = self._reports = -1

    @property
    def _asked(self) -> str:
        both = [f"given {APPLIED}"] * self.plan.hold_transaction + ["counted in views"] * self.plan.count_views
        return " and ".join(both)

    def _line(self, until: float) -> str | None:
        """The next line of gdb; empty when none came in time, None when no more will come."""
        while b"\n" not in self._text:
            if not select.select([self._reports], [], [], max(0.0, until - time.monotonic()))[0]:
                return ""
            chunk = os.read(self._reports, 4096)
            if not chunk:
                return None
            self._text += chunk
        line, _, self._text = self._text.partition(b"\n")
        return line.decode(errors="replace")
