"""Names that hold markup, quotes, NUL, 10 000 letters or marks that turn the writing round are text on pages of every kind."""

import json

import pytest

from footprint.history.series import KeptValue, SeriesKey
from footprint.history.steps import steps
from footprint.recording.metrics import metric
from footprint.recording.sweep import SWEEP_SCHEMA, FailedPoint, Point, Sweep
from footprint.report.index.entries import IndexEntry
from footprint.report.index.page import render_index
from footprint.report.kept_runs import render_history
from footprint.report.page import render
from footprint.report.summary import head
from footprint.report.sweep import render_sweeps
from footprint.sweep.fits import fits

from .made import largest, recording, run, view
from .made import machine as with_views
from .test_leak_page import leak
from .test_page import Outline, everything_named

HOSTILE = "<img src=x onerror=alert(1)>\"'&\0\u202e\u200f\x1b[31m"
NAMES = {"short": HOSTILE, "long": HOSTILE + "x" * 10_000}


def of_a_run(name):
    return render([everything_named(name)], title=name)


def of_machines(name):
    return render([largest(name, views=2), with_views(view(name, spaces=(name,)))])


def of_two_compared(name):
    both = [recording(run(name, n), run(name + "2", n), scenario=name, params={name: name}) for n in (5, 9)]
    return render(both, names=(name, f"{name}/other"))


def of_a_sweep(name):
    axes = {name: (1, 2, 4, 8)}
    points = tuple(Point(str(n), {name: n}, name, "built", {"nodes": n * n}) for n in axes[name])
    failed = FailedPoint("f", {name: 8}, name, name, 1)
    return render_sweeps([Sweep(SWEEP_SCHEMA, name, axes, points, fits(points, axes), (failed,))], title=name)


def of_a_history(name):
    points = [KeptValue(n, "2026-11-01T10:00:00+00:00", name, name, name, name) for n in (4, 9)]
    key = SeriesKey(name, json.dumps({name: name}), name, name, name)
    return render_history(metric("nodes"), [(key, points, steps(points, metric("nodes")))])


def of_a_leak(name):
    from footprint.report.leak_page.page import render_leak

    return render_leak(leak(hints=(name,), what=name), command=name, environment={name: name})


def of_an_index(name):
    from pathlib import Path

    told = recording(run(name), scenario=name, params={name: name}, answer=name, question=name)
    return render_index([IndexEntry(Path("x"), "x/index.html", told, head(told), name, None)], title=name)


PAGES = (of_a_run, of_machines, of_two_compared, of_a_sweep, of_a_history, of_a_leak, of_an_index)


@pytest.mark.parametrize("length", NAMES)
@pytest.mark.parametrize("page_of", PAGES, ids=lambda page_of: page_of.__name__)
def test_a_hostile_name_is_text_that_a_reader_can_see(page_of, length):
    page = page_of(NAMES[length])
    outline = Outline(page)
    assert "img" not in {tag for tag, _ in outline.tags}
    assert outline.open == []
    for letter in "\0\u202e\u200f\x1b":
        assert letter not in page, f"U+{ord(letter):04X} stands in the page as it is"
    assert '<img src=x onerror=alert(1)>"' in "".join(outline.text)
    assert "[U+0000][U+202E][U+200F][U+001B]" in page
    assert len(page.encode()) < 3 << 20
