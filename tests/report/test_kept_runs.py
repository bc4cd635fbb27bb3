"""The page of a history: every series, every step with its commits."""

import html
import re

import pytest

from footprint.history.series import KeptValue, SeriesKey
from footprint.history.steps import steps
from footprint.recording.metrics import metric
from footprint.report.kept_runs import render_history


def stepped(name, values, rules="v7.2.0", scenario="power8"):
    points = [
        KeptValue(value, f"2026-11-{day:02}T10:00:00+00:00", str(day) * 40, "<b>", "host", "0.1.0")
        for day, value in enumerate(values, 1)
    ]
    return SeriesKey(scenario, '{"cpus":2}', rules, "model", "built"), points, steps(points, metric(name))


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


def test_each_step_stands_in_a_table_with_its_commits():
    page = render_history(metric("flatviews.alive"), [stepped("flatviews.alive", [4, 4, 256, 6])])
    text = " ".join(text_of(page).split())
    assert "flatviews.alive changed 2 times, the last time from 256 to 6, under v7.2.0 in power8 at commit 444" in text
    assert "on 2026-11-04; 4 runs in 1 series." in text
    assert f"1 4 256 +252 {'3' * 12} <b> {'2' * 12}" in text
    assert "2 256 6 −250" in text
    assert "At the mark “built”, on the model (cpus=2)." in text
    assert "<b>" not in page
    assert page.count("<svg") == 4, "the series on top and in its section, each for a phone and for a window"
    assert "a history of kept runs alone" in text


def test_series_of_one_scenario_stand_together_and_others_apart():
    series = [stepped("process.rss", [10**7] * 2, rules=rules) for rules in ("v2.10.0", "v7.2.0")]
    series.append(stepped("process.rss", [0, 0], scenario="pc"))
    page = render_history(metric("process.rss"), series)
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["power8 (built)", "pc (built)"]
    assert re.findall(r"<h3>(.*?)</h3>", page) == ["v2.10.0", "v7.2.0", "v7.2.0"]
    assert "process.rss never changed: 6 runs in 3 series." in text_of(page)


@pytest.mark.parametrize("name", ["flatviews.alive", "modelled.bytes", "process.cpu_seconds"])
@pytest.mark.parametrize("values", [[0], [1], [0.25, 0.5], [3, 10**12]])
def test_any_values_are_drawn(name, values):
    assert "<svg" in render_history(metric(name), [stepped(name, values)])
