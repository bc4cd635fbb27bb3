"""The memory account: everything made is alive, waits, or is freed, and nothing is counted twice."""

import pytest

from footprint.byte_kinds import BYTE_KINDS
from footprint.memory.account import MemoryAccount
from footprint.memory.node_allocations import NodeArrays
from footprint.memory.policies import choose
from footprint.memory.radix import NODE_BYTES, Pages
from footprint.memory.reclaimer import NO_MEMORY
from footprint.memory.rules import rule_set
from footprint.memory.tallies import ObjectCounts
from footprint.recording.metrics import METRICS

VIEW = ObjectCounts(
    views=1, dispatches=1, inserted=3, range_slots=10, ranges=2, sections=3, section_slots=16, nodes=6, subpages=0
)
ARRAYS = NodeArrays(nodes=16, untouched=10 * NODE_BYTES - 4096)
BARE, DISPATCH = 56, 64 + 16 * 64


def account(rules="v7.2.0"):
    chosen = rule_set(rules)
    return MemoryAccount(choose(chosen.features, chosen.own), chosen.layout, Pages())


def weight(objects=VIEW, nodes=ARRAYS.nodes):
    return sum(account().bytes_of(objects, nodes).values())


def test_the_bytes_of_a_view_are_those_of_its_parts():
    assert account().bytes_of(VIEW, 16) == {
        "flatviews": 56, "flat_ranges": 640, "dispatches": 64, "sections": 1024, "nodes": 32768, "subpages": 0,
    }  # fmt: skip


def test_every_kind_of_bytes_has_its_weight_and_its_two_metrics():
    assert list(account().bytes_of(VIEW, 16)) == list(BYTE_KINDS)
    assert {f"modelled.{kind}{when}" for kind in BYTE_KINDS for when in ("", ".ever")} <= set(METRICS)


def test_what_is_made_is_allocated_until_its_grace_period_ends():
    books = account()
    books.make(VIEW, ARRAYS)
    books.make(VIEW, ARRAYS)
    books.release(VIEW, ARRAYS)
    assert tuple(books.allocated) == (2, 2 * weight(), 2 * (weight() - ARRAYS.untouched))
    books.reclaimer.grace()
    assert tuple(books.allocated) == (1, weight(), weight() - ARRAYS.untouched)
    assert (books.ever.views, books.nodes_ever, books.reclaimer.freed) == (2, 32, 1)


def test_a_commit_releases_all_and_makes_all_anew():
    books = account()
    for _ in range(3):
        books.release_all()
        books.make_all(VIEW, ARRAYS)
        books.note_peak()
    assert (books.allocated.views, books.ever.sections, books.nodes_ever) == (3, 9, 48)
    books.reclaimer.grace()
    assert books.allocated.bytes == weight()
    assert books.peak.bytes == 3 * weight()


def test_a_commit_after_the_views_have_grown_weighs_them_again():
    books = account()
    for arrays in (ARRAYS, NodeArrays(32, 0)):
        books.release_all()
        books.make_all(VIEW, arrays)
    books.reclaimer.grace()
    assert books.allocated.bytes == weight(nodes=32)


def test_the_one_empty_view_is_made_once_and_held_for_ever():
    books = account()
    made = books.hold_empty_view()
    assert (made.views, made.dispatches, made.sections) == (1, 1, 1)
    assert books.hold_empty_view() is None
    books.release_all()
    books.reclaimer.grace()
    assert tuple(books.allocated) == (1, BARE + DISPATCH, BARE + DISPATCH)
    assert books.empty_views_alive(used=False) == ObjectCounts()
    assert books.empty_views_alive(used=True) == made


@pytest.mark.parametrize(("rules", "dispatches"), [("v2.10.0", 1), ("66a6df1dc6", 0)])
def test_a_first_view_is_alive_until_the_first_commit_or_until_its_space_is_gone(rules, dispatches):
    books = account(rules)
    for _ in range(2):
        assert books.make_first_view().dispatches == dispatches
    assert (books.empty_views_alive(used=False).views, books.empty_views_alive(used=False).dispatches) == (
        2, 2 * dispatches,
    )  # fmt: skip
    books.release_first_view(2)
    assert books.empty_views_alive(used=False).views == 1
    assert books.allocated.views == 2
    books.release_all()
    assert books.empty_views_alive(used=False).views == 0
    books.reclaimer.grace()
    assert books.allocated == NO_MEMORY


def test_of_views_given_up_the_first_becomes_the_empty_view():
    books = account("092aa2fc65@posted")
    books.make_all(ObjectCounts(given_up=3), NodeArrays(0, 0))
    dispatch = 64 + 16 * 64
    assert books.allocated.views == 3
    books.reclaimer.grace()
    assert (books.allocated.views, books.allocated.bytes) == (1, BARE + dispatch)
    books.make_all(ObjectCounts(given_up=2), NodeArrays(0, 0))
    books.reclaimer.grace()
    assert (books.reclaimer.freed, books.allocated.views) == (4, 1)
