"""The life of every FlatView, from QEMU's own trace events: created, waiting for the grace period, freed.

``-trace flatview_*`` with ``-msg timestamp=on`` writes a line an event. The file is a memory file: it
has no name on disk, and is gone with the last process that holds it.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import Any

_EVENT = re.compile(r"(?:\d+@(\d+)\.(\d{6}):)?flatview_(new|destroy_rcu|destroy) (0x[0-9a-f]+)")


@dataclass(slots=True)
class ViewLife:
    """One view's moments, in microseconds since the first event; None for what has not happened."""

    created: int
    released: int | None = None
    freed: int | None = None


@dataclass(slots=True)
class Life:
    """All views that were ever created, in this order. `peak`: the most allocated at one time."""

    views: list[ViewLife] = field(default_factory=list)
    released: int = 0
    freed: int = 0
    peak: int = 0
    last: int = 0
    _known: dict[str, ViewLife] = field(default_factory=dict)
    _start: int | None = None

    @property
    def created(self) -> int:
        """Views created since the start."""
        return len(self.views)

    @property
    def waiting(self) -> int:
        """Views released that wait for the grace period."""
        return self.released - self.freed

    def add(self, line: str) -> None:
        """Take one line of QEMU's log; what is no such event is passed over."""
        found = _EVENT.match(line)
        if not found:
            return
        now = int(found[1] or 0) * 1_000_000 + int(found[2] or 0)
        if self._start is None:
            self._start = now
        at = self.last = now - self._start
        event, address = found[3], found[4]
        if event == "new":
            # An address comes again once the view that had it is freed.
            view = self._known[address] = ViewLife(at)
            self.views.append(view)
            self.peak = max(self.peak, self.created - self.freed)
        elif event == "destroy_rcu":
            self.released += 1
            if address in self._known:
                self._known[address].released = at
        else:
            self.freed += 1
            if address in self._known:
                self._known[address].freed = at

    def document(self) -> dict[str, Any]:
        """The life as plain data: totals, and ``[created, released, freed]`` of each view in microseconds."""
        return {
            "created": self.created,
            "released": self.released,
            "waiting": self.waiting,
            "freed": self.freed,
            "peak": self.peak,
            "microseconds": [[view.created, view.released, view.freed] for view in self.views],
        }


class Trace:
    """The memory file that QEMU writes its events to, read as it grows."""

    def __init__(self) -> None:
        self.fd = os.memfd_create("footprint-trace")
        self._at = 0
        self._rest = b""
        self.life = Life()

    @property
    def arguments(self) -> list[str]:
        """What makes QEMU write there."""
        return ["-trace", "flatview_*", "-msg", "timestamp=on", "-D", f"/proc/self/fd/{self.fd}"]

    def read(self) -> Life:
        """The life so far, with what was written since the last reading."""
        while chunk := os.pread(self.fd, 1 << 20, self._at):
            self._at += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self.life.add(line.decode(errors="replace"))
        return self.life

    def close(self) -> None:
        """Give the memory back; the second time does nothing."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
