"""Operation logs of a real start-up: gdb watches an unmodified QEMU until its main loop begins."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Sequence
from pathlib import Path

from footprint.errors import MeasurementError
from footprint.process.child import Child
from footprint.progress import Progress
from footprint.qemu_process.gdb_child import start_under_gdb
from footprint.qemu_process.guest import check, quiet

SECONDS = 120.0
"""The default limit for a whole start-up under gdb; the published 255-CPU guest takes about 10 s."""
SCRIPT = Path(__file__).with_name("oplog_gdb.py")
MAIN_LOOP = "main loop"


def trace(
    command: Sequence[str], *, dispatch: bool = False, seconds: float = SECONDS, progress: Progress = lambda _: None
) -> bytes:
    """The operation log of the start-up of `command`, with DISP lines if `dispatch`; raises MeasurementError."""
    full = [*check(command), *quiet(command)]
    name = Path(full[0]).name
    reading, writing = os.pipe()
    try:
        variables = {"FOOTPRINT_LOG_FD": str(writing), "FOOTPRINT_DISPATCH": "1" if dispatch else ""}
        try:
            child = start_under_gdb(SCRIPT, full, pass_fds=(writing,), variables=variables)
        finally:
            os.close(writing)
        with child:
            log = _collect(reading, seconds, name, progress)
            child.wait(2)
            body, ending = _split(log)
            if ending != MAIN_LOOP:
                raise _failure(name, ending, child)
    finally:
        os.close(reading)
    return body


def _collect(reading: int, seconds: float, name: str, progress: Progress) -> bytes:
    """Everything written to the pipe until its other end is closed."""
    deadline = time.monotonic() + seconds
    chunks: list[bytes] = []
    views = calls = 0
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([reading], [], [], left)[0]:
            raise MeasurementError(f"{name} did not reach its main loop under gdb within {seconds:g} s")
        chunk = os.read(reading, 1 << 16)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        calls += chunk.count(b"\n")
        views += chunk.count(b"NEWVIEW")
        progress(f"trace: {name}: {calls - views} calls, {views} views created")


def _split(log: bytes) -> tuple[bytes, str]:
    """The log without its last line, and what that line says; empty if gdb did not come to write it."""
    body, found, ending = log.rpartition(b"# ")
    if not found or (body and not body.endswith(b"\n")):
        return log, ""
    return body, ending.decode(errors="replace").strip()


def _failure(name: str, ending: str, child: Child) -> MeasurementError:
    word, _, rest = ending.partition(" ")
    words = child.last_words()
    if word == "exit":
        how = "was killed" if rest == "-1" else f"ended with {rest}"
        return MeasurementError(f"{name} {how} before its main loop: {words}")
    if word == "signal":
        return MeasurementError(f"{name} was stopped by signal {rest} before its main loop: {words}")
    if word == "gdb:":
        return MeasurementError(f"gdb cannot watch {name}: {rest}")
    if ending:
        return MeasurementError(f"{name}: {ending}")
    return MeasurementError(f"gdb ended before {name} reached its main loop: {words}")
