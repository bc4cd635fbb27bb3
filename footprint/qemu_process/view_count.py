"""Views of a QEMU that runs already, counted by gdb: for a binary without trace events. It is used as it is.

A stop takes a fraction of a millisecond, but a QEMU makes hundreds of views in a commit; so it is done when asked for.
"""

from __future__ import annotations

import os
import select
import signal
import struct
from contextlib import suppress
from pathlib import Path

from footprint.errors import MeasurementError
from footprint.qemu_process.gdb_child import attach_gdb
from footprint.qemu_process.view_trace import Trace

SCRIPT = Path(__file__).with_name("gdb_views.py")
SECONDS, SECONDS_TO_LET_GO = 60, 5
CHANNEL, TRACE_CHANNEL = "gdb (breakpoints)", "trace events"
NO_VIEWS = "flatviews: this QEMU was built without trace events (--count-views has gdb count them)"


class ViewCount:
    """Counts what the process `pid` makes and frees from now on; `name` is what it is called.

    Raises MeasurementError where gdb is missing, may not, or finds nothing to count. Closing it lets the process go on.
    """

    def __init__(self, pid: int, name: str) -> None:
        self._counter = os.memfd_create("footprint-views")
        os.ftruncate(self._counter, 16)
        reports, writing = os.pipe()
        try:
            variables = {"FOOTPRINT_GDB_COUNT": str(self._counter), "FOOTPRINT_GDB_REPORT": str(writing)}
            self._gdb = attach_gdb(SCRIPT, pid, pass_fds=(self._counter, writing), variables=variables)
        except BaseException:
            os.close(self._counter)
            raise
        finally:
            os.close(writing)
        try:
            ready = select.select([reports], [], [], SECONDS)[0]
            said = os.read(reports, 4096).decode().strip() if ready else "takes too long"
            if said != "ready":
                why = said or f"ended: {self._gdb.last_words()}"
                raise MeasurementError(f"the views of {name} cannot be counted: it {why}")
        except BaseException:
            self.close()
            raise
        finally:
            os.close(reports)

    def read(self) -> tuple[int, int]:
        """Views made and freed since it began."""
        made, freed = struct.unpack("<QQ", os.pread(self._counter, 16, 0))
        return made, freed

    def close(self) -> None:
        """Let go of the process; the second time does nothing."""
        if self._counter >= 0:
            with suppress(OSError):
                os.kill(self._gdb.pid, signal.SIGINT)
            self._gdb.wait(SECONDS_TO_LET_GO)
            self._gdb.kill()
            os.close(self._counter)
            self._counter = -1


class FollowedViews:
    """The views of the QEMU `pid`, called `name`: by the events in its `trace`, or by gdb from when it is asked."""

    def __init__(self, trace: Trace, pid: int, name: str) -> None:
        self._trace, self._pid, self._name = trace, pid, name
        self._counted: ViewCount | None = None

    def follow(self) -> None:
        """From now on have gdb count them, where no trace events tell; raises MeasurementError."""
        if self._counted is None and not self._trace.read().created:
            self._counted = ViewCount(self._pid, self._name)

    @property
    def channel(self) -> str:
        """By what `allocated` is known; empty where it is not."""
        return CHANNEL if self._counted is not None else TRACE_CHANNEL if self._trace.read().created else ""

    @property
    def allocated(self) -> int | None:
        """Views made and not freed: all, as trace events tell, or since gdb counts; None where neither does."""
        if self._counted is not None:
            made, freed = self._counted.read()
            return made - freed
        life = self._trace.read()
        return life.created - life.freed if life.created else None

    def __enter__(self) -> FollowedViews:
        return self

    def __exit__(self, *_: object) -> None:
        if self._counted is not None:
            self._counted.close()
