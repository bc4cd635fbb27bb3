"""Every kind of page as a person sees it: letters large enough, no label on another, cards on a phone, all of it on paper."""

import pytest

from footprint.history.series import KeptValue, SeriesKey
from footprint.history.steps import steps
from footprint.recording.metrics import metric
from footprint.report.kept_runs import render_history
from footprint.report.page import render
from footprint.report.sweep import render_sweeps

from .made import history
from .test_answers import recorded
from .test_browser import CUT_OFF, OPEN_ALL, WIDER
from .test_other_pages import comparison, guests, leaks
from .test_sweep_page import sweep

pytestmark = pytest.mark.browser

LEAST = 10.95
"""CSS pixels of the smallest letter in a picture: eleven, and what rounding takes."""


def kept_runs():
    points = [
        KeptValue(value, f"2026-11-{day:02}T10:00:00+00:00", str(day) * 40, "main", "host", "0.1.0")
        for day, value in enumerate((4, 4, 256, 6), 1)
    ]
    key = SeriesKey("power8", "{}", "v7.2.0", "model", "built")
    return render_history(metric("flatviews.alive"), [(key, points, steps(points, metric("flatviews.alive")))])


PAGES = {
    "rule sets": lambda: render([recorded("power8", "v2.10.0", "v7.2.0", "v11.1.0,transactions=machine")]),
    "cycles": lambda: render([recorded("hotplug", machine="virt", cycles="12")]),
    "functions": lambda: render([recorded("bus_masters", "v2.10.0", "v7.2.0", functions="3")]),
    "remains": lambda: render([recorded("teardown", "v2.0.0", "v7.2.0", "v7.2.0,release=off", devices="1")]),
    "lookups": lambda: render([recorded("radix", "v7.2.0,level_bits=4", "v7.2.0")]),
    "slots": lambda: render([recorded("virtio_mem", "v7.2.0", "v8.2.0")]),
    "cpus": lambda: render([recorded("cpu_memory", "v2.0.0", "v11.1.0", cpus="2")]),
    "one rule set": lambda: render([recorded("pc", "v7.2.0", devices="2xvirtio-net-pci+1xnvme", vga="std")]),
    "published": lambda: render([history()]),
    "comparison": comparison,
    "leaks": leaks,
    "guests": guests,
    "sweep": lambda: render_sweeps([sweep(predict=(320,))]),
    "kept runs": kept_runs,
}

SMALL = """least => [...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length).map(text => {
  const picture = text.ownerSVGElement;
  const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
  return [text.textContent, parseFloat(getComputedStyle(text).fontSize) * scale];
}).filter(([_, pixels]) => pixels < least)"""

OVERLAPS = """() => [...document.querySelectorAll('svg')].filter(picture => picture.getClientRects().length).flatMap(picture => {
  const every = [...picture.querySelectorAll('text')].filter(text => text.textContent.trim())
    .map(text => [text.textContent, text.getBoundingClientRect()]);
  return every.flatMap(([words, a], n) => every.slice(n + 1).filter(([other, b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
    .map(([other]) => words + ' / ' + other));
})"""

CELLS = """() => [...document.querySelectorAll('main td')].filter(cell => {
  const box = cell.getBoundingClientRect();
  return box.width && (box.left < -1 || box.right > innerWidth + 1);
}).map(cell => cell.textContent)"""

BLANK = """() => [...document.querySelectorAll('details:not([open])')].filter(fold => {
  const summary = fold.querySelector('summary');
  return fold.getBoundingClientRect().height < summary.getBoundingClientRect().height + 15;
}).map(fold => fold.textContent.slice(0, 60))"""

SPLIT = "() => [...document.querySelectorAll('main figure')].every(f => getComputedStyle(f).breakInside === 'avoid')"


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A function that gives the file of a page, made once."""
    folder, made = tmp_path_factory.mktemp("looks"), {}

    def path_of(name):
        if name not in made:
            made[name] = folder / f"{len(made)}.html"
            made[name].write_text(PAGES[name](), encoding="utf-8")
        return made[name]

    return path_of


@pytest.mark.parametrize("name", PAGES)
def test_no_letter_is_small_no_label_lies_on_another_and_paper_has_all_that_is_folded(chromium, page_file, name):
    page = chromium.new_page(viewport={"width": 360, "height": 800})
    page.goto(f"file://{page_file(name)}")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1000})
    assert page.evaluate(BLANK) == []
    assert page.evaluate(SPLIT)
    assert page.evaluate(WIDER) <= 0
    page.emulate_media(media="screen")
    page.evaluate(OPEN_ALL)
    for width in (360, 700, 1024):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(SMALL, LEAST) == [], width
        assert page.evaluate(OVERLAPS) == [], width
        assert page.evaluate(CUT_OFF) == [], width
        assert page.evaluate(WIDER) <= 0, width
        if width == 360:
            assert page.evaluate(CELLS) == [], "on a phone each row is a card"
    page.close()
