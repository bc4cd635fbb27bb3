"""Axes, and the combinations that are played."""

import pytest

from footprint.errors import RequestError
from footprint.sweep.grid import Axis, axes_of, combinations
from footprint.sweep.plan import Planner, Wish


def test_an_axis_takes_values_ranges_and_growing_ranges():
    assert Axis.parse("nics=4,8").values == ("4", "8")
    assert Axis.parse("nics=4..7").values == ("4", "5", "6", "7")
    assert Axis.parse("nics=16..256*2").values == ("16", "32", "64", "128", "256")
    assert Axis.parse("nics=1..100*10,255").values == ("1", "10", "100", "255")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nics", "is not NAME=V1,V2"),
        ("nics=", "is not NAME=V1,V2"),
        ("nics=1,,2", "empty value"),
        ("nics=4,8,4", "'4' is there twice"),
        ("nics=8..4", "is no range"),
        ("nics=0..8*2", "is no range"),
        ("nics=1..8*1", "is no range"),
        ("nics=1..999999999", "more than 100000 values"),
        ("file=nothing-here-*.gz", "no file matches"),
    ],
)
def test_what_is_no_axis_is_refused_with_what_would_be(text, words):
    with pytest.raises(RequestError, match=words):
        Axis.parse(text)


def test_an_axis_is_given_once():
    with pytest.raises(RequestError, match="-g nics is given twice"):
        axes_of(["nics=1", "nics=2"])


def test_the_full_grid_has_every_combination_the_last_axis_running_fastest():
    every = [tuple(values.values()) for values in combinations(axes_of(["a=1,2", "b=x,y"]))]
    assert every == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]


def test_axes_in_step_are_played_side_by_side_and_must_be_equally_long():
    every = [tuple(values.values()) for values in combinations(axes_of(["a=1,2", "b=x,y"]), zipped=True)]
    assert every == [("1", "x"), ("2", "y")]
    with pytest.raises(RequestError, match="a 2, b 3"):
        combinations(axes_of(["a=1,2", "b=x,y,z"]), zipped=True)


def test_a_sample_is_the_same_for_the_same_seed_and_never_repeats_a_machine():
    axes = axes_of(["a=1..1000", "b=1..1000", "c=1..1000"])
    first, again, other = (list(combinations(axes, sample=50, seed=seed)) for seed in (7, 7, 8))
    assert first == again != other
    assert len({tuple(values.items()) for values in first}) == 50
    assert len(list(combinations(axes_of(["a=1,2"]), sample=50))) == 2


def test_more_machines_than_anybody_waits_for_are_refused():
    with pytest.raises(RequestError, match="--sample N takes some"):
        combinations(axes_of(["a=1..2000", "b=1..2000"]))


def plan(scenario="power8", grid=("nics=2,4",), **more):
    return Planner(Wish(scenario, axes_of(grid), **more)).plan()


def ids(planned):
    return [point_id for job in planned.jobs for point_id, _ in job.ids]


def test_each_machine_is_one_job_that_gives_a_point_for_each_rule_set_and_feature():
    planned = plan(grid=("nics=2,4", "empty_view=on,off"), rules=("v7.2.0", "v2.11.0"))
    assert len(planned.jobs) == 2
    assert [name for _, name in planned.jobs[0].ids] == [
        "v7.2.0,empty_view=on", "v2.11.0,empty_view=on", "v7.2.0,empty_view=off", "v2.11.0,empty_view=off",
    ]  # fmt: skip


def test_a_points_id_says_what_was_asked_for_however_it_was_asked():
    narrow = plan(grid=("nics=4",), sets={"cpus": "255"}, rules=("v7.2.0",))
    wide = plan(grid=("cpus=1,255", "nics=2,4"), rules=("v7.2.0", "v2.10.0"))
    assert set(ids(narrow)) < set(ids(wide))
    assert len(set(ids(wide))) == 8


def test_a_scenario_of_ones_own_has_other_points_after_an_edit(tmp_path):
    script = tmp_path / "mine.py"
    text = (
        "from footprint.scenario import Mark, Param, scenario\n"
        "@scenario('?', params=(Param('nics', 1),))\ndef mine(p):\n    yield Mark('a')\n"
    )
    script.write_text(text)
    before = ids(plan(str(script)))
    assert ids(plan(str(script))) == before
    script.write_text(text + "\n")
    assert not set(ids(plan(str(script)))) & set(before)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"grid": ("nisc=1",)}, "did you mean 'nics'"),
        ({"grid": ("nics=1,x",)}, "'x' is not a whole number"),
        ({"rules": ("v0",)}, "unknown rule set 'v0'"),
        ({"scenario": "power9"}, "unknown scenario"),
        ({"scenario": "", "grid": ("nics=1",)}, "nothing to sweep"),
        ({"grid": ("file=a.gz",)}, "leave out the scenario 'power8'"),
        ({"grid": ("qemu=a",)}, "goes with -b qemu"),
        ({"backend": "qemu", "rules": ("v7.2.0",)}, "cannot take -r"),
        ({"scenario": "-"}, "not standard input"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_is(wish, words):
    with pytest.raises(RequestError, match=words):
        plan(**wish)
