"""Model beside real: one picture, with the error."""

from footprint.recording import Recording, Run, Sample
from footprint.report.beside import beside
from footprint.report.page import render


def recording(backend, rules, **metrics):
    named = {name.replace("__", "."): value for name, value in metrics.items()}
    run = Run(rules, {}, (Sample("built", 0, named), Sample("destroyed", 0, dict.fromkeys(named, 0))))
    return Recording("footprint.recording/1", "power8", {}, backend, {}, (run,))


MODEL = recording("model", "v7.2.0", flatviews__alive=4, nodes=20, commits=7)
REAL = recording("qemu", "qemu-7.2.22", flatviews__alive=4, nodes=22)


def test_equal_and_differing_counts_stand_side_by_side_with_the_error():
    section = beside([MODEL, REAL])
    table = section.exhibits[0].tables[0]
    assert [row[0] for row in table.rows] == ["flatviews.alive", "nodes"]
    assert table.rows[0][4:] == ("none", "exact")
    assert table.rows[1][2:4] == ("20", "22")
    assert table.rows[1][5] == "differs"
    assert "nodes differ" in section.lead


def test_when_all_counts_agree_it_says_so():
    assert "All 1 count that both have are equal" in beside([MODEL, recording("qemu", "q", nodes=20)]).lead


def test_the_order_of_the_recordings_does_not_matter():
    assert beside([REAL, MODEL]) == beside([MODEL, REAL])


def test_two_models_have_no_such_section():
    assert beside([MODEL, MODEL]) is None


def test_what_cannot_be_compared_has_no_such_section():
    assert beside([MODEL, recording("qemu", "q", process__rss=1)]) is None


def test_the_page_of_both_shows_it_first():
    page = render([MODEL, REAL])
    assert page.index("Model beside real") < page.index("All figures")
