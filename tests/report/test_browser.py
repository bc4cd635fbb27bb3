"""The page in a real browser."""

import csv
import json
import re
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from footprint.memory.rules import rule_set
from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.report.page import render
from footprint.scenario.find import find

from .made import history, largest, recording, run, view
from .made import machine as with_views
from .test_page import everything_named

pytestmark = pytest.mark.browser

ALARM = "<script>window.ran = true</script><img src=x onerror='window.ran = true'>"


@dataclass
class Visit:
    """What happened while a page was open."""

    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    answers: dict[str, object] = field(default_factory=dict)


@pytest.fixture
def visit(chromium, tmp_path):
    """A function that opens a page of recordings, from a server that notes every request, and puts questions to it."""
    asked = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def open_page(recordings, questions, width=1400, scheme="light"):
        (tmp_path / "index.html").write_text(render(recordings), encoding="utf-8")
        seen = Visit()
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and seen.complaints.append(message.text))
        page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        page.on("request", lambda request: seen.asked.append(request.url))
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html", wait_until="load")
        seen.answers = {question: page.evaluate(question) for question in questions}
        context.close()
        return seen

    yield open_page
    server.shutdown()
    server.server_close()
    assert set(asked) <= {"/index.html"}


WIDER = "document.documentElement.scrollWidth - innerWidth"
OPEN_ALL = "document.querySelectorAll('details').forEach(one => one.open = true)"
SMALLEST = (
    "Math.min(...[...document.querySelectorAll('svg text')].filter(text => text.getClientRects().length)"
    ".map(text => parseFloat(getComputedStyle(text).fontSize)"
    " * text.ownerSVGElement.getBoundingClientRect().width / text.ownerSVGElement.viewBox.baseVal.width))"
)
CUT_OFF = (
    "[...document.querySelectorAll('svg text')].filter(text => {"
    " const own = text.getBoundingClientRect(), all = text.ownerSVGElement.getBoundingClientRect();"
    " return own.left < all.left - 1 || own.right > all.right + 1 }).map(text => text.textContent)"
)


@pytest.fixture(scope="module")
def power8():
    """A real recording of a small guest under the whole history."""
    scenario = find("power8")
    values = scenario.values({"cpus": "2", "nics": "2", "bridges": "1"})
    rules = tuple(rule_set(name) for name in scenario.rules)
    return record(Request(scenario, "power8", values, ModelOptions(rules)))


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_real_recording_asks_for_nothing_complains_of_nothing_and_fits_the_window(visit, power8, width, scheme):
    seen = visit([power8], [WIDER, CUT_OFF, SMALLEST, OPEN_ALL, "1;" + WIDER], width, scheme)
    assert len(seen.asked) == 1
    assert seen.complaints == []
    assert seen.answers[WIDER] <= 0
    assert seen.answers["1;" + WIDER] <= 0, "with all tables open"
    assert seen.answers[CUT_OFF] == []
    assert seen.answers[SMALLEST] >= 10


TAKEN = (
    "[...document.querySelectorAll('header.page, main .exhibit')].filter(exhibit => exhibit.querySelector('figure'))"
    ".map(exhibit => ['csv', 'json'].every(kind => exhibit.querySelector(`.data a[download$=${kind}]`)))"
)
CLICKED = (
    "(() => { const exhibit = [...document.querySelectorAll('#r1-machine .exhibit')]"
    ".find(exhibit => exhibit.querySelector('figure') && exhibit.querySelector('table'));"
    " const table = exhibit.querySelector('table');"
    " const shown = [...table.rows].map(row => [...row.cells].map(cell => cell.textContent.trim()));"
    " return [shown, ...[...exhibit.querySelectorAll('.data a')].slice(0, 2).map(link => {"
    " link.addEventListener('click', event => event.preventDefault()); link.click();"
    " return decodeURIComponent(link.href.slice(link.href.indexOf(',') + 1)); })]; })()"
)


def test_the_data_of_each_picture_can_be_taken_away_as_csv_and_json(visit, power8):
    seen = visit([power8], [TAKEN, CLICKED])
    assert len(seen.answers[TAKEN]) > 5 and all(seen.answers[TAKEN])
    shown, as_csv, as_json = seen.answers[CLICKED]
    wanted = [[cell if re.search("[^-\\d\\s]", cell) else re.sub(r"\s", "", cell) for cell in row] for row in shown]
    assert list(csv.reader(as_csv.splitlines())) == wanted
    document = json.loads(as_json)
    assert [document["columns"], *document["rows"]] == wanted


@pytest.mark.parametrize("width", [1400, 400])
def test_long_names_and_several_recordings_fit_the_window(visit, width):
    long = recording(run("rule" * 60, features={"feature" * 40: "y" * 200}), scenario="s" * 300, notes=("n" * 400,))
    seen = visit([long, history(), everything_named("m" * 300)], [OPEN_ALL, WIDER, CUT_OFF], width)
    assert seen.answers[WIDER] <= 0
    assert seen.answers[CUT_OFF] == []
    assert seen.complaints == []


def test_a_script_in_a_name_is_shown_and_not_run(visit):
    shown = "document.body.innerText.includes('<script>window.ran = true</script>')"
    drawn = "[...document.querySelectorAll('svg text')].some(text => text.textContent.startsWith('<script>'))"
    seen = visit([everything_named(ALARM)], ["window.ran === undefined", shown, drawn])
    assert all(seen.answers.values()), seen.answers
    assert seen.complaints == []
    assert len(seen.asked) == 1


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize("name", ["virtio-net-pci", "W" * 90, "名" * 90])
def test_the_largest_machine_fits_the_window_with_no_text_cut_off_or_too_small_to_read(visit, name, width):
    seen = visit([largest(name)], [WIDER, CUT_OFF, SMALLEST, OPEN_ALL, "1;" + WIDER], width)
    assert seen.answers[WIDER] <= 0
    assert seen.answers["1;" + WIDER] <= 0, "with all tables open"
    assert seen.answers[CUT_OFF] == []
    assert seen.answers[SMALLEST] >= 10
    assert seen.complaints == []


def test_a_script_in_the_name_of_a_space_a_root_or_a_region_is_drawn_and_not_run(visit):
    hostile = largest("<script>window.ran = true</script>", views=2)
    drawn = (
        "[...document.querySelectorAll('svg.sheet text')].filter(text => text.textContent.includes('<script')).length"
    )
    seen = visit([hostile, with_views(view(ALARM, spaces=(ALARM,)))], ["window.ran === undefined", drawn])
    assert seen.answers["window.ran === undefined"]
    assert seen.answers[drawn] > 20
    assert seen.complaints == []
    assert len(seen.asked) == 1


def test_the_words_of_a_map_do_not_lie_on_each_other(visit, power8):
    overlaps = (
        "[...document.querySelectorAll('#r1-machine svg')].flatMap(svg => {"
        " const all = [...svg.querySelectorAll('text')].map(text => [text.textContent, text.getBoundingClientRect()]);"
        " return all.flatMap(([name, a], n) => all.slice(n + 1).filter(([_, b]) =>"
        " a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)"
        " .map(([other]) => name + ' / ' + other)) })"
    )
    seen = visit([power8, largest(views=3)], [overlaps, overlaps.replace("#r1", "#r2")])
    assert list(seen.answers.values()) == [[], []]
