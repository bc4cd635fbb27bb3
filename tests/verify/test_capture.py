from __future__ import annotations

from pathlib import Path

import pytest

from footprint.memory.rules import HISTORY, rule_set
from footprint.qemu.capture import read_capture
from footprint.reconstruct.match_views import rules_of
from footprint.verify.capture import verify_capture
from footprint.verify.result import Mismatch, Verification
from tests.fixtures.captures import CAPTURES, FLAT, TREE, load, named, save


def changed(tmp_path: Path, name: str, key: str, *swap: str) -> Verification:
    """The verdict on a real capture with one thing changed in what QEMU printed."""
    data = load(named(name))
    old, new = swap
    assert old in data[key]
    data[key] = data[key].replace(old, new, 1)
    return verify_capture(read_capture(save(tmp_path / "changed.json", data[TREE], data[FLAT])))


def only(result: Verification) -> Mismatch:
    (mismatch,) = result.mismatches
    return mismatch


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_every_view_is_exact_to_the_last_node(path: Path) -> None:
    result = verify_capture(read_capture(path))
    assert result.mismatches == []
    assert result.views == result.views_exact == load(path)[FLAT].count("FlatView #")


@pytest.mark.parametrize(("name", "untold"), [("arm__mcimx6ul-evk", 0), ("aarch64__imx8mp-evk_qemu11", 5)])
def test_of_boards_whose_siblings_follow_no_common_rule_only_pairs_that_no_view_tells_are_guessed(
    name: str, untold: int
) -> None:
    guess = "no view tells the order of 5 pairs of overlapping siblings: lower address on top, as printed"
    assert verify_capture(read_capture(named(name))).guesses == [guess] * bool(untold)


def test_a_text_that_contradicts_itself_about_siblings_names_the_two(tmp_path: Path) -> None:
    old = "00000000020c8000-00000000020c8fff (prio 0, i/o): imx6ul.ccm.analog\n"
    new = "00000000020c8000-00000000020c97ff (prio 0, i/o): imx6ul.ccm.analog\n"
    usb = "00000000020c9000-00000000020c9fff (prio 0, i/o): imx-usbphy"
    half = "00000000020c9800-00000000020c9fff (prio 0, i/o): imx-usbphy @0000000000000800"
    data = load(named("arm__mcimx6ul-evk"))
    data[FLAT] = data[FLAT].replace(old, new, 1).replace(usb, half, 1)
    result = verify_capture(read_capture(save(tmp_path / "changed.json", data[TREE], data[FLAT])))
    assert (result.views, result.views_exact) == (2, 1)
    mismatch = only(result)
    assert mismatch.what.startswith(
        "no order of siblings gives what was printed: 'imx6ul.ccm' (prio 0) at [0x20c4000, "
    )
    assert "'imx-usbphy' (prio 0) at [0x20c9000, " in mismatch.what
    assert mismatch.view.startswith("FlatView #") and "memory" in mismatch.view


def test_a_range_that_differs_is_shown_as_qemu_prints_it(tmp_path: Path) -> None:
    mismatch = only(changed(tmp_path, "x86_64__pc", FLAT, "(prio 0, i/o): hpet", "(prio 1, i/o): hpet"))
    assert mismatch.what == "flat range 5"
    assert mismatch.expected == "00000000fed00000-00000000fed003ff (prio 1, i/o): hpet"
    assert mismatch.got == "00000000fed00000-00000000fed003ff (prio 0, i/o): hpet"


def test_a_section_that_differs_is_named_by_its_number(tmp_path: Path) -> None:
    mismatch = only(changed(tmp_path, "x86_64__pc", FLAT, "..00000000fec00fff ioapic", "..00000000fec01fff ioapic"))
    assert mismatch.what == "physical section #5"
    assert mismatch.got == "#5 @00000000fec00000..00000000fec00fff ioapic"


def test_a_radix_entry_that_differs_is_named_by_node_and_index(tmp_path: Path) -> None:
    mismatch = only(changed(tmp_path, "x86_64__pc", FLAT, "\t  3       skip=1  ptr=[6]", "\t  3       skip=2  ptr=[7]"))
    assert (mismatch.what, mismatch.expected, mismatch.got) == (
        "radix node [3], entry 3", "skip=2 ptr=[7]", "skip=1 ptr=[6]",
    )  # fmt: skip


