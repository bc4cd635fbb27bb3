"""The counts of real 2017 builds, to the last integer (tests/data/truth_2017.json)."""

import json
from functools import cache

import pytest

from footprint.backends.model import ModelBackend, passes
from footprint.machines.pseries import pseries
from footprint.memory.census import census
from footprint.memory.rules import HISTORY, rule_set
from footprint.scenario import Build, Settle
from tests.conftest import DATA

ROWS = json.loads((DATA / "truth_2017.json").read_text())["rows"]
GUESTS = sorted({(row["cpus"], row["nics"], row["bridges"]) for row in ROWS})
PUBLISHED = {"vga": True, "ohci": 1, "scsi": 1}


@cache
def counts(cpus, nics, bridges):
    names = [row["rules"] for row in ROWS if row["cpus"] == cpus]
    return play(pseries(cpus=cpus, nics=nics, bridges=bridges), names)


def play(topology, names):
    """The census at `built` under each rule set, by name."""
    found = {}
    for group in passes([rule_set(name) for name in names]):
        backend = ModelBackend(group)
        backend.obey(Build(topology))
        backend.obey(Settle())
        found |= {ledger.rules.name: census(ledger) for ledger in backend.ledgers}
    return found


def row_name(row):
    return f"{row['cpus']}-{row['nics']}-{row['bridges']}-{row['rules']}"


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_count_is_that_of_the_real_build(row):
    ours = counts(row["cpus"], row["nics"], row["bridges"])[row["rules"]]
    assert {name: ours[name] for name in row["metrics"]} == row["metrics"]
    assert ours["flatviews.peak"] == ours["flatviews.created"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["cpus"] > 1 and row["rules"] != "v2.11.0"], ids=row_name)
def test_resident_peak_is_within_three_percent_of_the_real_one(row):
    """The double difference of the same rows takes away what CPUs and devices cost, which is not modelled."""
    real = {(each["cpus"], each["rules"]): each["peak_mib"] for each in ROWS}
    guest, one = (row["cpus"], row["nics"], row["bridges"]), (1, 0, 0)
    rules = row["rules"]

    def ours(size, name):
        return counts(*size)[name]["modelled.resident.peak"] / 2**20

    def difference(value):
        return (value(guest, rules) - value(one, rules)) - (value(guest, "v2.11.0") - value(one, "v2.11.0"))

    expected = difference(lambda size, name: real[size[0], name])
    assert difference(ours) == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(
    ("rules", "alive", "dispatches"),
    [
        ("5e8fd947e2", 557, 791_106),
        ("092aa2fc65@posted", 260, 347_615),
        ("202fc01b05", 557, 635_750),
        ("092aa2fc65", 260, 280_376),
    ],
)
def test_the_published_guest_gives_the_published_figures(rules, alive, dispatches):
    ours = play(pseries(cpus=255, nics=255, bridges=40, **PUBLISHED), [rules])[rules]
    assert (ours["flatviews.alive"], ours["dispatches.created"]) == (alive, dispatches)


@pytest.mark.parametrize(("guest", "created"), [((255, 255, 31), 5845), ((64, 64, 10), 1519), ((1, 0, 0), 25)])
def test_qemu_7_2_creates_as_many_views_as_its_own_trace_counted(guest, created):
    cpus, nics, bridges = guest
    ours = play(pseries(cpus=cpus, nics=nics, bridges=bridges), ["v7.2.0"])["v7.2.0"]
    assert ours["flatviews.created"] == created


def test_a_rule_set_counts_the_same_alone_and_beside_others():
    topology = pseries(cpus=3, nics=5, bridges=2, **PUBLISHED)
    together = play(topology, list(HISTORY))
    assert together == {name: play(topology, [name])[name] for name in HISTORY}


@pytest.mark.parametrize(
    "same", [("447b0d0b9e", "v2.10.0"), ("67ace39b25", "5e8fd947e2"), ("67ace39b25", "b516572f31")]
)
def test_two_names_of_one_state_have_the_same_counts(same):
    found = play(pseries(cpus=2, nics=3, bridges=1), list(same))
    assert found[same[0]] == found[same[1]]
