"""The readings behind what grows from cycle to cycle in a recording, with the fitted slopes."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording
from footprint.report.leak_page.readings import MetricReadings, readings_picture, slope_words
from footprint.report.section import LegendKey, Picture
from footprint.verdict.scenario_growth import Growth, readings
from footprint.verdict.trend import Slope

MOST_PICTURES = 4
KEYS = (
    LegendKey("--accent", "readings"),
    LegendKey("--mark", "slope fitted to the second half"),
    LegendKey("--pale", "its 95 % interval"),
)
"""The legend of every picture of readings."""


def growth_pictures(recording: Recording, growing: Sequence[Growth]) -> tuple[Picture, ...]:
    """A picture for each of the first of `growing`, metrics that go alike in one run only once."""
    pictures: dict[object, Picture] = {}
    for growth in growing:
        run = recording.run(growth.rules)
        if run is None:
            continue
        windows = readings(run, growth)
        slope = Slope(growth.per_cycle, growth.low, growth.high)
        shape = tuple(value - windows[0].values[0] for window in windows for value in window.values)
        drawn = readings_picture(MetricReadings(growth.metric, windows, slope, 1, 1))
        title = f"{growth.metric} under {growth.rules}, at {growth.mark}"
        pictures.setdefault((growth.rules, shape), Picture(title, drawn, slope_words(growth.metric, slope)))
        if len(pictures) == MOST_PICTURES:
            break
    return tuple(pictures.values())
