"""Every device that a QEMU lets plug, one after the other, each in a QEMU of its own; what was measured is kept.

A sweep that is stopped goes on where it was: each device's answer is one line of a file, written when it is known.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from footprint.errors import MeasurementError, RequestError, reason_of
from footprint.leaks.plan import Plan
from footprint.leaks.qemu_measure import measure_qemu
from footprint.leaks.qemu_target import PREFIX, QemuTarget, device_types, probe_guest
from footprint.process.child import find_program
from footprint.progress import Progress
from footprint.qemu_process.device_types import pluggable
from footprint.qemu_process.plug_bench import bench_of
from footprint.verdict.verdict import Answer

SCHEMA = "footprint.device-leaks/1"
REFUSED = "refused"
MOST_WORKERS = 4


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device's answer: a verdict's word or ``refused``, why, and the verdict's document (none where refused)."""

    device: str
    answer: str
    reason: str = ""
    seconds: float = 0.0
    verdict: dict[str, Any] = field(default_factory=dict)

    def rate(self, metric: str) -> float:
        """What `metric` grows by per cycle; 0 where it does not leak."""
        findings = self.verdict.get("findings", [])
        return next((finding["per_cycle"] for finding in findings if finding["metric"] == metric), 0.0)

    @property
    def place(self) -> str:
        """The first place of what leaks, or why there is no verdict."""
        places = [place for finding in self.verdict.get("findings", []) for place in finding["where"]]
        objects = [place for place in places if place["kind"] in ("object", "space")]
        first = next(iter([*objects, *places]), None)
        return str(first["text"]) if first is not None and self.answer == Answer.LEAK else self.reason

    def document(self) -> dict[str, Any]:
        """As a file and ``--json`` have it."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class DeviceSweep:
    """All rows of one QEMU, by device."""

    program: str
    version: str
    machine: str
    rows: tuple[DeviceRow, ...]

    def document(self) -> dict[str, Any]:
        """As ``--json`` has it."""
        rows = [row.document() for row in self.rows]
        return {"program": self.program, "version": self.version, "machine": self.machine, "devices": rows}


class Kept:
    """The file of a sweep; a line that was cut off when its writer was stopped is as if it never was."""

    def __init__(self, path: Path, head: dict[str, Any], *, force: bool) -> None:
        self._path = path
        self.rows: dict[str, DeviceRow] = {}
        if path.exists() and not force:
            lines = path.read_text(errors="replace").split("\n")
            documents = [document for document in map(_parsed, lines[:-1]) if document]
            if not documents or documents[0] != head:
                raise RequestError(
                    f"{path} is of another sweep (another binary, or other options); give another -o, or --force"
                )
            self.rows = {document["device"]: DeviceRow(**document) for document in documents[1:]}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = [head, *(row.document() for row in self.rows.values())]
        path.write_text("".join(json.dumps(document) + "\n" for document in whole))

    def add(self, row: DeviceRow) -> None:
        """Keep it, now."""
        self.rows[row.device] = row
        with self._path.open("a") as file:
            file.write(json.dumps(row.document()) + "\n")


def sweep_devices(
    target: QemuTarget, folder: Path, plan: Plan, seconds: float, say: Progress, *, force: bool = False,
    only: Sequence[str] = (),
) -> DeviceSweep:  # fmt: skip
    """Every device of the QEMU of `target` (or `only` these), its rows kept in `folder`; raises MeasurementError."""
    program = find_program(target.program)
    bench = bench_of(program, target.machine)
    names = [name for name in pluggable(device_types(program)) if not only or name in only]
    with probe_guest(program) as guest:
        version = guest.version
    head = {
        "schema": SCHEMA, "program": program, "size": Path(program).stat().st_size, "version": version,
        "machine": bench.machine, "cycles": plan.cycles,
    }  # fmt: skip
    name = f"{Path(program).name}-{version}-{bench.machine.split(',')[0]}"
    try:
        kept = Kept(folder / f"{name}.jsonl", head, force=force)
    except OSError as error:
        raise RequestError(f"the sweep cannot be kept in {folder}: {reason_of(error)}") from None
    missing = [name for name in names if name not in kept.rows]
    if len(missing) < len(names):
        say(f"{len(names) - len(missing)} of {len(names)} devices were measured before")
    with ThreadPoolExecutor(min(MOST_WORKERS, os.cpu_count() or 1)) as pool:
        try:
            jobs = [pool.submit(_row, program, target, name, plan, seconds) for name in missing]
            for number, job in enumerate(as_completed(jobs), len(names) - len(missing) + 1):
                row = job.result()
                kept.add(row)
                say(f"QEMU {version}: {number} of {len(names)} devices; {row.device}: {row.answer}")
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    rows = tuple(kept.rows[name] for name in names)
    return DeviceSweep(program, version, bench.machine, rows)


def _row(program: str, target: QemuTarget, device: str, plan: Plan, seconds: float) -> DeviceRow:
    of_device = QemuTarget(PREFIX + device, program, target.machine, device, {}, target.before, target.after)
    try:
        verdict = measure_qemu(of_device, plan, seconds)
    except (MeasurementError, RequestError) as error:
        return DeviceRow(device, REFUSED, str(error))
    return DeviceRow(device, verdict.verdict, verdict.reason, round(verdict.seconds, 2), verdict.document())


def _parsed(line: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


@dataclass(frozen=True, slots=True)
class Change:
    """A device that answers otherwise in another QEMU: `what` changed, and the rates in bytes per cycle."""

    device: str
    what: str
    before: DeviceRow | None
    after: DeviceRow | None

    @property
    def is_worse(self) -> bool:
        """Whether it leaks more than before, or crashes and did not."""
        return self.what in (NEW_LEAK, LEAKS_MORE, NEW_CRASH)

    def document(self) -> dict[str, Any]:
        """As ``--json`` has it."""
        rates = {name: row.rate("heap.bytes") if row else None for name, row in self._sides}
        return {"device": self.device, "what": self.what, "heap.bytes": rates}

    @property
    def _sides(self) -> Iterable[tuple[str, DeviceRow | None]]:
        return ("before", self.before), ("after", self.after)


NEW_LEAK, LEAKS_MORE, LEAKS_LESS, MENDED_LEAK = "new leak", "leaks more", "leaks less", "mended leak"
NEW_CRASH, MENDED_CRASH, NEW_DEVICE, GONE_DEVICE = "new crash", "mended crash", "new device", "no such device any more"
SAME_SHARE, SAME_BYTES = 0.02, 16.0
"""Rates that differ by less are alike: malloc rounds up differently from run to run."""


def changes(before: DeviceSweep, after: DeviceSweep) -> list[Change]:
    """What is otherwise in `after` than in `before`, the worst first; refused devices are no change."""
    old, new = ({row.device: row for row in sweep.rows} for sweep in (before, after))
    order = (NEW_CRASH, NEW_LEAK, LEAKS_MORE, LEAKS_LESS, MENDED_LEAK, MENDED_CRASH, NEW_DEVICE, GONE_DEVICE)
    seen = [
        Change(name, what, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if (what := _change(old.get(name), new.get(name)))
    ]
    return sorted(seen, key=lambda change: (order.index(change.what), change.device))


def _change(old: DeviceRow | None, new: DeviceRow | None) -> str:
    if old is None or new is None:
        if old is None and new is not None and new.answer in (Answer.LEAK, Answer.CRASH):
            return NEW_LEAK if new.answer == Answer.LEAK else NEW_CRASH
        return NEW_DEVICE if old is None else GONE_DEVICE
    told = {Answer.LEAK: (NEW_LEAK, MENDED_LEAK), Answer.CRASH: (NEW_CRASH, MENDED_CRASH)}
    for answer in (Answer.CRASH, Answer.LEAK):
        if new.answer == answer != old.answer:
            return told[answer][0]
    if old.answer in told and new.answer == Answer.CLEAN:
        return told[Answer(old.answer)][1]
    if old.answer == new.answer == Answer.LEAK:
        was, now = old.rate("heap.bytes"), new.rate("heap.bytes")
        if abs(now - was) > max(SAME_BYTES, SAME_SHARE * was):
            return LEAKS_MORE if now > was else LEAKS_LESS
    return ""
