"""A real QEMU: what its process took, what several guests share, and which binary it was."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording, Run, Sample
from footprint.report import references as refer
from footprint.report.bars import StackedBar, bar_picture
from footprint.report.canvas import BROAD, SERIES
from footprint.report.formatting import NOTHING, count, figure, percent, plural, size
from footprint.report.section import Exhibit, LegendKey, PictureData, Section, Table, TableColumn

RSS, USS, PSS, PEAK = "process.rss", "process.uss", "process.pss", "process.rss.peak"
_PRIVATE, _SHARED = SERIES[0], SERIES[4]
_OTHER_PRIVATE = SERIES[2]
"""Every second guest's, so that neighbours are told apart."""
_HEADS = {
    RSS: "RSS",
    USS: "USS",
    PSS: "PSS",
    PEAK: "RSS at its peak",
    "process.cpu_seconds": "processor time to start",
    "process.wall_seconds": "time to start",
    "process.steady_seconds": "until memory was steady",
}
_FACTS = (("QEMU", "binary"), ("QEMU version", "version"), ("QEMU command line", "command line"))
_LONG = 300
"""Letters of a command line that is folded away."""
_MOST_GUESTS = 40
"""Guests that are drawn one by one."""


def real_qemu(recording: Recording, held: Sequence[refer.Reference] = ()) -> Section | None:
    """The section; None for a model, and where no process was measured. `held` is what figures are held against."""
    if recording.backend != "qemu" or not recording.runs:
        return None
    run = recording.runs[-1]
    shown = _samples(run)
    if not shown:
        return None
    exhibits = (_process(recording, run, shown, held), *_guests(shown), _binary(recording))
    return Section("The process", "process", _lead(run, shown), exhibits)


def _samples(run: Run) -> list[Sample]:
    """Those whose process was measured; of a mark that comes again its first and its last."""
    kept: dict[tuple[str, int], Sample] = {}
    for sample in run.samples:
        if RSS not in sample.metrics or USS not in sample.metrics:
            continue
        if (sample.mark, 0) in kept:
            kept[sample.mark, 1] = sample
        else:
            kept[sample.mark, 0] = sample
    return list(kept.values())


def _lead(run: Run, shown: Sequence[Sample]) -> str:
    judged = run.sample()
    read = (judged if judged is not None and judged in shown else shown[-1]).metrics
    guests = int(read.get("guests", 1))
    each = "one of them, on average, has" if guests > 1 else "it has"
    which = run.rules.replace("qemu-", "QEMU ", 1)
    who = f"{plural(guests, 'guest')} of {which}" if guests > 1 else which
    said = [
        f"{who}: {each} {size(read[RSS])} resident, {size(read[USS])} to itself "
        f"({percent(read[USS], read[RSS])}) and {size(read[RSS] - read[USS])} shared with other processes."
    ]
    if peaks := [sample.metrics[PEAK] for sample in shown if PEAK in sample.metrics]:
        said.append(f"At its most {size(max(peaks))} were resident.")
    if guests > 1 and "guests.pss" in read:
        said.append(
            f"Together they cost {size(read['guests.pss'])} (PSS); their RSS adds up to {size(read['guests.rss'])}."
        )
    return " ".join(said)


def _at(sample: Sample) -> str:
    return f"{sample.mark} {sample.cycle}" if sample.cycle else sample.mark


