"""Recording on real processes that load an image: a run for each way to load it."""

from __future__ import annotations

import time
from types import SimpleNamespace

from footprint.backends.backend import play
from footprint.backends.processes import WAYS, ProcessBackend, ProcessOptions
from footprint.probes.flash import FlashProbe
from footprint.progress import Progress
from footprint.record.request import Outcome, Request, check_samples
from footprint.recording.model import Run, Sample

NOTE = (
    "Measured on real processes: process.… is the mean of one, guests.… is all of them, flash.… is the image in all of "
    "them. flash.all is the anonymous memory of all, and the image's pages in the page cache, counted once."
)


def record_on_processes(request: Request, options: ProcessOptions, progress: Progress) -> Outcome:
    """Play the request's scenario by every way; raises MeasurementError where a process does not live."""
    runs, probe = [], FlashProbe()
    for way in options.ways:
        progress(f"{request.scenario.name}: {way}")
        samples, started = [], time.perf_counter()
        with ProcessBackend(way) as backend:
            for reached in play(request.scenario, request.values, backend):
                if backend.running:
                    backend.check_alive()
                    places = [(process.child.pid, process.start, process.end) for process in backend.running]
                    metrics = probe.read(places, backend.image)
                    samples.append(Sample(reached.mark.name, reached.mark.cycle, metrics))
        seconds = round(time.perf_counter() - started, 3)
        runs.append(Run(way, {}, tuple(samples), what=WAYS[way], seconds=seconds))
    check_samples(request.scenario, tuple(runs))
    notes = request.scenario.notes(SimpleNamespace(**request.values))
    return Outcome(ProcessBackend.name, tuple(runs), notes=(*notes, NOTE))
