"""The guest probe: the metrics of a real QEMU, where they mean the same as the model's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from footprint.probes.printed_views import PrintedViews
from footprint.process.smaps import guests_metrics, process_metrics
from footprint.qemu.counts import count_spaces, count_views, dummies
from footprint.qemu.flat import read_flat
from footprint.qemu.lines import Source
from footprint.qemu.mtree import read_mtree
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.heap_channel import Preloaded
from footprint.recording.model import Number

FLAT, TREE = "info mtree -f -d -o", "info mtree -o"


class GuestProbe:
    """Reads running guests: the first one's spaces, views and trace events, and the memory and time of all.

    Reading the views makes QEMU keep some of them (docs/reading.md), so it comes last, and after it the views
    freed are no longer told. `views` are those of the last reading that had any. `unsteady` becomes true where
    memory was still falling when it had to be read.
    """

    name = "guest"
    what = "counts, memory and time of a real QEMU, by its monitor, its trace events, gdb and the kernel"

    def __init__(self) -> None:
        self.views: PrintedViews | None = None
        self.unsteady = False
        self._keeps_views: Guest | None = None

    def read(self, guests: Sequence[Guest], *, views: bool = True) -> dict[str, Number]:
        """Every metric of `guests` (at least one); without `views`, what only reading the views tells is left out."""
        guest = guests[0]
        heap = self._heap(guest)
        # Memory first: what the monitor prints is allocated in the process that is read.
        memory = self._process(guests)
        life, created = guest.trace.read(), guest.created
        tree = guest.ask(TREE)
        metrics: dict[str, Number] = {**count_spaces(tree)}
        if created is not None:
            metrics["flatviews.created"] = created
        allocated = guest.views.allocated
        if allocated is not None and self._keeps_views is not guest:
            # Not flatviews.peak: when the grace period of the last few ends is a matter of timing.
            metrics |= {"flatviews.freed": life.freed} if life.created else {}
            metrics["flatviews.allocated"] = allocated
        if views:
            flat = guest.ask(FLAT)
            metrics |= count_views(flat, guest.version)
            self._keeps_views = guest
            source = guest.process.name
            self.views = PrintedViews(
                read_flat(flat, Source(source, FLAT)), read_mtree(tree, Source(source, TREE)),
                guest.device_types(), dummies(guest.version),
            )  # fmt: skip
        return metrics | memory | heap

    def _heap(self, guest: Guest) -> dict[str, Number]:
        """What it holds of its heap, where that is counted; first of all, and once it has freed what it put off."""
        if guest.heap is None or not guest.heap.counts(guest.pid):
            return {}
        guest.drain()
        return dict(Preloaded(guest.heap).read())

    def _process(self, guests: Sequence[Guest]) -> dict[str, Number]:
        """Memory once it is steady, and the time that the start took; of several guests the means."""
        waits = [guest.await_steady_memory() for guest in guests]
        self.unsteady = self.unsteady or not all(wait.reached for wait in waits)
        readings = []
        for guest in guests:
            with guest.speaking("when its memory was read"):
                readings.append(process_metrics(guest.pid))
        return {
            **(guests_metrics(readings) if len(readings) > 1 else readings[0]),
            "process.cpu_seconds": _mean(guest.cpu_seconds for guest in guests),
            "process.wall_seconds": _mean(guest.wall_seconds for guest in guests),
            "process.steady_seconds": _mean(wait.seconds for wait in waits),
        }


def _mean(seconds: Iterable[float]) -> float:
    return round(fmean(seconds), 3)
