"""CPUs: how many spaces they look through, and how many views these show."""

from __future__ import annotations

from footprint.recording.model import Recording, Run
from footprint.report.bars import StackedBar, bar_picture, folded
from footprint.report.canvas import ACCENT
from footprint.report.formatting import count, figure, value
from footprint.report.section import Exhibit, LegendKey, Picture, Section

SCENARIO = "cpu_memory"


def cpus(recording: Recording) -> Section | None:
    """The section; None for any other scenario, and where nothing was read."""
    runs = [run for run in recording.runs if value(run, "flatviews.alive") is not None]
    if recording.scenario != SCENARIO or not runs:
        return None
    keys = (LegendKey("--accent", "views"), LegendKey("--pale", "address spaces that show them"))
    pictures = (_spaces_and_views(runs), *_weights(runs))
    lead = (
        "Every CPU looks at memory through an address space, and every space shows a view. Spaces that show the same "
        "region share a view since v2.11.0; CPUs that see memory of their own cannot."
    )
    return Section("What the CPUs see", "cpus", lead, (Exhibit(pictures, keys),))


def _spaces_and_views(runs: list[Run]) -> Picture:
    rows = []
    for run in runs:
        views, spaces = value(run, "flatviews.alive") or 0, value(run, "address_spaces") or 0
        rows.append(
            StackedBar(run.rules, ((views, ACCENT),), f"{count(views)} of {count(spaces)}", spaces, runs=(run.rules,))
        )
    title = "Views, and the address spaces that show them"
    return bar_picture(title, folded(rows), note="Where the solid bar fills the pale one, nothing is shared.")


def _weights(runs: list[Run]) -> tuple[Picture, ...]:
    weights = [(run, value(run, "modelled.bytes")) for run in runs]
    rows = [
        StackedBar(run.rules, ((weight, ACCENT),), figure("modelled.bytes", weight), runs=(run.rules,))
        for run, weight in weights
        if weight is not None
    ]
    if not rows:
        return ()
    title = "What these views weigh"
    return (bar_picture(title, folded(rows), note="Modelled bytes, once the start-up is over."),)
