"""Comparisons, leaks, real QEMUs and the index in a real browser: no request, no fault, nothing cut, links that lead."""

import pytest

from footprint.recording import Sample
from footprint.recording.files import encode
from footprint.report.index.entries import entries, recorded_in
from footprint.report.index.page import render_index
from footprint.report.index.pages import link_back
from footprint.report.look import PageLook
from footprint.report.page import render

from .made import recording, run
from .test_accessible import CUT, SERIOUS
from .test_answers import recorded
from .test_browser import CUT_OFF, SMALLEST
from .test_leak_page import BAND, EXACT, HELD, MADE, leak, page_of
from .test_real_qemu import PROCESS, real

pytestmark = pytest.mark.browser

MIB = 1 << 20
LONG = "a-device-with-a-name-that-does-not-end-" * 2


def comparison():
    first, second = (recorded("power8", rules, cpus="2", nics="3", bridges="1") for rules in ("v7.2.0", "v11.1.0"))
    return render([first, second], names=("before", f"after-{LONG}"))


def leaks():
    from footprint.verdict.verdict import Finding, FindingKind

    findings = [
        Finding(FindingKind.LEAK, name, slope, (MADE, HELD)) for name, slope in (("fds", EXACT), ("heap.bytes", BAND))
    ]
    return page_of(leak(*findings, what=LONG, hints=(LONG,)), title=LONG)


def guests():
    together = {"guests": 3, "guests.rss": 210 * MIB, "guests.pss": 150 * MIB}
    return render([real(Sample("built", 0, PROCESS | together), QEMU=f"/usr/{LONG}", QEMU_command_line=LONG * 20)])


def index(folder):
    for name, made in (("small", recording(run("a", 3), run("b", 9))), (LONG, recording(run(), scenario=LONG))):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "recording.json").write_text(encode(made))
    every, _ = entries(folder, recorded_in(folder))
    link_back(folder, folder / "index.html", every, PageLook())
    return render_index(every)


PAGES = {"comparison": comparison, "leaks": leaks, "guests": guests, "index": index}
WINDOWS = [(name, *window) for name in PAGES for window in ((360, "dark"), (1024, "light"), (1920, "dark"))]
READABLE = 9
"""Pixels of the smallest words in a picture on the narrowest phone."""
SMALLEST_SEEN = SMALLEST.replace("svg text')]", "svg text')].filter(text => text.getClientRects().length)")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A function that gives the file of a page, made once."""
    made = {}

    def path_of(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            text = PAGES[name](folder) if name == "index" else PAGES[name]()
            made[name] = folder / "index.html"
            made[name].write_text(text, encoding="utf-8")
        return made[name]

    return path_of


@pytest.fixture
def opened(chromium, page_file):
    """A function that opens a page; what it complains of, or asks for besides itself, fails the test in the end."""
    contexts, complaints, asked = [], [], []

    def open_page(name, width=1024, scheme="light", **more):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"file://{page_file(name)}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    assert all(url.startswith("file://") for url in asked)


@pytest.mark.parametrize(("name", "width", "scheme"), WINDOWS)
def test_a_page_has_no_serious_fault_and_nothing_is_cut(opened, axe, name, width, scheme):
    page = opened(name, width, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(fold => fold.open = true)")
    page.evaluate(axe)
    assert page.evaluate(SERIOUS) == []
    assert page.evaluate(CUT) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(CUT_OFF) == []
    if page.locator("svg text:visible").count():
        assert page.evaluate(SMALLEST_SEEN) >= READABLE


@pytest.mark.parametrize("name", ["comparison", "leaks", "guests", "index"])
def test_the_first_screen_holds_the_answer_and_a_picture_without_scripts_too(opened, name):
    page = opened(name, java_script_enabled=False)
    assert page.locator(".answer").first.bounding_box()["y"] < 300
    drawn = page.locator("main svg:visible").first.bounding_box()
    assert drawn["y"] + drawn["height"] < 900


def test_the_index_leads_to_a_page_and_the_page_back(opened):
    page = opened("index")
    page.locator(".card h2 a").first.click()
    page.wait_for_url("**/*/index.html")
    assert page.locator("h1").count() == 1
    page.locator(".brand a").click()
    page.wait_for_url("**/index.html")
    assert page.locator("h1").inner_text() == "Recordings"
    page.locator("tbody th a", has_text="small").press("Enter")
    page.wait_for_url("**/small/index.html")


def test_rows_of_a_comparison_are_sorted_and_filtered_like_every_table(opened):
    page = opened("comparison")
    table = page.locator("#comparison-counts table")
    before = table.locator("tbody th").all_inner_texts()
    table.locator("thead th button").first.click()
    assert table.locator("tbody th").all_inner_texts() == sorted(before)
    page.locator("#comparison-counts input[type=search]").fill("flatviews")
    shown = [row for row in table.locator("tbody tr").all() if row.is_visible()]
    assert shown and all("flatviews" in row.inner_text() for row in shown)


def test_hovering_a_pair_of_bars_says_both_values(opened):
    page = opened("comparison")
    page.locator("header .broad svg g", has_text="nodes.allocated").first.locator("text").first.hover()
    assert page.locator(".tip").inner_text().startswith("nodes.allocated (radix nodes allocated for the views alive): ")
