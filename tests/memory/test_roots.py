"""Which region stands for a root (docs/qemu-memory.md, "Resolving a root", "Small examples")."""

import pytest

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import FULL
from footprint.memory.roots import ShareByChild, ShareByRoot, is_vacant


@pytest.fixture
def core():
    return MemoryCore([])


def ends_at(root):
    """The name of the region that the walk ends at, None for the empty view."""
    return None if is_vacant(root) else ShareByChild().key(root).name


def windowed(core, size=FULL, addr=0):
    container, system = make.container("C", FULL), make.container("S", FULL)
    core.add_subregion(system, 0, make.ram("R", 0x1000))
    core.add_subregion(system, 0x8000, make.ram("Q", 0x1000))
    window = make.alias("W", system, 0, size)
    core.add_subregion(container, addr, window)
    return container, window


def test_a_window_on_all_of_a_region_leads_to_it(core):
    container, _ = windowed(core)
    assert ends_at(container) == "S"


def test_a_disabled_window_leads_to_the_empty_view(core):
    container, window = windowed(core)
    core.set_enabled(window, False)
    assert ends_at(container) is None


def test_a_window_that_does_not_stand_at_zero_stops_the_walk(core):
    container, _ = windowed(core, addr=0x1000)
    assert ends_at(container) == "C"


def test_a_window_on_a_part_is_its_own_key(core):
    container, _ = windowed(core, size=1 << 32)
    assert ends_at(container) == "W"


def test_a_disabled_child_does_not_count_and_a_second_enabled_one_does(core):
    container = make.container("C", FULL)
    hidden = make.io("D", 0x1000)
    core.set_enabled(hidden, False)
    core.add_subregion(container, 0x5000, hidden)
    core.add_subregion(container, 0, make.io("E", 0x10000))
    assert ends_at(container) == "E"
    core.add_subregion(container, 0x20000, make.io("F", 0x1000))
    assert ends_at(container) == "C"


def test_an_enabled_root_that_shows_nothing_has_a_view_of_its_own(core):
    container = make.container("C", FULL)
    for addr in (0, 0x1000):
        core.add_subregion(container, addr, make.container(f"empty at {addr}", 0x1000))
    assert ends_at(container) == "C"


def test_the_older_rule_looks_through_disabled_aliases_and_not_into_containers(core):
    container, window = windowed(core)
    core.set_enabled(window, False)
    assert ShareByRoot().key(window).name == "S"
    assert ShareByRoot().key(container).name == "C"


def test_a_chain_that_bites_its_tail_ends(core):
    first = make.container("first", FULL)
    core.add_subregion(first, 0, make.alias("back", first, 0, FULL))
    assert ends_at(first) in {"first", "back"}
