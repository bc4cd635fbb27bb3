"""Whose views are, in the sentences of a comparison and of a broken budget."""

import msgspec
import pytest

from footprint.gate.budget import Budget
from footprint.gate.compare import compare
from footprint.recording import Recording, Run, Sample, Stretch, View, ViewOwner
from tests.fixtures.gates import judge

SHARED = ViewOwner("system", 1)
NET, SCSI = ViewOwner("virtio-pci", 255, "virtio-net-pci"), ViewOwner("virtio-pci", 1, "virtio-scsi-pci")


def view(root="system", device="", end="0x1000", alike=0, node_count=0):
    ranges = (Stretch("0x0", end, "ram", "ram"),)
    return View(root, ("memory",), ranges, 1, alike=alike, node_count=node_count, device=device)


def recording(*owners, views=(), rules="r", features=None, **more):
    metrics = {"flatviews.alive": sum(owner.views for owner in owners)} | more
    run = Run(rules, features or {}, (Sample("built", 0, metrics),), views=tuple(views), view_owners=tuple(owners))
    return Recording("footprint.recording/1", "test", {}, "model", {}, (run,))


def sentences(first, second):
    return compare(first, second)[0].views


def test_views_gained_are_named_by_device_type():
    assert sentences(recording(SHARED), recording(SHARED, NET, SCSI)) == (
        "views: +255 views of virtio-net-pci's `virtio-pci`, +1 view of virtio-scsi-pci's `virtio-pci`",
    )


def test_views_lost_and_gained_are_both_named_the_most_first():
    gained = ViewOwner("system", 3)
    assert sentences(recording(SHARED, NET), recording(gained)) == (
        "views: −255 views of virtio-net-pci's `virtio-pci`, +2 views of `system`",
    )


def test_of_many_owners_the_rest_is_a_number():
    many = [ViewOwner("bar", 1, f"card{number}") for number in range(30)]
    (sentence,) = sentences(recording(SHARED), recording(SHARED, *many))
    assert sentence.count("+1 view") == 8
    assert sentence.endswith("and 22 more")


def test_views_that_show_the_same_are_told_so_whatever_their_order():
    first = recording(SHARED, NET, views=[view(), view("virtio-pci", "virtio-net-pci", alike=254)])
    second = recording(NET, SHARED, views=[view("virtio-pci", "virtio-net-pci", alike=254), view()])
    assert sentences(first, second) == ("views: 256 views alive in both, the same to the last range and node",)


def test_a_view_that_shows_something_else_is_named():
    first = recording(SHARED, SCSI, views=[view(), view("virtio-pci", "virtio-scsi-pci")])
    second = recording(SHARED, SCSI, views=[view(), view("virtio-pci", "virtio-scsi-pci", end="0x2000")])
    assert sentences(first, second) == (
        "views: 2 views alive in both, but not all have the same content: virtio-scsi-pci's `virtio-pci`",
    )


def test_views_that_were_not_kept_whole_are_the_same_only_as_far_as_recorded():
    first = recording(SHARED, views=[view(node_count=5)])
    assert sentences(first, first) == ("views: 1 view alive in both, the same in every range and node recorded",)
    assert sentences(recording(SHARED), recording(SHARED)) == ("views: 1 view alive in both, of the same devices",)


def test_a_recording_of_before_is_compared_and_judged_without_owners():
    old = msgspec.json.decode(
        b'{"schema":"footprint.recording/1","scenario":"test","params":{},"backend":"model","environment":{},"runs":'
        b'[{"rules":"r","features":{},"samples":[{"mark":"built","cycle":0,"metrics":{"flatviews.alive":256}}],"views":'
        b'[{"root":"system","spaces":["memory"],"ranges":[],"range_count":0}]}]}',
        type=Recording,
    )
    assert sentences(old, recording(SHARED, NET)) == ()
    (verdict,) = judge(old, [Budget.parse("flatviews.alive<=4")])
    assert verdict.sentence == "flatviews.alive is 256 under r at built: breaks the budget <= 4"


def test_a_broken_budget_names_the_private_views():
    (verdict,) = judge(recording(SHARED, NET, SCSI), [Budget.parse("flatviews.alive<=4")])
    assert verdict.sentence.endswith(
        "breaks the budget <= 4; 256 views private to a device: 255 of virtio-net-pci's `virtio-pci`, "
        "1 of virtio-scsi-pci's `virtio-pci`"
    )


@pytest.mark.parametrize("budget", ["flatviews.alive<=300", "address_spaces<=4"])
def test_views_explain_no_budget_that_holds_or_counts_something_else(budget):
    (verdict,) = judge(recording(SHARED, NET, address_spaces=9), [Budget.parse(budget)])
    assert "private" not in verdict.sentence


def test_a_broken_budget_on_spaces_names_them_where_all_are_known():
    views = [view("system"), View("virtio-pci", ("virtio-pci",), (), 0, alike=2, spaces_alike=2)]
    budget = [Budget.parse("address_spaces<=2")]
    (verdict,) = judge(recording(SHARED, views=views, address_spaces=4), budget)
    assert verdict.sentence.endswith("breaks the budget <= 2; spaces: 3 `virtio-pci`, 1 `memory`")
    (verdict,) = judge(recording(SHARED, views=views, address_spaces=5), budget)
    assert verdict.sentence.endswith("breaks the budget <= 2")


def test_views_of_another_mark_explain_nothing():
    run = Run("r", {}, (Sample("built", 0, {"flatviews.alive": 9}),), view_owners=(SHARED, NET))
    (verdict,) = judge(
        Recording("footprint.recording/1", "test", {}, "model", {}, (run,)), [Budget.parse("flatviews.alive<=4")]
    )
    assert "private" not in verdict.sentence


def test_of_a_what_if_only_what_exists_is_judged():
    held = {"features": {"transactions": "machine"}, "rules": "held"}
    first = recording(SHARED, **{"flatviews.created": 393})
    (comparison,) = compare(first, recording(SHARED, **held, **{"flatviews.created": 9}))
    created = next(line for line in comparison.lines if line.metric == "flatviews.created")
    assert (created.judged, created.change, comparison.differing) == (False, -384, ())
    (comparison,) = compare(first, recording(SHARED, NET, **held, **{"flatviews.created": 9}))
    assert [line.metric for line in comparison.differing] == ["flatviews.alive"]
    (comparison,) = compare(first, recording(SHARED, **{"flatviews.created": 9}))
    assert [line.metric for line in comparison.differing] == ["flatviews.created"]
