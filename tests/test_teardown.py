"""The scenario teardown: what is left, as the model, Python's collector and pympler see it."""

import gc
import json

import pytest
from pympler import muppy

from footprint.backends.model import ModelBackend
from footprint.memory.census import census
from footprint.memory.flatview import AddressSpaceDispatch, FlatView, MemoryRegionSection, Subpage
from footprint.memory.radix import PhysPageMap
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange
from footprint.memory.rules import HISTORY, rule_set
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry
from footprint.probes.remaining import remaining
from footprint.scenario.find import find

OURS = (
    MemoryRegion, AddressSpace, FlatView, FlatRange, MemoryRegionSection, Subpage, AddressSpaceDispatch, PhysPageMap, Entry,
)  # fmt: skip


def destroyed(rules, settings=""):
    """The backend after teardown under a rule set, having looked at every view on the way."""
    scenario = find("teardown")
    backend = ModelBackend([rule_set(rules)])
    for step in scenario.play(scenario.values(dict(pair.split("=", 1) for pair in settings.split()))):
        backend.obey(step)
        if backend.ledgers[0].spaces:
            backend.ledgers[0].views()
    return backend


def of_a_machine(objects):
    """Objects of a machine among `objects`: not what the one empty view is made of, which has no region."""
    return [each for each in objects if isinstance(each, OURS) and not is_of_the_empty_view(each)]


def is_of_the_empty_view(each):
    match each:
        case FlatView(root=None) | MemoryRegionSection(region=None, subpage=None) | AddressSpaceDispatch(map=None):
            return True
        case Entry(key=None):
            return not each.spaces
    return False


@pytest.mark.parametrize("rules", HISTORY)
def test_nothing_is_left_under_any_rule_set_by_the_census(rules):
    ledger = (backend := destroyed(rules, "devices=2")).ledgers[0]
    counts, has_empty_view = census(ledger), HISTORY[rules].features.as_text()["empty_view"] != "off"
    assert counts["flatviews.allocated"] == has_empty_view
    assert (counts["modelled.bytes"] > 0) == has_empty_view
    assert not [name for name in ("address_spaces", "flat_ranges", "sections", "nodes") if counts[name]]
    assert [row.kind for row in remaining(ledger, backend.regions)] == ["empty view"] * has_empty_view


def test_nothing_is_left_under_any_rule_set_by_gc_and_by_pympler_while_the_books_still_are():
    gc.collect()
    before = {id(each) for each in of_a_machine(gc.get_objects())}
    known = {id(each) for each in of_a_machine(muppy.get_objects())}
    built = ModelBackend([HISTORY["v7.2.0"]])
    built.obey(next(iter(find("pc").play(find("pc").values({})))))
    assert len([each for each in of_a_machine(gc.get_objects()) if id(each) not in before]) > 50
    assert len([each for each in of_a_machine(muppy.get_objects()) if id(each) not in known]) > 50
    del built
    backends = [destroyed(rules, "devices=1 firmware=0") for rules in HISTORY]
    gc.collect()
    assert not [each for each in of_a_machine(gc.get_objects()) if id(each) not in before]
    assert not [each for each in of_a_machine(muppy.get_objects()) if id(each) not in known]
    assert all(backend.ledgers for backend in backends)


def test_without_release_functions_everything_is_left_and_named_with_its_owner_and_holder():
    backend = destroyed("v7.2.0,release=off", "devices=1")
    rows = remaining(backend.ledgers[0], backend.regions)
    assert sum(row.count for row in rows if row.kind == "region") == len(backend.regions)
    named = {(row.kind, row.name): (row.owner, row.holder) for row in rows}
    assert named["address space", "memory"] == ("the machine", "the list of address spaces")
    assert named["region", "bus master container"][1] == "address space virtio-net-pci"
    assert named["view", "of system"] == ("the machine", "address space memory and 2 more")
    assert named["region", "pc.ram"] == ("the machine", "alias ram-below-4g")
    assert all(row.owner and row.holder for row in rows)


def test_a_view_that_a_reader_never_drops_outlives_the_machine():
    backend = destroyed("v7.2.0", "devices=0 order=look+take")
    (view, _) = remaining(backend.ledgers[0], backend.regions)
    assert (view.kind, view.name, view.count) == ("view", "of system", 1)
    assert view.holder == "a reader of memory that never drops it"
    assert census(backend.ledgers[0])["flatviews.held"] == 1


def test_the_scenario_answers_who_leaves_what_and_which_readers_go_wrong(footprint):
    recording = json.loads(footprint("run", "teardown", "-s", "devices=1", "-s", "firmware=0", "--json").stdout)
    answer = recording["answer"]
    assert "objects are left under v7.2.0,release=off" in answer
    assert "Under v2.0.0, v2.10.0, v7.2.0,view_reference=plain the reader takes a view" in answer


@pytest.mark.parametrize(
    ("order", "words"),
    [("take", "cannot take there"), ("look+jump", "'jump' is not one of"), ("look", "would stop every grace period")],
)
def test_an_order_that_no_reader_can_follow_is_refused(footprint, order, words):
    done = footprint("run", "teardown", "-s", f"order={order}", "--json")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
