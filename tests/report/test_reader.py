"""What a reader does with a page, in a real browser: sorts, filters, chooses, folds, hovers, prints; by keyboard too."""

import pytest

from footprint.report.page import render

from .made import history, recording, run
from .test_answers import ANSWERS, MEASURED, SMALL, STORIES, measured, recorded

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def power8():
    return recorded("power8", **SMALL["power8"])


@pytest.fixture
def opened(chromium, tmp_path):
    """A function that opens the page of recordings; whatever it complains of fails the test in the end."""
    contexts, complaints = [], []

    def open_page(*recordings, width=1400, scripts=True, scheme="light"):
        (tmp_path / "page.html").write_text(render(recordings), encoding="utf-8")
        size = {"width": width, "height": 900}
        context = chromium.new_context(viewport=size, java_script_enabled=scripts, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"file://{tmp_path}/page.html")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


FIRST_TABLE = "#r1-history table"
VIEWS_CREATED = f"{FIRST_TABLE} tbody td:nth-child(4)"


def numbers(page, cells):
    return [int("".join(filter(str.isdigit, text))) for text in page.locator(cells).all_inner_texts()]


def test_a_head_sorts_its_column_up_down_and_back_by_mouse_and_by_keyboard(opened, power8):
    page = opened(power8)
    before = numbers(page, VIEWS_CREATED)
    button = page.locator(f"{FIRST_TABLE} thead th:nth-child(4) button")
    button.click()
    assert numbers(page, VIEWS_CREATED) == sorted(before)
    assert page.locator(f"{FIRST_TABLE} th[aria-sort=ascending]").count() == 1
    button.focus()
    page.keyboard.press("Enter")
    assert numbers(page, VIEWS_CREATED) == sorted(before, reverse=True)
    page.keyboard.press("Space")
    assert numbers(page, VIEWS_CREATED) == before
    assert page.locator(f"{FIRST_TABLE} th[aria-sort]").count() == 0


def test_sizes_are_sorted_by_their_bytes_and_not_by_their_digits(opened, power8):
    page = opened(power8)
    page.locator(f"{FIRST_TABLE} thead th:nth-child(7) button").click()
    shown = page.locator(f"{FIRST_TABLE} tbody td:nth-child(7)").all_inner_texts()
    unit = {"KiB": 1, "MiB": 1 << 10, "GiB": 1 << 20}
    sizes = [float(text[:-4]) * unit[text[-3:]] for text in shown]
    assert sizes == sorted(sizes) and len({text[-3:] for text in shown}) == 1 + ("KiB" in str(shown))


def test_a_filter_leaves_the_rows_that_have_all_its_words_and_says_how_many(opened, power8):
    page = opened(power8)
    page.locator("#r1-owners summary").click()
    box = page.locator("#r1-owners details input[type=search]")
    rows = page.locator("#r1-owners details tbody tr")
    box.focus()
    page.keyboard.type("virtio-net v2.10.0")
    shown = [row for row in rows.all() if row.is_visible()]
    assert shown and all("virtio-net" in row.inner_text() and "v2.10.0" in row.inner_text() for row in shown)
    assert page.locator("#r1-owners details output").inner_text() == f"{len(shown)} of {rows.count()} rows"
    box.fill("")
    assert all(row.is_visible() for row in rows.all())


def test_leaving_out_a_rule_set_takes_it_out_of_tables_columns_and_pictures_until_it_is_back(opened, power8):
    page = opened(power8)
    row = page.locator(f"{FIRST_TABLE} tbody tr", has_text="v2.10.0").first
    bar = page.locator("header g[data-runs='[\"v2.10.0\"]']").last
    column = page.locator("#r1-figures th", has_text="v2.10.0").first
    page.locator("#r1-figures details").first.evaluate("fold => fold.open = true")
    faint = "element => getComputedStyle(element).opacity"
    assert row.is_visible() and column.is_visible() and bar.evaluate(faint) == "1"
    box = page.locator(".chooser input[value='v2.10.0']")
    box.focus()
    page.keyboard.press("Space")
    assert not row.is_visible() and not column.is_visible() and float(bar.evaluate(faint)) < 0.2
    box.check()
    assert row.is_visible() and column.is_visible() and bar.evaluate(faint) == "1"


