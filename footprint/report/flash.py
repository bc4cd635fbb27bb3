"""Flash: what the images cost that processes have loaded, against their number."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording, Run, Sample
from footprint.report import references as refer
from footprint.report.bars import StackedBar, bar_picture
from footprint.report.canvas import ACCENT, SERIES
from footprint.report.formatting import figure, size
from footprint.report.section import Exhibit, LegendKey, Picture, Section, Table, TableColumn

LOADED, BARE = "loaded", "bare"


def flash(recording: Recording, held: Sequence[refer.Reference] = ()) -> Section | None:
    """The section; None where no process has loaded an image. `held` is what figures are held against."""
    runs = [run for run in recording.runs if any(sample.mark == LOADED for sample in run.samples)]
    if not runs:
        return None
    of_images = any("flash.all" in sample.metrics for run in runs for sample in run.samples)
    pictures = (*([_images(runs, held)] if of_images else []), _guests(runs))
    told = [row for run in runs for row in refer.about(held, "flash.all", run, run.sample(LOADED))]
    keys = (
        LegendKey("--accent", "for nobody else"),
        LegendKey("--s1", "its share of what others have, too"),
        *refer.keys(told),
    )
    lead = (
        "An image that every process reads for itself costs its size each time. Mapped from one file, its pages are in "
        "the page cache, and there once."
    )
    return Section("Flash", "flash", lead, (Exhibit(pictures, keys, (_table(runs),)),))


def _loaded(run: Run) -> list[Sample]:
    return [sample for sample in run.samples if sample.mark == LOADED]


def _images(runs: list[Run], held: Sequence[refer.Reference]) -> Picture:
    rows = [
        StackedBar(
            f"{run.rules}, {sample.cycle} of them",
            ((sample.metrics["flash.all"], ACCENT),),
            size(sample.metrics["flash.all"]),
            against=refer.signs(refer.about(held, "flash.all", run, sample)),
        )
        for run in runs
        for sample in _loaded(run)
    ]
    told = [row for run in runs for row in refer.about(held, "flash.all", run, run.sample(LOADED))]
    note = f"Anonymous memory of all processes, and the page cache once. {refer.note(told)}".strip()
    return bar_picture("What the image costs in all", rows, note=note)


def _guests(runs: list[Run]) -> Picture:
    """What one process takes, without an image and with one."""
    rows = []
    for run in runs:
        last = {sample.mark: sample.metrics for sample in run.samples}
        for mark, words in ((BARE, "without"), (LOADED, "with")):
            metrics = last.get(mark)
            if metrics:
                own, share = metrics["process.uss"], metrics["process.pss"] - metrics["process.uss"]
                rows.append(StackedBar(f"{run.rules}, {words}", ((own, ACCENT), (share, SERIES[1])), size(own + share)))
    title = "What one process takes, with its image and without"
    return bar_picture(title, rows, note="USS and PSS, the mean of all that run side by side.")


def _table(runs: list[Run]) -> Table:
    names = ("flash.all", "flash.uss", "flash.pss", "flash.cache", "process.rss", "process.uss", "process.pss")
    rows = tuple(
        (
            run.rules,
            sample.mark,
            str(int(sample.metrics["guests"])) if "guests" in sample.metrics else "1",
            *(figure(name, sample.metrics.get(name)) for name in names),
        )
        for run in runs
        for sample in run.samples
    )
    heads = ("image in all", "private of it", "shares of it", "in the page cache", "RSS each", "USS each", "PSS each")
    columns = (TableColumn("way"), TableColumn("mark"), TableColumn("processes", number=True))
    return Table(
        "What was measured, by the number of processes",
        (*columns, *(TableColumn(head, number=True) for head in heads)),
        rows,
        folded=False,
    )
