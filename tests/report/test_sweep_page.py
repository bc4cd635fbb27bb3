"""The page of a sweep."""

import html
import re

from footprint.recording.sweep import SWEEP_SCHEMA, FailedPoint, Point, Sweep
from footprint.report.sweep import render_sweeps
from footprint.sweep.fits import fits

AXES = {"nics": (4, 8, 16, 32), "cpus": (1, 2)}


def sweep(failed=(), predict=()):
    points = tuple(
        Point(
            f"{n}{cpus}{rules}",
            {"nics": n, "cpus": cpus},
            rules,
            "built",
            {"flatviews.created": cost * cpus, "modelled.bytes.peak": cost << 20},
        )
        for rules, power in (("v1", 1), ("v<2>", 2))
        for n in AXES["nics"]
        for cpus in AXES["cpus"]
        for cost in [n**power + 7]
    )
    laws = fits(points, AXES, predict={"nics": predict})
    return Sweep(SWEEP_SCHEMA, "power8", AXES, points, laws, tuple(failed))


def text_of(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_each_metric_has_a_picture_and_each_line_its_law():
    page = render_sweeps([sweep()])
    text = text_of(page)
    assert page.count("<svg") == 8, "two metrics, on top and in their section, each for a phone and for a window"
    assert "flatviews.created grows as nics under v1; it grows as nics² under v<2>" in text
    assert "v<2> cpus=2 46" in text
    assert "2 n² + 14: quadratic, exact" in text
    assert "v<2>" not in page


def test_predictions_are_drawn_on_and_said_to_be_far_beyond_the_data():
    plain, page = render_sweeps([sweep()]), render_sweeps([sweep(predict=(320,))])
    assert page.count("stroke-dasharray") > plain.count("stroke-dasharray")
    assert "nics=320 is 10.0 times the largest that was played, 32: far beyond the data" in text_of(page)


def test_points_that_failed_stand_in_a_table_with_their_reason():
    failed = FailedPoint("x", {"nics": 64, "cpus": 1}, "v1", "took too <long>", 2)
    text = text_of(render_sweeps([sweep([failed])]))
    assert "1 point failed" in text
    assert "nics=64 cpus=1 v1 took too <long> 2" in text


def test_a_sweep_without_laws_and_one_of_nothing_but_zeros_have_a_page():
    zeros = tuple(Point(str(n), {"nics": n}, "v1", "built", {"flatviews.created": 0}) for n in (0, 1, 2))
    axes = {"nics": (0, 1, 2)}
    page = render_sweeps(
        [Sweep(SWEEP_SCHEMA, "power8", axes, zeros, fits(zeros, axes), ()), Sweep(SWEEP_SCHEMA, "pc", {}, (), (), ())]
    )
    assert page.count("<svg") == 4


def test_five_hundred_points_are_a_page_of_less_than_three_megabytes_that_says_which_lines_it_leaves_out():
    axes = {"nics": tuple(range(4, 54)), "cpus": (1, 2, 4, 8, 16)}
    points = tuple(
        Point(f"{n}.{cpus}.{rules}", {"nics": n, "cpus": cpus}, rules, "built",
              {"flatviews.created": n * cpus + 7, "modelled.bytes.peak": n**power << 20})
        for rules, power in (("v1", 1), ("v2", 2)) for n in axes["nics"] for cpus in axes["cpus"]
    )  # fmt: skip
    page = render_sweeps([Sweep(SWEEP_SCHEMA, "power8", axes, points, fits(points, axes), ())])
    assert len(points) == 500
    assert len(page.encode()) < 3 << 20
    assert "The first 12 of 100 lines." in text_of(page)
    assert text_of(page).count("cpus=16") >= 4, "the tables have all lines"
