from __future__ import annotations

from pathlib import Path

import pytest

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from footprint.reconstruct.overlaps import has_rivals
from footprint.reconstruct.rivals import rivals_at
from footprint.verify.capture import verify_capture
from footprint.verify.result import Verification
from tests.fixtures.captures import save


def verified(path: Path, order: list[tuple[int, int, str]]) -> Verification:
    """The verdict on a machine whose overlapping siblings (address, size, name) were added in this order."""
    core = MemoryCore([HISTORY["v7.2.0"]])
    system = make.container("system", 1 << 64)
    for addr, size, name in order:
        core.add_subregion(system, addr, make.io(name, size))
    core.create_space("memory", system)
    return verify_capture(read_capture(save(path, tree_text(core.spaces), flat_text(core.ledgers[0]))))


BLANKET, UART, TIMER = (0, 0x100000, "unimplemented"), (0x1000, 0x100, "uart"), (0x8000, 0x100, "timer")


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ([UART, (0x1080, 0x100, "next")][::-1], "lower address on top, as printed"),
        ([BLANKET, UART, TIMER], "smaller on top"),
        ([(0x0, 0x100, "dma"), (0xFF, 0x100, "dma-2")], "higher address on top"),
    ],
)
def test_the_order_that_the_text_does_not_carry_is_found_and_said(
    order: list[tuple[int, int, str]], said: str, tmp_path: Path
) -> None:
    result = verified(tmp_path / "a.json", order)
    assert result.mismatches == []
    assert any(said in guess for guess in result.guesses)


def test_an_order_that_no_rule_gives_is_a_mismatch_that_says_so(tmp_path: Path) -> None:
    order = [(0x1000, 0x100, "small"), (0x1080, 0x1000, "large"), (0x8000, 0x1000, "wide"), (0x8800, 0x100, "inner")]
    again = [(0x20000, 0x1000, "wide-2"), (0x20F00, 0x1000, "wide-3")][::-1]
    result = verified(tmp_path / "a.json", [*order, *again])
    (mismatch,) = result.mismatches
    assert mismatch.what.startswith("sibling order that the text does not carry: 'small' (prio 0) at [0x1000, 0x1100)")


def region(addr: int, size: int, priority: int = 0) -> MemoryRegion:
    one = make.io("x", size)
    one.addr, one.priority = addr, priority
    return one


def test_only_enabled_siblings_of_one_priority_at_different_addresses_are_rivals() -> None:
    assert has_rivals([region(0, 0x1000), region(0x800, 0x100)])
    assert has_rivals([region(0, 0x10000), region(0x100, 0x10), region(0x800, 0x100)])
    assert not has_rivals([region(0, 0x1000), region(0x800, 0x100, 1)])
    assert not has_rivals([region(0, 0x1000), region(0, 0x100)])
    assert not has_rivals([region(0, 0x1000), region(0x1000, 0x100)])
    hidden = region(0x800, 0x100)
    hidden.enabled = False
    assert not has_rivals([region(0, 0x1000), hidden])


def test_rivals_are_named_only_where_one_shows_what_is_wanted() -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    system = make.container("system", 1 << 64)
    for addr, name in ((0, "a"), (0x80, "b")):
        core.add_subregion(system, addr, make.io(name, 0x100))
    rivals = rivals_at(system, 0x90, "a")
    assert rivals is not None and [one.name for one in rivals] == ["b", "a"]
    assert rivals_at(system, 0x10, "a") is None
    assert rivals_at(system, 0x90, "c") is None
