"""The guest probe: the metrics of a real QEMU, where they mean the same as the model's."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.process.smaps import guests_metrics, process_metrics
from footprint.qemu.counts import count_spaces, count_views
from footprint.qemu_process.guest import Guest
from footprint.recording.model import Number


class GuestProbe:
    """Reads running guests: the first one's spaces, views and trace events, and the memory of all.

    Reading the views makes QEMU keep some of them (docs/reading.md), so it comes last, and after it the views
    freed are no longer told.
    """

    name = "guest"
    what = "counts and memory of a real QEMU, by its monitor, its trace events and the kernel"

    def __init__(self) -> None:
        self._keeps_views: Guest | None = None

    def read(self, guests: Sequence[Guest], *, views: bool = True) -> dict[str, Number]:
        """Every metric of `guests` (at least one); without `views`, what only reading the views tells is left out."""
        guest = guests[0]
        life = guest.trace.read()
        # Memory first: what the monitor prints is allocated in the process that is read.
        memory = _memory(guests)
        metrics: dict[str, Number] = {**count_spaces(guest.ask("info mtree"))}
        if life.created:
            metrics["flatviews.created"] = life.created
        if life.created and self._keeps_views is not guest:
            # Not flatviews.peak: when the grace period of the last few ends is a matter of timing.
            metrics |= {"flatviews.freed": life.freed, "flatviews.allocated": life.created - life.freed}
        if views:
            metrics |= count_views(guest.ask("info mtree -f -d"), guest.version)
            self._keeps_views = guest
        return metrics | memory


def _memory(guests: Sequence[Guest]) -> dict[str, int]:
    readings = []
    for guest in guests:
        with guest.speaking("when its memory was read"):
            readings.append(process_metrics(guest.process.pid))
    return guests_metrics(readings) if len(readings) > 1 else readings[0]
