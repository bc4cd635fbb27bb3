"""Lookups: how many radix nodes an address costs, under each rule set, beside what the tree weighs."""

from __future__ import annotations

from footprint.recording.model import Recording, Run
from footprint.report.bars import StackedBar, bar_picture
from footprint.report.canvas import ACCENT
from footprint.report.formatting import NOTHING, count, figure, judged_at, listed, value
from footprint.report.section import Exhibit, LegendKey, Picture, Section, Table, TableColumn

_STREAMS = {
    "ranges": ("Every range as likely as every other", "Devices are looked up as often as RAM."),
    "uniform": ("Every page as likely as every other", "Nearly all lookups are of RAM."),
    "hot": ("Nine of ten lookups of one page", "As when a driver polls a register."),
}


def lookups(recording: Recording) -> Section | None:
    """The section; None if no address was looked up."""
    runs = [run for run in recording.runs if value(run, "lookups")]
    if not runs:
        return None
    pictures = (*(_walks(runs, stream) for stream in _STREAMS), _weights(runs))
    keys = (
        LegendKey("--accent", "nodes read by a lookup, mean"),
        LegendKey("--mark", "99 of 100 read no more", "diamond"),
    )
    return Section("Lookups", "lookups", _lead(recording, runs), (Exhibit(pictures, keys, (_table(runs),)),))


def _mean(run: Run, stream: str) -> float:
    return (value(run, f"lookups.{stream}.reads") or 0) / (value(run, "lookups") or 1)


def _lead(recording: Recording, runs: list[Run]) -> str:
    longest, shortest = (pick(runs, key=lambda run: _mean(run, "ranges")) for pick in (max, min))
    return (
        "To find who answers at an address, QEMU reads one node of the radix tree for each level that it cannot skip. "
        f"Looked up {judged_at(recording)}, in every view: {_mean(longest, 'ranges'):.2f} nodes under {longest.rules}, "
        f"{_mean(shortest, 'ranges'):.2f} under {shortest.rules}."
    )


def _walks(runs: list[Run], stream: str) -> Picture:
    title, note = _STREAMS[stream]
    rows = []
    for run in runs:
        mean, most = _mean(run, stream), value(run, f"lookups.{stream}.p99")
        rows.append(
            StackedBar(
                run.rules, ((mean, ACCENT),), f"{mean:.2f}", published=most,
                published_text=NOTHING if most is None else count(most), runs=(run.rules,),
            )
        )  # fmt: skip
    said = listed(f"{row.label}: {row.text} nodes" for row in rows)
    return bar_picture(title, rows, f"{title}. {said}.", note, ours="mean", theirs="99 %")


def _weights(runs: list[Run]) -> Picture:
    title = "What the trees of the views in use weigh"
    rows = [
        StackedBar(run.rules, ((weight or 0, ACCENT),), figure("modelled.nodes", weight), runs=(run.rules,))
        for run in runs
        for weight in [value(run, "modelled.nodes")]
    ]
    return bar_picture(title, rows, note="All nodes allocated. A shorter walk is no smaller tree.")


def _table(runs: list[Run]) -> Table:
    heads = [f"{stream}, {what}" for stream in _STREAMS for what in ("mean", "99 %")]
    columns = ("nodes", "of them allocated", "bytes", *heads)
    rows = tuple(
        (
            run.rules,
            *(figure(name, value(run, name)) for name in ("nodes", "nodes.allocated", "modelled.nodes")),
            *(
                cell
                for stream in _STREAMS
                for cell in (f"{_mean(run, stream):.3f}", figure("", value(run, f"lookups.{stream}.p99")))
            ),
        )
        for run in runs
    )
    return Table(
        "Radix nodes, and how many of them a lookup reads",
        (TableColumn("rule set"), *(TableColumn(name, number=True) for name in columns)),
        rows,
        folded=False,
    )
