"""`compare --waterfall`: what each feature between two rule sets saves, alone and with others."""

import json
import re

import pytest

SMALL = ("-s", "cpus=3", "-s", "nics=4", "-s", "bridges=2")
PAIR = ("-r", "v2.10.0", "-r", "v7.2.0")


@pytest.fixture
def recorded(footprint):
    assert footprint("run", "power8", *SMALL, *PAIR, "-o", "both", "--no-report").returncode == 0
    return footprint


def value(footprint, rules, metric):
    runs = json.loads(footprint("run", "power8", *SMALL, "-r", rules, "--json", "--no-history").stdout)["runs"]
    return runs[0]["samples"][0]["metrics"][metric]


@pytest.mark.parametrize("metric", ["flatviews.created", "modelled.bytes.peak"])
def test_a_waterfall_leads_from_one_value_to_the_other_and_each_figure_is_what_a_run_gives(recorded, metric):
    done = recorded("compare", "both", *PAIR, "--waterfall", metric, "--json")
    assert done.returncode == 1
    [fall] = json.loads(done.stdout)["waterfalls"]
    steps = {step["feature"]: step for step in fall["steps"]}
    assert fall["first_value"] == value(recorded, "v2.10.0", metric)
    assert fall["second_value"] == value(recorded, "v7.2.0", metric)
    assert fall["first_value"] + sum(step["change"] for step in steps.values()) + fall["layout"] == fall["second_value"]
    assert (fall["layout"] != 0) == (metric == "modelled.bytes.peak")
    alone = value(recorded, "v2.10.0,empty_view=on", metric)
    assert steps["empty_view"]["alone"] == alone - fall["first_value"]
    if not fall["layout"]:
        undone = value(recorded, "v7.2.0,empty_view=off", metric)
        assert steps["empty_view"]["undone"] == fall["second_value"] - undone
    pair = next(each for each in fall["interactions"] if set(each["features"]) == {"cpu_spaces", "sharing"})
    both = value(recorded, "v2.10.0,cpu_spaces=separate,sharing=child", metric)
    assert pair["amount"] == both - fall["first_value"] - steps["cpu_spaces"]["alone"] - steps["sharing"]["alone"]


def test_a_waterfall_of_people_has_bars_the_pairs_that_act_on_each_other_and_what_changed_nothing(recorded):
    done = recorded("compare", "both", *PAIR, "--waterfall", "flatviews.alive", COLUMNS="140")
    rows = [line for line in done.stdout.splitlines() if "█" in line]
    assert [row.split()[0] for row in rows[:2]] == ["v2.10.0", "cpu_spaces"]
    assert "cpu_spaces with sharing: −2 besides what each does alone" in done.stdout
    assert re.search(r"\(no change by .*\bdispatch, view_at_init, ", done.stdout)
    same = recorded("compare", "both", *PAIR, "--waterfall", "address_spaces")
    assert "alone" in same.stdout


def test_features_that_do_not_act_on_each_other_are_told_so(recorded):
    done = recorded("run", "power8", *SMALL, "-r", "v7.2.0", "-r", "v10.0.0", "-o", "today", "--no-report")
    done = recorded("compare", "today", "--waterfall", "address_spaces")
    assert "no two of them act on each other" in done.stdout


def test_what_has_no_waterfall_is_refused_with_the_reason(recorded):
    for metric, sentence in (
        ("process.rss", "process.rss is measured: a waterfall is of counts"),
        ("flatviews.alife", "unknown metric 'flatviews.alife'"),
    ):
        done = recorded("compare", "both", *PAIR, "--waterfall", metric)
        assert (done.returncode, done.stdout, sentence in done.stderr) == (2, "", True)
    done = recorded("compare", "both", "both", "--waterfall", "nodes")
    assert done.returncode == 2 and "--waterfall is between two rule sets of the model" in done.stderr
