"""The index of a folder: the latest recording of each scenario, its verdict, and the links both ways."""

import re

import pytest

from footprint.history.checkout import CommitAndBranch
from footprint.history.keep import keep
from footprint.recording import Sample
from footprint.recording.files import encode
from footprint.report.index.entries import Trend, entries, latest, recorded_in
from footprint.report.index.page import render_index, sparkline
from footprint.report.index.pages import home_of, link_back
from footprint.report.look import PageLook
from footprint.report.page import render

from .made import metrics, recording, run


def written(folder, name, recording, day=1):
    recording.environment["recorded"] = f"2026-11-{day:02}T10:00:00+00:00"
    (folder / name).mkdir(parents=True)
    (folder / name / "recording.json").write_text(encode(recording))
    return recording


def read(folder):
    return entries(folder, recorded_in(folder))


def test_of_each_scenario_the_latest_recording_is_a_card_and_the_earlier_ones_are_linked(tmp_path):
    written(tmp_path, "old", recording(run()), day=1)
    written(tmp_path, "new", recording(run()), day=9)
    written(tmp_path, "deep/er/pc", recording(run(), scenario="pc"), day=3)
    written(tmp_path, "real", recording(run(), backend="qemu"), day=2)
    every, errors = read(tmp_path)
    assert errors == []
    assert [entry.folder.as_posix() for entry in every] == ["new", "deep/er/pc", "real", "old"]
    told = [(first.folder.as_posix(), [each.folder.as_posix() for each in more]) for first, more in latest(every)]
    assert told == [("new", ["old"]), ("deep/er/pc", []), ("real", [])]
    page = render_index(every)
    assert page.count('<li class="card">') == 3
    assert re.findall(r'href="([^"#]*index\.html)"', page)[:2] == ["new/index.html", "old/index.html"]
    assert "4 recordings of 2 scenarios." in page


def test_a_leak_among_the_latest_is_in_the_first_sentence(tmp_path):
    growing = [Sample("unplugged", n, metrics(1, address_spaces=n)) for n in range(1, 9)]
    written(tmp_path, "hotplug", recording(run("v7.2.0", samples=tuple(growing)), scenario="hotplug"))
    page = render_index(read(tmp_path)[0])
    assert "1 recording of 1 scenario. Of the latest, hotplug: leak under v7.2.0." in page
    assert '<li class="bad">leak under v7.2.0</li>' in page


def test_a_recording_that_cannot_be_read_is_an_error_and_the_others_are_listed(tmp_path):
    written(tmp_path, "good", recording(run()))
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "recording.json").write_text("{")
    every, errors = read(tmp_path)
    assert ([entry.folder.name for entry in every], len(errors)) == (["good"], 1)


def test_hidden_folders_and_the_folder_itself_are_left_out(tmp_path):
    written(tmp_path, "seen", recording(run()))
    written(tmp_path, ".hidden/x", recording(run()))
    (tmp_path / "recording.json").write_text("{}")
    assert [path.parent.name for path in recorded_in(tmp_path)] == ["seen"]


def test_the_line_of_a_card_is_the_kept_runs_else_the_rule_sets_else_the_cycles(tmp_path):
    kept = written(tmp_path, "kept", recording(run("v7.2.0", 3)))
    for n in (3, 5):
        keep(recording(run("v7.2.0", n)), tmp_path / "history.db", CommitAndBranch("", ""))
    keep(recording(run("v7.2.0", 9), params={"cpus": 9}), tmp_path / "history.db", CommitAndBranch("", ""))
    written(tmp_path, "rules", recording(run("a", 1), run("b", 2), run("c", 1), scenario="rules"))
    cycles = [Sample("unplugged", n, metrics(n)) for n in (1, 2, 3)]
    written(tmp_path, "cycles", recording(run(samples=tuple(cycles)), scenario="cycles"))
    written(tmp_path, "single", recording(run(), scenario="single"))
    trends = {entry.folder.name: entry.trend for entry in read(tmp_path)[0]}
    unit = kept.runs[0].samples[0].metrics["flatviews.alive"] / 3
    assert trends["kept"] == Trend((3 * unit, 5 * unit), "views in use: 6 → 10 over 2 kept runs under v7.2.0")
    assert trends["rules"] == Trend((2, 4, 2), "views in use: 2, over 3 rule sets")
    assert trends["cycles"] == Trend((2, 4, 6), "views in use: 2 → 6 over 3 cycles")
    assert trends["single"] is None


@pytest.mark.parametrize("values", [(0,), (0, 0), (1, 5), tuple(range(500))])
def test_any_values_are_a_line(values):
    assert sparkline(Trend(values, "words")).startswith("<svg")


def test_a_page_that_is_there_gets_the_link_it_would_have_been_made_with_to_the_byte(tmp_path):
    here = written(tmp_path, "here", recording(run()))
    (tmp_path / "here" / "index.html").write_text(render([here]))
    written(tmp_path, "missing/deep", here)
    (tmp_path / "foreign").mkdir()
    written(tmp_path, "foreign/x", here)
    (tmp_path / "foreign" / "x" / "index.html").write_text("<p>mine</p>")
    every, _ = read(tmp_path)
    assert link_back(tmp_path, tmp_path / "index.html", every, PageLook()) == 2
    linked = (tmp_path / "here" / "index.html").read_text()
    assert linked == render([here], look=PageLook(home="../index.html"))
    assert '<a href="../../index.html">all recordings</a>' in (tmp_path / "missing" / "deep" / "index.html").read_text()
    assert (tmp_path / "foreign" / "x" / "index.html").read_text() == "<p>mine</p>"
    assert link_back(tmp_path, tmp_path / "index.html", every, PageLook()) == 0


def test_a_new_page_knows_the_index_of_the_folder_above_if_that_is_ours(tmp_path):
    page = tmp_path / "power8" / "index.html"
    assert home_of(page) == ""
    (tmp_path / "index.html").write_text("<p>somebody's own</p>")
    assert home_of(page) == ""
    (tmp_path / "index.html").write_text(render_index([]))
    assert home_of(page) == "../index.html"


def test_a_page_is_light_or_dark_as_asked_and_white_on_paper():
    auto, light, dark = (render([recording(run())], look=PageLook(theme)) for theme in ("auto", "light", "dark"))
    assert "@media screen and (prefers-color-scheme: dark) {" in auto
    assert "@media not all {" in light
    assert "@media screen {" in dark
    assert 'content="dark"' in dark


def test_names_in_an_index_are_text(tmp_path):
    hostile = "<script>alert(1)</script>\u202e\"'"
    written(tmp_path, "x", recording(run(hostile), scenario=hostile, params={hostile: hostile}, answer=hostile))
    page = render_index(read(tmp_path)[0])
    assert "<script>alert" not in page
    assert "\u202e" not in page
