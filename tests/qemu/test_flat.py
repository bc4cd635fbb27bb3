from __future__ import annotations

import pytest

from footprint.errors import InputFileError
from footprint.qemu.dispatch import NIL, SectionLine
from footprint.qemu.flat import FlatText, RangeLine, SpaceLine, read_flat
from footprint.qemu.lines import Source
from tests.fixtures.captures import CAPTURES, FLAT, load

VIEW = 'FlatView #3\n AS "memory", root: system\n AS "a, root: b", root: c, alias d\n Root memory region: system\n'
DISPATCH = """\
  Dispatch
    Physical sections
      #0 @0000000000000000..ffffffffffffffff (noname) [unassigned]
      #1 @0000000000000000..000000000007ffff ram [not dirty] [ROOT] [MRU] [iommu] alias=x
    Nodes (9 bits per level, 6 levels) ptr=[1] skip=0
      [0]
\t  0       skip=0  ptr=#1
\t  1..511  skip=1  ptr=NIL
"""


def read(text: str) -> FlatText:
    return read_flat(text, Source("FILE", "info mtree -f"))


def item(line: str) -> RangeLine:
    return read(f"{VIEW}  {line}\n").views[0].ranges[0]


def test_a_view_names_its_spaces_and_its_root() -> None:
    (view,) = read(VIEW + "  No rendered FlatView\n\n").views
    assert (view.number, view.root, view.ranges, view.dispatch) == (3, "system", (), None)
    assert view.spaces == (SpaceLine("memory", "system"), SpaceLine("a, root: b", "c", "d"))


def test_the_empty_view_has_no_root() -> None:
    assert read(VIEW.replace("region: system", "region: (none)") + "  No rendered FlatView\n").views[0].root is None


def test_a_range_is_taken_apart_from_both_ends() -> None:
    place = f"{0xE0000:016x}-{0xFFFFF:016x}"
    assert item(f"{place} (prio 0, rom): pc.bios @0000000000020000 owner:{{obj path=/x}} KVM KVM") == RangeLine(
        5, 0xE0000, 0xFFFFF, 0, "rom", "pc.bios", 0x20000, False, "owner:{obj path=/x}", ("KVM", "KVM")
    )
    assert item(f"{place} (prio -1, nv-ram): a @b").name == "a @b"
    assert item(f"{place} (prio -1, nv-ram): a @b").nonvolatile


def test_up_to_2_10_a_view_is_printed_for_each_space_and_tells_no_root() -> None:
    text = read(
        "address-space (flat view): memory\n  0000000000000000-0000000000000fff (prio 0, ram): ram\n\n"
        "address-space (flat view): I/O\n  No rendered FlatView for address space 'I/O'\n\n"
    )
    assert text.per_space
    assert [(view.spaces, len(view.ranges)) for view in text.views] == [
        ((SpaceLine("memory", None),), 1),
        ((SpaceLine("I/O", None),), 0),
    ]


def test_sections_and_nodes_are_read_without_labels() -> None:
    dispatch = read(VIEW + DISPATCH).views[0].dispatch
    assert dispatch is not None
    assert dispatch.sections[0] == SectionLine(7, 0, (1 << 64) - 1, None)
    assert dispatch.sections[1] == SectionLine(8, 0, 0x7FFFF, "ram", is_root=True, iommu=True)
    assert (dispatch.dummies, dispatch.levels, dispatch.ptr, dispatch.skip) == (1, 6, 1, 0)
    assert dispatch.nodes == (((0, 0, 0, 1), (1, 511, 1, NIL)),)


def test_four_dummies_are_counted_before_4_2() -> None:
    more = "".join(
        f"      #{i} @{0:016x}..{'f' * 16} (noname) [{x}]\n" for i, x in ((1, "not dirty"), (2, "ROM"), (3, "watch"))
    )
    text = VIEW + DISPATCH.replace("      #1 ", more + "      #4 ")
    assert read(text).views[0].dispatch.dummies == 4  # type: ignore[union-attr]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_every_view_range_and_node_of_a_real_capture_is_read(path) -> None:
    text = load(path)[FLAT]
    flat = read(text)
    assert len(flat.views) == text.count("FlatView #")
    assert sum(len(view.ranges) for view in flat.views) == text.count(" (prio ")
    assert sum(len(view.dispatch.nodes) for view in flat.views if view.dispatch) == text.count("\n      [")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", None, "holds no view"),
        ("nonsense", 1, "FlatView #0"),
        ("FlatView #0\n Root memory region: a\n", 2, "an address space"),
        ('FlatView #0\n AS "memory", root: a\n', 3, "Root memory region"),
        (VIEW + "  oops\n", 5, "is not a range"),
        (VIEW + DISPATCH.replace("    Physical sections\n", ""), 6, "Physical sections"),
        (VIEW + DISPATCH.replace("#1 @", "#2 @"), 8, "section #1|heading"),
        (VIEW + DISPATCH.replace("[0]", "[1]"), 10, r"node \[0\]"),
        (VIEW + DISPATCH.replace("1..511", "2..511"), 12, "the entry at 1"),
        (VIEW + DISPATCH.replace("\t  1..511  skip=1  ptr=NIL\n", ""), 11, "has 1 entries"),
        (VIEW + DISPATCH.replace("skip=0  ptr=#1", "skip=1  ptr=#1"), 11, "an entry of a radix node"),
        (VIEW + DISPATCH.replace("(9 bits", "(8 bits"), 9, "only 9"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int | None, reason: str) -> None:
    with pytest.raises(InputFileError, match=reason) as caught:
        read(text)
    assert caught.value.line == line
