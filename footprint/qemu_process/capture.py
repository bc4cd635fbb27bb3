"""Captures: what one QEMU says of itself, as a document in the form that ``verify`` reads.

Keys that are monitor commands hold their text; further keys are ours: ``version``, ``status``,
``smaps_rollup``, ``mappings``, ``trace`` (of a guest that we started), and ``unread`` with reasons.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from footprint.errors import MeasurementError, reason_of
from footprint.process.smaps import command_line_of, mappings, rollup
from footprint.qemu.counts import count_spaces, count_views
from footprint.qemu_process.guest import SECONDS, Guest
from footprint.qemu_process.monitor import Monitor

TREES = ("info mtree", "info mtree -D", "info mtree -o -D")
FLAT = "info mtree -f -d"
"""Asked for once: after it QEMU keeps every view that two spaces share (docs/reading.md)."""
SECONDS_TO_GREET = 10.0
"""The default limit for a monitor that we attach to; one that serves somebody else never greets."""

Document = dict[str, Any]


def capture_started(command: Sequence[str], *, flat: bool = True, seconds: float = SECONDS) -> Document:
    """Start `command`, stopped before its firmware; what it says of itself, and the life of its views."""
    with Guest(command, seconds=seconds) as guest:
        life = guest.settle()
        document = _read(guest.pid, guest.ask, flat=flat)
        head = {"command": list(guest.command), "version": guest.version}
        head["status"] = guest.monitor.execute("query-status")["status"]
    document["trace"] = life.document() if life.created else None
    if not life.created:
        document.setdefault("unread", []).append("trace: this QEMU was built without log events")
    return head | document


def capture_running(address: str, *, flat: bool = True, seconds: float = SECONDS_TO_GREET) -> Document:
    """What the guest behind the monitor at `address` (a socket's path, or HOST:PORT) says; it goes on as it was."""
    connected = _connect(address, seconds)
    pid = _server(connected)
    try:
        monitor = Monitor(connected, seconds=seconds, who=address)
    except MeasurementError as error:
        connected.close()
        if "did not answer" in str(error):
            raise MeasurementError(f"{error}; somebody else may have its monitor, which serves one") from None
        raise
    try:
        head: Document = {"command": [] if pid is None else command_line_of(pid), "version": monitor.version}
        head["status"] = monitor.execute("query-status")["status"]
        return head | _read(pid, monitor.ask, flat=flat)
    finally:
        monitor.close()


def encode(document: Document, *, packed: bool) -> bytes:
    """`document` as JSON, or as gzip of it, the same for the same document."""
    data = (json.dumps(document, indent=1) + "\n").encode()
    return gzip.compress(data, mtime=0) if packed else data


def counts(document: Document) -> dict[str, int]:
    """What a capture's texts count, under the names of metrics."""
    found = count_spaces(document["info mtree"])
    if FLAT in document:
        found |= count_views(document[FLAT], document["version"])
    return found


def _read(pid: int | None, ask: Callable[[str], str], *, flat: bool) -> Document:
    document: Document = {}
    unread = []
    if pid is None:
        unread.append("smaps_rollup, mappings: the process behind this monitor is not known")
    else:
        try:
            # Memory first: what the monitor prints is allocated in the process that is read.
            document |= {"smaps_rollup": rollup(pid), "mappings": mappings(pid)}
        except MeasurementError as error:
            unread.append(f"smaps_rollup, mappings: {error}")
    document |= {command: ask(command) for command in TREES}
    if flat:
        document[FLAT] = ask(FLAT)
    return document | ({"unread": unread} if unread else {})


def _connect(address: str, seconds: float) -> socket.socket:
    host, colon, port = address.rpartition(":")
    remote = bool(colon) and port.isdigit() and not Path(address).exists()
    connected = socket.socket(socket.AF_INET if remote else socket.AF_UNIX)
    connected.settimeout(seconds)
    try:
        connected.connect((host or "localhost", int(port)) if remote else address)
    except TimeoutError:
        connected.close()
        raise MeasurementError(f"{address} took no connection within {seconds:g} s") from None
    except OSError as error:
        connected.close()
        raise MeasurementError(f"cannot connect to {address}: {reason_of(error)}") from None
    return connected


def _server(connected: socket.socket) -> int | None:
    """The process that listens behind a UNIX socket, if we may know."""
    if connected.family != socket.AF_UNIX:
        return None
    pid, _, _ = struct.unpack("3i", connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid or None
