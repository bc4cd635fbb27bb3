from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.match_views import arrange, rules_of
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from footprint.reconstruct.rivals import rivals_at
from footprint.verify.capture import verify_capture
from footprint.verify.result import Verification
from tests.fixtures.captures import save

Child = tuple[int, int, str] | tuple[int, int, str, int]
"""Address, size, name and, if it is not 0, priority."""


@pytest.fixture
def core() -> MemoryCore:
    return MemoryCore([HISTORY["v7.2.0"]])


def fill(core: MemoryCore, container: MemoryRegion, children: list[Child]) -> None:
    """Add `children` to `container`, the last on top."""
    for addr, size, name, *priority in children:
        core.add_subregion(container, addr, make.ram(name, size), priority=sum(priority))


def verified(core: MemoryCore, path: Path) -> Verification:
    """The verdict on what `core` prints."""
    return verify_capture(read_capture(save(path, tree_text(core.spaces), flat_text(core.ledgers[0]))))


def sibling_guesses(result: Verification) -> list[str]:
    return [guess for guess in result.guesses if "siblings" in guess]


def board(core: MemoryCore, children: list[Child]) -> MemoryRegion:
    system = make.container("system", 1 << 64)
    fill(core, system, children)
    core.create_space("memory", system)
    return system


BLANKET, UART, TIMER = (0, 0x100000, "unimplemented"), (0x1000, 0x100, "uart"), (0x8000, 0x100, "timer")


@pytest.mark.parametrize(
    "children",
    [
        [UART, (0x1080, 0x100, "next")][::-1],
        [BLANKET, UART, TIMER],
        [(0x0, 0x100, "dma"), (0xFF, 0x100, "dma-2")],
        [
            (0x1000, 0x100, "small"), (0x1080, 0x1000, "large"), (0x8000, 0x1000, "wide"), (0x8800, 0x100, "inner"),
            (0x20F00, 0x1000, "wide-3"), (0x20000, 0x1000, "wide-2"),
        ],
    ],
    ids=["lower on top", "smaller on top", "higher on top", "no common rule"],
)  # fmt: skip
def test_what_the_views_show_of_each_pair_is_no_guess(core: MemoryCore, children: list[Child], tmp_path: Path) -> None:
    board(core, children)
    result = verified(core, tmp_path / "a.json")
    assert (result.mismatches, sibling_guesses(result)) == ([], [])


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        ([], "lower address on top, as printed"),
        ([BLANKET, UART], "smaller on top"),
        ([(0x1000, 0x200, "a"), (0x1100, 0x200, "b")], "higher address on top"),
    ],
)
def test_a_pair_that_no_view_tells_follows_the_rule_of_the_others_and_is_reported(
    core: MemoryCore, told: list[Child], rule: str, tmp_path: Path
) -> None:
    hidden: list[Child] = [(0x200000, 0x2000, "under"), (0x201000, 0x800, "over"), (0x200000, 0x10000, "lid", 1)]
    board(core, told + hidden)
    result = verified(core, tmp_path / "a.json")
    assert result.mismatches == []
    assert sibling_guesses(result) == [f"no view tells the order of 1 pair of overlapping siblings: {rule}"]


def test_a_pair_of_which_one_shows_nothing_is_not_reported(core: MemoryCore, tmp_path: Path) -> None:
    system = board(core, [UART])
    core.add_subregion(system, 0x800, make.container("bus", 0x10000))
    result = verified(core, tmp_path / "a.json")
    assert (result.mismatches, sibling_guesses(result)) == ([], [])


def test_what_one_view_hides_another_tells(core: MemoryCore, tmp_path: Path) -> None:
    system = board(core, [(0, 0x100000, "lid", 1)])
    bus = make.container("bus", 0x10000)
    fill(core, bus, [(0x2000, 0x1000, "low"), (0x2800, 0x1000, "high"), (0x1800, 0x1000, "lowest")])
    core.add_subregion(system, 0, bus)
    assert sibling_guesses(verified(core, tmp_path / "a.json"))
    core.create_space("dma", make.alias("window", bus, 0x1000, 0x4000))
    result = verified(core, tmp_path / "b.json")
    assert (result.mismatches, sibling_guesses(result)) == ([], [])


