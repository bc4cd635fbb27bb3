"""Recording on real Unicorn engines: one run, of the wheel that is installed."""

from __future__ import annotations

import time
from types import SimpleNamespace

from footprint.backends.backend import play
from footprint.backends.unicorn import UnicornBackend
from footprint.probes.map_curve import MapCurveProbe
from footprint.progress import Progress
from footprint.record.request import Outcome, Request, check_samples
from footprint.recording.model import Run, Sample


def record_on_unicorn(request: Request, progress: Progress) -> Outcome:
    """Play the request's scenario; a sample for each point of a curve, and one with its law."""
    progress(f"{request.scenario.name}: engines")
    backend, probe, samples, started = UnicornBackend(), MapCurveProbe(), [], time.perf_counter()
    for reached in play(request.scenario, request.values, backend):
        if backend.answer is None:
            continue
        maps = len(backend.answer["curves"][0]["seconds"])
        samples += [Sample("mapped", n, probe.at(backend.answer, n)) for n in probe.points(maps)]
        last = {**probe.at(backend.answer, maps), **probe.law(backend.answer)}
        samples.append(Sample(reached.mark.name, reached.mark.cycle, last))
    name = backend.release.replace(" ", "-") or "unicorn"
    seconds = round(time.perf_counter() - started, 3)
    runs = (Run(name, {}, tuple(samples), what="the engines of the installed wheel", seconds=seconds),)
    check_samples(request.scenario, runs)
    notes = request.scenario.notes(SimpleNamespace(**request.values))
    return Outcome(UnicornBackend.name, runs, notes=notes, environment={"engine": backend.release})