def test_a_root_entry_that_differs_is_named(tmp_path: Path) -> None:
    mismatch = only(changed(tmp_path, "x86_64__pc", FLAT, "ptr=[3] skip=4", "ptr=[2] skip=3"))
    assert (mismatch.what, mismatch.expected) == ("root entry of the radix tree", "ptr=[2] skip=3")


def test_a_view_of_another_root_is_named(tmp_path: Path) -> None:
    mismatch = only(changed(tmp_path, "x86_64__pc", FLAT, "Root memory region: system", "Root memory region: pci"))
    assert (mismatch.what, mismatch.expected, mismatch.got) == ("root memory region", "pci", "system")


def test_spaces_that_are_grouped_otherwise_are_named(tmp_path: Path) -> None:
    result = changed(tmp_path, "x86_64__pc", FLAT, ' AS "PIIX3", root: bus master container\n', "")
    mismatch = only(result)
    assert mismatch.what == "address spaces that share the view"
    assert mismatch.expected == "i440FX, piix3-ide, PIIX4_PM"
    assert "PIIX3" in mismatch.got
    assert (result.views, result.views_exact) == (4, 3)


def test_a_capture_under_rules_that_were_not_its_own_differs_in_grouping() -> None:
    capture = read_capture(named("x86_64__pc"))
    what = {one.what for one in verify_capture(capture, HISTORY["v2.10.0"]).mismatches}
    assert "address spaces that share the view" in what
    assert verify_capture(capture, rule_set("v7.2.0,level_skipping=off")).views_exact == 1
    assert verify_capture(capture, HISTORY["v8.2.0"]).exact


def test_the_form_of_a_text_tells_its_rules(tmp_path: Path) -> None:
    assert rules_of(read_capture(named("x86_64__pc"))).name == "v7.2.0"
    data = load(named("ppc64__pseries"))
    old = "address-space (flat view): memory\n  No rendered FlatView for address space 'memory'\n"
    assert rules_of(read_capture(save(tmp_path / "a.json", data[TREE], old))).name == "v2.10.0"


def per_space(flat: str) -> str:
    """A text of 7.2 in the form of 2.10, where each space has a view and no dispatch is printed."""
    views = []
    for view in flat.strip("\n").split("\n\n"):
        lines = view.split("\n")
        ranges = [
            line for line in lines[: lines.index("  Dispatch") if "  Dispatch" in lines else None] if " (prio " in line
        ]
        for line in lines:
            if line.startswith(' AS "'):
                name = line[5:].partition('"')[0]
                body = ranges or [f"  No rendered FlatView for address space '{name}'"]
                views.append("\n".join([f"address-space (flat view): {name}", *body]))
    return "\n\n".join(views) + "\n\n"


def test_the_form_of_2_10_is_verified_under_the_rules_of_2_10(tmp_path: Path) -> None:
    data = load(named("ppc64__pseries"))
    result = verify_capture(read_capture(save(tmp_path / "a.json", data[TREE], per_space(data[FLAT]))))
    assert result.mismatches == []
    assert result.views == data[FLAT].count(' AS "')


@pytest.mark.parametrize("answer", ["info mtree -D", "info mtree"])
def test_text_that_tells_less_is_exact_too_and_the_guesses_say_what_was_missing(answer: str) -> None:
    data = load(named("x86_64__pc"))
    capture = read_capture(named("x86_64__pc"))
    from dataclasses import replace

    from footprint.qemu.mtree import read_mtree

    poorer = replace(capture, tree=read_mtree(data[answer], capture.tree.source))
    result = verify_capture(poorer)
    assert result.mismatches == []
    assert any("not shown" in guess for guess in result.guesses) == (answer == "info mtree")


def test_names_with_markup_come_through_unchanged(tmp_path: Path) -> None:
    data = load(named("ppc64__pseries"))
    name = "<script>alert(1)</script>"
    tree = data[TREE].replace("ppc_spapr.ram", name)
    result = verify_capture(read_capture(save(tmp_path / "a.json", tree, data[FLAT])))
    assert name in only(result).got
