"""A sweep over devices in words: a table of what leaks or dies, and what is otherwise than in another QEMU."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from footprint.leaks.qemu_sweep import REFUSED, Change, DeviceRow, DeviceSweep
from footprint.leaks.verdict_text import amount
from footprint.verdict.verdict import Answer

MOST_PLACE = 90
_WORST = (Answer.CRASH, Answer.LEAK, Answer.INCONCLUSIVE)


def sweep_lines(sweep: DeviceSweep) -> Iterator[str]:
    """How many answers of each kind, a line for each device that is not clean, the clean ones, what was refused."""
    counts = Counter(row.answer for row in sweep.rows)
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in (*_WORST, Answer.CLEAN, REFUSED) if counts[kind])
    yield f"QEMU {sweep.version}, {sweep.machine}: {len(sweep.rows)} devices: {kinds}"
    worst = sorted(
        (row for row in sweep.rows if row.answer in _WORST),
        key=lambda row: (_WORST.index(Answer(row.answer)), -row.rate("heap.bytes"), row.device),
    )
    if worst:
        yield ""
        yield from _table([("device", "answer", "heap a cycle", "what stays, or why"), *map(_cells, worst)])
    clean = [row.device for row in sweep.rows if row.answer == Answer.CLEAN]
    if clean:
        yield ""
        yield from _wrapped("clean: ", clean)
    refused = [row for row in sweep.rows if row.answer == REFUSED]
    if refused:
        yield ""
        yield "refused (a device that cannot be cycled here says nothing of leaks):"
        yield from (f"  {row.device}: {_cut(row.reason)}" for row in refused)


def change_lines(before: DeviceSweep, after: DeviceSweep, changed: Sequence[Change]) -> Iterator[str]:
    """What is otherwise in `after` than in `before`."""
    yield (
        f"QEMU {after.version} against {before.version}: {len(changed)} changes"
        if changed
        else (f"QEMU {after.version} against {before.version}: nothing is otherwise")
    )
    rows = [("change", "device", f"{before.version} a cycle", f"{after.version} a cycle")]
    rows += [(change.what, change.device, _side(change.before), _side(change.after)) for change in changed]
    if changed:
        yield ""
        yield from _table(rows)


def _side(row: DeviceRow | None) -> str:
    if row is None:
        return "-"
    return _rate(row) if row.answer == Answer.LEAK else row.answer


def _cells(row: DeviceRow) -> tuple[str, ...]:
    return row.device, row.answer, _rate(row) if row.answer == Answer.LEAK else "", _cut(row.place)


def _rate(row: DeviceRow) -> str:
    heap = row.rate("heap.bytes")
    if heap:
        return amount("heap.bytes", heap)
    finding = row.verdict["findings"][0]
    return f"{amount(finding['metric'], finding['per_cycle'])} ({finding['metric']})"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_PLACE else line[: MOST_PLACE - 1] + "…"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        yield ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True))).rstrip()


def _wrapped(head: str, names: Sequence[str], width: int = 116) -> Iterator[str]:
    line = head
    for name in names:
        if len(line) + len(name) > width:
            yield line.rstrip()
            line = "  "
        line += name + " "
    yield line.rstrip()