def _process(recording: Recording, run: Run, shown: Sequence[Sample], held: Sequence[refer.Reference]) -> Exhibit:
    """Private and shared memory at each mark, with the peak, and every figure in a table."""
    rows = [
        StackedBar(
            _at(sample),
            ((sample.metrics[USS], _PRIVATE), (max(sample.metrics[RSS] - sample.metrics[USS], 0), _SHARED)),
            size(sample.metrics[RSS]),
            published=sample.metrics.get(PEAK),
            published_text=figure(PEAK, sample.metrics.get(PEAK)) if PEAK in sample.metrics else "",
            against=refer.signs(refer.about(held, RSS, run, sample)),
        )
        for sample in shown
    ]
    title = "Resident memory at each mark"
    label = f"{title}. " + "; ".join(f"{row.label}: {row.text}, {size(row.parts[0][0])} of it private" for row in rows)
    told = [row for sample in shown for row in refer.about(held, RSS, run, sample)]
    picture = bar_picture(title, rows, f"{label}.", refer.note(told), broad=BROAD, ours="resident", theirs="peak")
    keys = [LegendKey(_PRIVATE, "private (USS)"), LegendKey(_SHARED, "shared with other processes (RSS − USS)")]
    if any(row.published is not None for row in rows):
        keys.append(LegendKey("--mark", "the most that was ever resident", "diamond"))
    keys += refer.keys(told)
    names = [name for name in _HEADS if any(name in sample.metrics for sample in shown)]
    columns = (TableColumn("mark"), *(TableColumn(_HEADS[name], number=True) for name in names))
    cells = tuple((_at(each), *(figure(name, each.metrics.get(name)) for name in names)) for each in shown)
    table = Table("Memory and time of the process", columns, cells, folded=False)
    numbers = tuple((each.mark, each.cycle, *(each.metrics.get(name) for name in names)) for each in shown)
    data = PictureData(f"{recording.scenario}-process", ("mark", "cycle", *names), numbers)
    return Exhibit((picture,), tuple(keys), (table,), data=data)


def _guests(shown: Sequence[Sample]) -> tuple[Exhibit, ...]:
    """Guests side by side: added up as RSS does it, and what they cost together."""
    read = next(
        (sample.metrics for sample in reversed(shown) if {"guests", "guests.pss"} <= sample.metrics.keys()), None
    )
    if read is None:
        return ()
    guests, private = int(read["guests"]), read[USS]
    shared = max(read[RSS] - private, 0)
    once = max(read["guests.pss"] - guests * private, 0)
    drawn = min(guests, _MOST_GUESTS)
    colours = [_PRIVATE if n % 2 else _OTHER_PRIVATE for n in range(drawn)]
    share = guests / drawn
    rows = (
        StackedBar(
            "their RSS, added up",
            tuple(part for colour in colours for part in ((private * share, colour), (shared * share, _SHARED))),
            size(guests * (private + shared)),
        ),
        StackedBar(
            "what they cost (PSS)",
            (*((private * share, colour) for colour in colours), (once, _SHARED)),
            size(guests * private + once),
        ),
    )
    title = f"{plural(guests, 'guest')} side by side"
    note = f"Shared memory counted once for each guest, and once for all: {size(rows[0].reach - rows[1].reach)} less."
    label = f"{title}. {rows[0].label}: {rows[0].text}; {rows[1].label}: {rows[1].text}."
    keys = (
        LegendKey(_OTHER_PRIVATE, "private to a guest"),
        LegendKey(_PRIVATE, "private to the next guest"),
        LegendKey(_SHARED, "shared"),
    )
    table = Table(
        "What the guests have together",
        (
            TableColumn("guests"),
            *(TableColumn(label, number=True) for label in ("private, each", "shared, each", "RSS", "PSS")),
        ),
        ((count(guests), size(private), size(shared), figure(RSS, read.get("guests.rss")), size(read["guests.pss"])),),
        folded=False,
    )
    return (Exhibit((bar_picture(title, rows, label, note, broad=BROAD),), keys, (table,)),)


def _binary(recording: Recording) -> Exhibit:
    """Binary, version and command line; a long command line is folded."""
    facts = [(label, str(recording.environment[name])) for name, label in _FACTS if name in recording.environment]
    columns = (TableColumn("what"), TableColumn("it is"))
    short = tuple(row for row in facts if len(row[1]) <= _LONG) or (("binary", NOTHING),)
    long = tuple(row for row in facts if len(row[1]) > _LONG)
    tables = [Table("Which QEMU, and how it was started", columns, short, folded=False)]
    if long:
        tables.append(Table(f"The {long[0][0]}, {count(len(long[0][1]))} letters", columns, long))
    return Exhibit(tables=tuple(tables))