def test_siblings_in_siblings_are_told_apart_by_one_range(core: MemoryCore, tmp_path: Path) -> None:
    system = board(core, [(0x1400, 0x200, "other")])
    bus = make.container("bus", 0x800)
    fill(core, bus, [(0, 0x600, "left"), (0x400, 0x400, "right")])
    core.add_subregion(system, 0x1000, bus)
    result = verified(core, tmp_path / "a.json")
    assert (result.mismatches, sibling_guesses(result)) == ([], [])


def test_siblings_at_one_address_stay_as_printed(core: MemoryCore, tmp_path: Path) -> None:
    told: list[Child] = [(0x8000, 0x200, "a"), (0x8100, 0x200, "higher"), (0x8200, 0x200, "highest")]
    lid = (0x1000, 0x800, "lid", 1)
    board(core, [*told, (0x1400, 0x800, "right"), (0x1000, 0x1000, "lower"), (0x1000, 0x800, "upper"), lid])
    path = save(tmp_path / "a.json", tree_text(core.spaces), flat_text(core.ledgers[0]))
    matching = arrange(capture := read_capture(path), rules_of(capture))
    assert tree_text(matching.core.spaces) == tree_text(core.spaces)
    (system,) = [region for region in matching.rebuilt.regions.values() if region.name == "system"]
    assert [child.name for child in system.subregions] == ["lid", "upper", "lower", "right", "highest", "higher", "a"]


def windows(core: MemoryCore, seed: int) -> None:
    """Many windows on few memories, each of which lies at the same place wherever it is shown."""
    rnd = random.Random(seed)
    system = make.container("system", 0x10000)
    memories = [make.ram(f"ram{i}", 0x10000) for i in range(rnd.choice((1, 2, 3)))]
    with core.transaction():
        core.create_space("memory", system)
        for number in range(rnd.randrange(4, 14)):
            addr, size = rnd.randrange(14) * 0x800, rnd.randrange(1, 12) * 0x800
            if rnd.random() < 0.75:
                region = make.alias(f"window{number}", rnd.choice(memories), addr, size)
            else:
                region = make.io(f"io{number}", size)
            core.add_subregion(system, addr, region, priority=rnd.choice((0, 0, 0, 0, 1)))


FIRST_CHOICE_IS_WRONG = (248, 2062, 3390)


@pytest.mark.parametrize("seeds", [range(100), range(100, 200), FIRST_CHOICE_IS_WRONG])
def test_windows_that_show_the_same_in_several_ways_are_arranged_so_that_all_views_are_exact(
    seeds: Sequence[int], tmp_path: Path
) -> None:
    for seed in seeds:
        core = MemoryCore([HISTORY["v7.2.0"]])
        windows(core, seed)
        assert verified(core, tmp_path / "a.json").mismatches == [], f"seed {seed}"


def test_more_overlaps_than_can_be_looked_at_are_reported(core: MemoryCore, tmp_path: Path) -> None:
    with core.transaction():
        board(core, [(i * 0x10, 0x20000, f"r{i}") for i in range(1200)])
    result = verified(core, tmp_path / "a.json")
    assert sibling_guesses(result) == [
        "too many siblings overlap to read the order of all of them: some stand as printed"
    ]


def test_rivals_are_named_only_where_one_shows_what_is_wanted(core: MemoryCore) -> None:
    system = board(core, [(0, 0x100, "a"), (0x80, 0x100, "b")])
    rivals = rivals_at(system, 0x90, "a")
    assert rivals is not None and [rival.name for rival in rivals] == ["b", "a"]
    assert rivals_at(system, 0x10, "a") is None
    assert rivals_at(system, 0x90, "c") is None
