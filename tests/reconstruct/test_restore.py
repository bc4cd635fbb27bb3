"""A capture as a scenario: what it holds under the rules of its QEMU is what that QEMU printed."""

import json

import pytest

from footprint.backends.model import ModelBackend
from footprint.memory.census import census
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.match_views import rules_of
from footprint.recording.metrics import METRICS
from footprint.scenario import Destroy, Restore, Settle
from footprint.scenario.find import find
from tests.conftest import DATA

CAPTURES = sorted((DATA / "captures").glob("*.json.gz"))


def name(path):
    return path.name.removesuffix(".json.gz")


def restored(path, rules="v7.2.0"):
    backend = ModelBackend([HISTORY[rules]])
    backend.obey(Restore(read_capture(path)))
    backend.obey(Settle())
    return backend


@pytest.mark.parametrize("path", CAPTURES, ids=name)
def test_what_is_counted_is_what_qemu_printed(path):
    views = read_capture(path).flat.views
    dispatches = [view.dispatch for view in views if view.dispatch is not None]
    counts = census(restored(path, rules_of(read_capture(path)).name).ledgers[0])
    assert counts["flatviews.alive"] == len(views)
    assert counts["flatviews.empty"] == sum(not view.ranges for view in views)
    assert counts["flat_ranges"] == sum(len(view.ranges) for view in views)
    # QEMU prints no dispatch for a view without ranges; its dummy section is there all the same.
    assert counts["sections"] == sum(len(one.sections) for one in dispatches) + counts["flatviews.empty"]
    assert counts["nodes"] == sum(len(one.nodes) for one in dispatches)
    assert counts["address_spaces"] == sum(len(view.spaces) for view in views)


@pytest.mark.parametrize("path", CAPTURES, ids=name)
def test_a_restored_machine_goes_without_leaving_anything(path):
    backend = restored(path)
    backend.obey(Destroy())
    backend.obey(Settle())
    counts = census(backend.ledgers[0])
    assert (counts["flatviews.allocated"], counts["modelled.bytes"], counts["address_spaces"]) == (1, 1144, 0)


def test_before_sharing_each_space_had_a_view(footprint):
    done = footprint("run", DATA / "captures" / "x86_64__pc.json.gz", "-r", "all", "--json")
    document = json.loads(done.stdout)
    by_rules = {run["rules"]: run["samples"][0]["metrics"] for run in document["runs"]}
    assert list(by_rules) == list(HISTORY)
    assert by_rules["447b0d0b9e"]["flatviews.alive"] == by_rules["447b0d0b9e"]["address_spaces"]
    assert by_rules["v7.2.0"]["flatviews.alive"] == 4
    assert all(METRICS[metric].gauge for metrics in by_rules.values() for metric in metrics)
    assert "timeline" not in document["runs"][0]


def test_what_was_guessed_stands_in_the_notes(footprint):
    done = footprint("run", DATA / "captures" / "sh4eb__r2d.json.gz", "--json")
    assert any(note.startswith("Guessed: ") for note in json.loads(done.stdout)["notes"])


def test_a_capture_is_found_by_its_content():
    scenario = find(str(DATA / "captures" / "x86_64__pc.json.gz"))
    assert (scenario.name, scenario.state_only) == ("x86_64__pc", True)