def test_one_button_leaves_out_all_rule_sets_or_shows_all(opened, power8):
    page = opened(power8)
    page.locator(".chooser .all").click()
    assert page.locator(f"{FIRST_TABLE} tbody tr:visible").count() == 0
    page.locator(".chooser .all").press("Enter")
    assert page.locator(f"{FIRST_TABLE} tbody tr:visible").count() == len(power8.runs)


def test_two_recordings_have_choosers_of_their_own(opened):
    page = opened(history(), recording(run("v2.10.0"), run("v7.2.0", 50), scenario="other"))
    page.locator("#r2 .chooser input[value='v2.10.0']").uncheck()
    assert page.locator("#r1-history tbody tr", has_text="v2.10.0").first.is_visible()
    assert not page.locator("#r2-history tbody tr", has_text="v2.10.0").first.is_visible()


def test_what_is_folded_opens_by_keyboard_and_by_a_link_to_what_is_inside(opened, power8):
    page = opened(power8)
    fold = page.locator("#r1-start-up details").first
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
    assert not page.locator("#term-view").is_visible()
    page.locator("a.term[href='#term-view']").first.press("Enter")
    page.locator("#term-view").wait_for(state="visible", timeout=2000)


def test_hovering_or_reaching_a_bar_or_a_term_says_what_it_is(opened, power8):
    page = opened(power8)
    page.locator("header .broad g", has_text="v7.2.0").first.hover()
    assert page.locator(".tip").inner_text().startswith("v7.2.0: ")
    page.locator("a.term").first.focus()
    assert len(page.locator(".tip").inner_text()) > 20
    page.keyboard.press("Escape")
    assert not page.locator(".tip").is_visible()


def test_the_data_of_pictures_can_be_taken_away_as_csv_and_json(opened, power8, tmp_path):
    page = opened(power8)
    with page.expect_download() as waiting:
        page.locator("header a[download$='.csv']").click()
    rows = waiting.value.path().read_text().splitlines()
    assert rows[0].startswith("rule set,") and len(rows) == len(power8.runs) + 1
    assert waiting.value.suggested_filename == "power8-rule-sets.csv"
    with page.expect_download() as waiting:
        page.locator("#r1-owners a[download='power8-owners.json']").click()
    assert '"columns": ["rule set", "device type"' in waiting.value.path().read_text()


def test_without_scripts_everything_is_there_and_nothing_that_would_need_them(opened, power8):
    page = opened(power8, scripts=False)
    assert not page.locator(".chooser").is_visible()
    assert page.locator("table button, input[type=search]").count() == 0
    page.locator("#r1-start-up summary").first.click()
    assert page.locator("#r1-start-up details table").is_visible()
    assert page.locator("#r1-machine svg").count() > 3


@pytest.mark.parametrize("scripts", [True, False])
def test_paper_has_what_is_folded_and_no_buttons(opened, power8, scripts):
    page = opened(power8, scripts=scripts)
    page.emulate_media(media="print")
    if scripts:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert not page.locator(".chooser").is_visible()
    table = page.locator("#r1-start-up details table").first
    assert table.bounding_box()["height"] > 50
    assert not page.locator("nav").is_visible()


@pytest.mark.parametrize("name", [*ANSWERS, *STORIES, *MEASURED])
def test_the_first_900_pixels_of_every_scenario_hold_the_question_the_answer_and_a_large_picture(opened, name):
    page = opened(measured(name) if name in MEASURED else recorded(name))
    for width in (360, 1024, 1920):
        page.set_viewport_size({"width": width, "height": 900})
        picture = next(svg for svg in page.locator("header.page svg").all() if svg.is_visible()).bounding_box()
        assert page.locator(".answer").bounding_box()["y"] < picture["y"] < 700, width
        assert min(picture["y"] + picture["height"], 900) - picture["y"] >= 75, width
        assert picture["width"] >= 0.8 * min(width - 64, 1100), width


@pytest.mark.parametrize("name", ["power8", "hotplug"])
def test_on_paper_no_table_and_no_picture_is_wider_than_the_sheet(opened, name):
    page = opened(recorded(name), width=720)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    edge = "[...document.querySelectorAll('table, svg')].map(found => found.getBoundingClientRect().right)"
    assert max(page.evaluate(edge)) <= 721
