"""Who owns what: the shares add up to the recording's counts, and an owner's share is what taking it out saves."""

import pytest

from footprint.byte_kinds import BYTE_KINDS
from footprint.memory.rules import HISTORY
from footprint.record.find import find_recording
from footprint.recording.model import OwnerShare
from footprint.report.icicle import Slice, icicle
from footprint.report.owners import owners, whole
from footprint.report.page import render
from tests.conftest import DATA

from .made import recording, run
from .test_answers import recorded
from .test_sections import plain

EXACT = {
    "spaces": "address_spaces", "views": "flatviews.alive", "ranges": "flat_ranges", "sections": "sections",
    "nodes": "nodes", "nodes_allocated": "nodes.allocated", "subpages": "subpages",
}  # fmt: skip
ODD = ("v7.2.0,dispatch=per-space", "v2.10.0,sharing=root", "v7.2.0,sharing=none", "v7.2.0,empty_view=off")
GUESTS = {
    "power8": {"cpus": "2", "nics": "3", "bridges": "1"},
    "bus_masters": {"functions": "3"},
    "hotplug": {"cycles": "2"},
    "pc112": {"nics": "6", "bridges": "1"},
}


def last_read(run):
    return [sample for sample in run.samples if sample.mark != "destroyed"][-1].metrics


def sums(shares):
    return {name: sum(getattr(share, name) for share in shares) for name in (*EXACT, "bytes")}


def counted(metrics):
    return {
        **{name: metrics[metric] for name, metric in EXACT.items()},
        "bytes": sum(metrics[f"modelled.{kind}"] for kind in BYTE_KINDS),
    }


@pytest.mark.parametrize("name", GUESTS)
def test_the_shares_of_all_owners_are_the_counts_of_the_recording_under_every_rule_set(name):
    for told in recorded(name, *HISTORY, *ODD, **GUESTS[name]).runs:
        assert sums(told.owner_shares) == counted(last_read(told)), told.rules


def test_the_icicle_is_as_wide_as_all_bytes_and_so_is_each_of_its_levels():
    for told in recorded("power8", **GUESTS["power8"]).runs:
        tree = whole((told,), told.owner_shares)
        assert tree.size == counted(last_read(told))["bytes"]
        for level in (tree.parts, [device for kind in tree.parts for device in kind.parts],
                      [view for kind in tree.parts for device in kind.parts for view in device.parts]):  # fmt: skip
            assert sum(part.size for part in level) == tree.size


