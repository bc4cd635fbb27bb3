"""What figures are held against: budgets, baselines and published figures stand in every picture of their metric."""

import re

from msgspec.structs import replace

from footprint.gate.baseline import Baseline
from footprint.gate.gates import command_line_gate
from footprint.recording.model import Published
from footprint.report.first_picture import first_picture
from footprint.report.history import history
from footprint.report.page import render
from footprint.report.references import HeldTo, gate_badges, references
from footprint.report.startup import startup

from .made import recording, run
from .test_answers import recorded
from .test_sections import plain

THREE = recording(run("v2.10.0", 1000), run("v2.11.0", 100), run("v7.2.0", 90))
UPRIGHT = r'M(\S+) \S+V\S+" class="ribbon" style="stroke:var\((--bad|--ink)\)'
ACROSS = r"stroke:var\((--bad|--ink|--mark)\);stroke-width:1.6;stroke-dasharray"


def held(*budgets, baseline=None, rules=()):
    return [HeldTo(command_line_gate(budgets, None, baseline, "b.json"), rules)]


def pictures_with(section, pattern):
    """The titles of the pictures that show what the pattern finds."""
    return [picture.title for exhibit in section.exhibits for picture in exhibit.pictures
            if re.search(pattern, picture.svg) and re.search(pattern, picture.wide)]  # fmt: skip


def test_a_budget_is_one_upright_line_through_the_bars_of_its_metric_and_of_no_other():
    alive = THREE.runs[0].sample().metrics["flatviews.alive"]
    section = history(THREE, references(THREE, held(f"flatviews.alive<={alive // 2}")))
    assert pictures_with(section, UPRIGHT) == ["Views in use"]
    picture = next(row for row in section.exhibits[0].pictures if row.title == "Views in use")
    lines = re.findall(UPRIGHT, picture.svg)
    assert len(lines) == 3 and len(set(lines)) == 1
    assert plain(picture.note) == f"Budget: at most {alive // 2:,}.".replace(",", " ")
    assert [key.label for key in section.exhibits[0].keys][-1] == "budget"


def test_the_line_stands_where_its_value_is_on_the_scale_of_the_bars():
    alive = THREE.runs[0].sample().metrics["flatviews.alive"]
    whole, half = (
        history(THREE, references(THREE, held(f"flatviews.alive<={n}"))).exhibits[0].pictures
        for n in (alive, alive / 2)
    )
    at = [
        next(float(re.search(UPRIGHT, row.wide)[1]) for row in rows if row.title == "Views in use")
        for rows in (whole, half)
    ]
    left = float(re.search(r'M(\S+) \S+L\1 \S+" class="thin"', whole[2].wide)[1])
    assert abs((at[0] - left) - 2 * (at[1] - left)) < 0.3


def test_a_budget_of_one_rule_set_stands_in_its_row_only():
    section = history(THREE, references(THREE, held("flatviews.created<=9", rules=("v7.2.0",))))
    picture = next(row for row in section.exhibits[0].pictures if row.title.startswith("Views created"))
    assert len(re.findall(UPRIGHT, picture.svg)) == 1
    assert picture.note == "Budget: at most 9 under v7.2.0."


def test_what_was_accepted_stands_in_the_row_of_its_rule_set():
    accepted = Baseline.of(THREE, ["v2.11.0"])
    section = history(THREE, references(THREE, held(baseline=accepted)))
    assert len(pictures_with(section, UPRIGHT)) == len(section.exhibits[0].pictures)
    assert all("under v2.11.0" in picture.note for picture in section.exhibits[0].pictures)
    assert [key.label for key in section.exhibits[0].keys][-1] == "accepted (baseline)"


def test_the_first_picture_shows_all_three_kinds_and_a_legend_beside_it():
    pc = recorded("pc", "v2.10.0", "v7.2.0")
    touched = pc.runs[0].sample().metrics["modelled.resident.peak"]
    known = replace(pc, published=(Published("modelled.resident.peak", "v2.10.0", touched, "a mail"),))
    gates = held("modelled.resident.peak<=100", baseline=Baseline.of(known))
    shown = first_picture(known, references(known, gates))
    assert [key.label for key in shown.keys][2:] == ["budget", "accepted (baseline)", "published figure"]
    assert {look for _, look in re.findall(UPRIGHT, shown.pictures[0].svg)} == {"--bad", "--ink"}
    assert "var(--mark)" in shown.pictures[0].svg
    assert first_picture(known).keys[2:] == ()


def test_curves_are_crossed_at_the_height_of_the_budget_also_where_it_is_above_all_of_them():
    for limit in (5, 10_000):
        section = startup(THREE, references(THREE, held(f"flatviews.alive<={limit}")))
        assert pictures_with(section, ACROSS) == ["Views in use"]
        picture = next(row for row in section.exhibits[0].pictures if row.title == "Views in use")
        height = float(re.search(rf'M\S+ (\S+)L\S+ \1" class="ribbon" style="{ACROSS}', picture.svg)[1])
        assert 0 < height < float(re.search(r'viewBox="0 0 \S+ (\S+)"', picture.svg)[1])
    cycles = recorded("hotplug", "v7.2.0", cycles="3")
    shown = first_picture(cycles, references(cycles, held("flatviews.alive<=7")))
    assert re.search(ACROSS, shown.pictures[0].svg)
    assert shown.pictures[0].note == "Read at “plugged” and “unplugged” of each cycle. Budget: at most 7."


def test_of_very_many_lines_the_picture_has_some_and_the_note_says_how_many_more():
    budgets = [f"flatviews.alive<={n}" for n in range(10, 60)]
    section = startup(THREE, references(THREE, held(*budgets)))
    picture = next(row for row in section.exhibits[0].pictures if row.title == "Views in use")
    assert len(re.findall(ACROSS, picture.svg)) == 4
    assert plain(picture.note).endswith("46 more.")


def test_a_gate_that_holds_is_good_and_one_that_fails_names_what_is_broken():
    good, bad = (gate_badges(THREE, held(f"flatviews.alive<={n}")) for n in (100_000, 1))
    assert [(badge.look, badge.words) for badge in (*good, *bad)] == [
        ("good", "gate holds: 3 checks"),
        ("bad", "gate fails: flatviews.alive"),
    ]


def test_a_gate_that_cannot_judge_is_neither_and_says_why():
    (badge,) = gate_badges(THREE, held("process.rss<=1GiB±5%"))
    assert badge.look == "unsure" and "process.rss" in badge.words


def test_the_page_shows_the_gates_of_each_of_its_recordings_and_without_gates_is_as_it_was():
    other = recording(run("a", 3), run("b", 4), scenario="other")
    page = render([THREE, other], held=[held("nodes<=1"), ()])
    assert page.count("gate fails: nodes") == 1
    assert render([THREE, other]) == render([THREE, other], held=[(), ()])
