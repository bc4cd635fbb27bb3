"""The recorder: what a backend gives for a request, with what a reader needs to know, is a Recording."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from footprint import __version__
from footprint.backends.processes import ProcessOptions
from footprint.backends.unicorn import UnicornOptions
from footprint.progress import Progress
from footprint.record.on_model import record_on_model
from footprint.record.request import ModelOptions, Outcome, Request
from footprint.recording.model import SCHEMA, Recording
from footprint.scripts import blaming


def record(
    request: Request, progress: Progress = lambda _: None, meanwhile: Callable[[], None] = lambda: None
) -> Recording:
    """Play the request's scenario, and give the recording; says on `progress` what it is at.

    `meanwhile` may be called, once, while other processes do the work and this one would only wait for them.

    Raises InputFileError where a scenario's script or a custom rule fails.
    """
    started = time.perf_counter()
    with blaming():
        outcome = _outcome(request, progress, meanwhile)
    recording = Recording(
        schema=SCHEMA,
        scenario=request.scenario.name,
        params=request.scenario.told(request.values),
        backend=outcome.backend,
        environment=_environment(time.perf_counter() - started) | dict(outcome.environment),
        runs=outcome.runs,
        question=request.scenario.question,
        notes=outcome.notes,
        published=outcome.published,
        accumulates=request.scenario.accumulates,
        telling=request.scenario.telling,
    )
    with blaming():
        return msgspec.structs.replace(recording, answer=request.scenario.answer(recording))


def _outcome(request: Request, progress: Progress, meanwhile: Callable[[], None]) -> Outcome:
    # Each is loaded only where it is used: the readers of texts and the drivers of QEMU are half of what there is.
    if request.scenario.printed is not None:
        from footprint.record.on_print import record_print

        return record_print(request, request.scenario.printed)
    if isinstance(request.options, ModelOptions):
        return record_on_model(request, request.options, progress, meanwhile)
    if isinstance(request.options, ProcessOptions):
        from footprint.record.on_processes import record_on_processes

        return record_on_processes(request, request.options, progress)
    if isinstance(request.options, UnicornOptions):
        from footprint.record.on_unicorn import record_on_unicorn

        return record_on_unicorn(request, progress)
    from footprint.record.on_qemu import record_on_qemu

    return record_on_qemu(request, request.options, progress)


def _environment(seconds: float) -> dict[str, Any]:
    """What a reader needs to know to judge measured figures."""
    return {
        "footprint": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "processor": platform.machine(),
        "cpus": os.cpu_count() or 1,
        "recorded": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
    }