@pytest.mark.parametrize("rules", ["v2.0.0", "v2.10.0", "66a6df1dc6"])
@pytest.mark.parametrize("name", ["power8", "bus_masters"])
def test_where_nothing_is_shared_an_owner_has_what_taking_it_out_saves(name, rules):
    many, few = (
        {"nics": str(n), "cpus": "2", "bridges": "1"} if name == "power8" else {"functions": str(n)} for n in (4, 3)
    )
    more, less = (recorded(name, rules, **values).runs[0] for values in (many, few))
    kind = {"power8": "virtio-net-pci", "bus_masters": "e1000"}[name]
    own = [share for share in more.owner_shares if share.device == kind]
    assert {share.owners for share in own} == {4}
    saved = {key: n - counted(last_read(less))[key] for key, n in counted(last_read(more)).items()}
    assert {key: n // 4 for key, n in sums(own).items()} == saved
    assert saved["views"] >= 1 and saved["bytes"] > 0


DEVICES = ("virtio-net-pci", "virtio-scsi-pci", "virtio-blk-pci", "e1000", "e1000e", "rtl8139",
           "nvme", "pci-ohci", "nec-usb-xhci")  # fmt: skip


@pytest.mark.parametrize("machine", ["pc", "q35", "virt"])
def test_of_every_device_on_every_machine_the_share_is_what_taking_one_out_saves_and_all_shares_add_up(machine):
    for n, kind in enumerate(DEVICES):
        beside = DEVICES[(n + 3) % len(DEVICES)]
        more, less = (recorded(machine, "v2.10.0", devices=f"{many}x{kind}+1x{beside}").runs[0] for many in ("2", "1"))
        own = [share for share in more.owner_shares if share.device == kind]
        after = counted(last_read(less))
        saved = {key: count - after[key] for key, count in counted(last_read(more)).items()}
        assert {key: count / 2 for key, count in sums(own).items()} == saved, kind
        assert saved["views"] >= 1, kind
        assert sums(more.owner_shares) == counted(last_read(more)), kind
        tree = whole((more,), more.owner_shares)
        assert sum(part.size for part in tree.parts) == tree.size == counted(last_read(more))["bytes"], kind


def test_what_several_use_is_nobodys_own_and_says_so():
    shares = recorded("bus_masters", "v7.2.0", **GUESTS["bus_masters"]).runs[0].owner_shares
    cards = [share for share in shares if share.device == "e1000"]
    assert sums(cards) == {**dict.fromkeys((*EXACT, "bytes"), 0), "spaces": 3}
    assert {share.root for share in shares if share.name == "shared"} == {"system", "(none)"}


def test_where_each_space_has_its_own_view_nothing_but_the_empty_view_is_shared():
    shares = recorded("power8", "v7.2.0,sharing=none", **GUESTS["power8"]).runs[0].owner_shares
    assert {share.root for share in shares if share.name == "shared"} <= {"(none)"}
    assert sum(share.views for share in shares if share.device == "CPU") == 2


def test_the_first_words_say_who_has_most():
    section = owners(recorded("power8", **GUESTS["power8"]))
    assert plain(section.lead).startswith("Under v11.1.0, 41.7 % of the ")
    assert "belong to 3 virtio-net-pci" in section.lead


def test_a_capture_has_owners_too_by_what_qemu_printed_of_them():
    captured = find_recording(str(DATA / "captures" / "ppc64__pseries_two_bridges_booted.json.gz"))
    metrics = last_read(captured.runs[-1])
    assert sums(captured.runs[-1].owner_shares)["spaces"] == metrics["address_spaces"]
    assert sums(captured.runs[-1].owner_shares)["views"] == metrics["flatviews.alive"]


def test_ten_thousand_owners_are_a_page_of_less_than_three_megabytes_with_the_rest_summed():
    shares = tuple(
        OwnerShare(f"root{n % 50}", f"type{n}", f"id{n}", 1, 1, 1, n, n, n, n, 0, 2048 * n) for n in range(10_000)
    )
    page = render([recording(run("a", owner_shares=shares), run("b", owner_shares=shares[1:]))])
    assert len(page.encode()) < 3 << 20
    table = owners(recording(run(owner_shares=shares))).exhibits[-1].tables[0]
    assert len(table.rows) <= 300
    assert plain(table.rows[-1][0]) == "9 701 more"
    ranges = [column.label for column in table.columns].index("ranges")
    assert sum(int(plain(row[ranges]).replace(" ", "")) for row in table.rows) == sum(share.ranges for share in shares)


def test_parts_too_thin_to_be_seen_are_one_and_sizes_stay_true():
    thin = tuple(Slice(f"part {n}", 1, "one") for n in range(900))
    svg = plain(icicle(Slice("all", 1800, "all", (*thin, Slice("half", 900, "half"))), "label"))
    assert "900 smaller parts: together, 50.0 %" in svg
    assert svg.count("<g>") == 3


def test_hostile_names_of_owners_are_text():
    name = "<script>alert(1)</script>\0\u202e\"'" + "x" * 10_000
    page = render([recording(run(owner_shares=(OwnerShare(name, name, name, 1, 1, 1, bytes=9),)))])
    assert "<script>alert" not in page
    assert "\0" not in page and "\u202e" not in page
    assert "[U+202E]" in page and "[U+0000]" in page
    assert (
        len(page) < len(render([recording(run(owner_shares=(OwnerShare("a", "b", "c", 1, 1, 1, bytes=9),)))])) + 150_000
    )
