"""Counts of QEMU's answers, under the names of the model's metrics."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from footprint.errors import MeasurementError
from footprint.qemu.counts import count_spaces, count_views
from tests.fixtures.captures import CAPTURES, FLAT, TREE, load

WHOLE = f"{0:016x}..{'f' * 16}"
SMALL = """\
FlatView #0
 AS "memory", root: system
 AS "cpu-memory-0", root: system
 Root memory region: system
  0000000000000000-00000000000007ff (prio 0, ram): ram
  0000000000000800-0000000000000fff (prio 0, i/o): odd
  Dispatch
    Physical sections
{dummies}      #{subpage} @0000000000000000..0000000000000fff (noname)
      #{ram} @0000000000000000..00000000000007ff ram
      #{odd} @0000000000000800..0000000000000fff odd
    Nodes (9 bits per level, 6 levels) ptr=[0] skip=6
      [0]
\t  0       skip=0  ptr=#{subpage}
\t  1..511  skip=0  ptr=#0

FlatView #1
 AS "I/O", root: io
 Root memory region: (none)
  No rendered FlatView

"""


def small(dummies: int) -> str:
    lines = "".join(f"      #{i} @{WHOLE} (noname)\n" for i in range(dummies))
    return SMALL.format(dummies=lines, subpage=dummies, ram=dummies + 1, odd=dummies + 2)


def matches(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text, re.MULTILINE))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_every_count_is_the_number_of_lines_that_print_it(path: Path) -> None:
    document = load(path)
    tree, flat = document.get("info mtree", document[TREE]), document[FLAT]
    views, empty = matches(r"^FlatView #\d+$", flat), matches(r"^  No rendered FlatView$", flat)
    assert count_spaces(tree) == {"address_spaces": matches(r"^address-space: ", tree)}
    assert count_views(flat, "7.2.22") == {
        "flatviews.alive": views,
        "flatviews.empty": empty,
        "dispatches.alive": views,
        "flat_ranges": matches(r"^  [0-9a-f]{16}-[0-9a-f]{16} \(prio ", flat),
        "sections": matches(r"^      #\d+ @", flat) + empty,
        "nodes": matches(r"^      \[\d+\]$", flat),
        "subpages": matches(r"^      #\d+ @[0-9a-f.]{34} \(noname\)", flat) - (views - empty),
    }


@pytest.mark.parametrize(("version", "dummies"), [("2.11.1", 4), ("4.1.0", 4), ("4.2.0", 1), ("11.1.2", 1)])
def test_the_dummies_of_the_release_are_sections_also_of_the_empty_view_but_no_subpages(
    version: str, dummies: int
) -> None:
    assert count_views(small(dummies), version) == {
        "flatviews.alive": 2, "flatviews.empty": 1, "dispatches.alive": 2, "flat_ranges": 2,
        "sections": 3 + 2 * dummies, "nodes": 1, "subpages": 1,
    }  # fmt: skip


def test_line_ends_do_not_matter() -> None:
    assert count_views(small(1).replace("\n", "\r\n"), "7.2.22") == count_views(small(1), "7.2.22")
    tree = "address-space: a\r\naddress-space: b\r\n  0000000000000000-ffffffffffffffff (prio 0, i/o): r\r\n\r\n"
    assert count_spaces(tree) == {"address_spaces": 2}


def test_an_answer_in_an_unknown_form_is_named_with_its_line() -> None:
    with pytest.raises(MeasurementError, match=r"QEMU:2: in the answer to 'info mtree': 'surprise' is not a region"):
        count_spaces("address-space: memory\nsurprise\n")
    with pytest.raises(MeasurementError, match=r"QEMU:10: in the answer to 'info mtree -f -d': .* is not a section"):
        count_views(small(1).replace("#1 @", "#x @"), "7.2.22")
