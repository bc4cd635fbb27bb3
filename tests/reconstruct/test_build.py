from __future__ import annotations

import random
from pathlib import Path

import pytest

from footprint.errors import InputFileError
from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.radix import Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.build import Machine, read_machine
from footprint.reconstruct.match_views import arrange, rules_of
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from footprint.reconstruct.page_size import page_size
from footprint.verify.capture import verify_capture
from tests.fixtures.captures import named, save


def captured(core: MemoryCore, path: Path, *, owners: bool = True) -> Path:
    """A capture of what a core shows."""
    return save(path, tree_text(core.spaces, owners=owners), flat_text(core.ledgers[0]))


def machine_of(core: MemoryCore, path: Path) -> Machine:
    return read_machine(read_capture(captured(core, path)))


def traits(machine: Machine, sort: str) -> set[str]:
    return {node.line.name for node in getattr(machine.traits, sort)}


@pytest.fixture
def core() -> MemoryCore:
    return MemoryCore([HISTORY["v7.2.0"]])


def board(core: MemoryCore, *children: tuple[int, MemoryRegion, int]) -> MemoryRegion:
    system = make.container("system", 1 << 64)
    for addr, child, priority in children:
        core.add_subregion(system, addr, child, priority=priority)
    core.create_space("memory", system)
    return system


def test_what_a_view_shows_terminates_and_what_it_does_not_show_is_a_container(
    core: MemoryCore, tmp_path: Path
) -> None:
    board(core, (0, make.io("uart", 0x1000), 0), (0x4000, make.container("bus", 0x1000), 0))
    assert traits(machine_of(core, tmp_path / "a.json"), "terminating") == {"uart"}


def test_a_region_with_children_terminates_where_it_fills_the_gaps(core: MemoryCore, tmp_path: Path) -> None:
    rtc = make.io("rtc", 2)
    core.add_subregion(rtc, 0, make.io("rtc-index", 1))
    board(core, (0x70, rtc, 0), (0x100, make.ram("ram", 0x100), 0))
    assert traits(machine_of(core, tmp_path / "a.json"), "terminating") == {"rtc", "rtc-index", "ram"}


def test_of_two_alike_the_hidden_one_terminates_too(core: MemoryCore, tmp_path: Path) -> None:
    board(core, (0, make.io("gpt", 0x100), 0), (0x2000, make.io("gpt", 0x100), 0), (0x2000, make.io("gpr", 0x100), 1))
    machine = machine_of(core, tmp_path / "a.json")
    assert len([node for node in machine.traits.terminating if node.line.name == "gpt"]) == 2


def test_of_a_pair_with_one_name_at_one_place_the_one_with_children_is_the_container(
    core: MemoryCore, tmp_path: Path
) -> None:
    outer = make.container("usb_dwc3", 0x10000)
    core.add_subregion(outer, 0, make.io("usb_dwc3", 0x10000))
    board(core, (0x1000, outer, 0), (0, make.ram("ram", 0x100), 0))
    machine = machine_of(core, tmp_path / "a.json")
    (one,) = [node for node in machine.traits.terminating if node.line.name == "usb_dwc3"]
    assert not one.children


def test_iommus_are_known_by_the_mark_of_their_section(core: MemoryCore, tmp_path: Path) -> None:
    board(core, (0, make.iommu("tce", 0x10000), 0), (1 << 32, make.io("msi", 0x10000), 0))
    assert traits(machine_of(core, tmp_path / "a.json"), "iommus") == {"tce"}


def test_a_bridge_window_is_empty_and_a_port_of_one_byte_is_not(core: MemoryCore, tmp_path: Path) -> None:
    bus = make.container("pci_bridge_pci", 1 << 64)
    port = make.io("port", 0x10)
    board(
        core, (0, make.alias("pci_bridge_mem", bus, 0, 0), 1), (0x61, make.io("pcspk", 1), 0),
        (0x100, make.alias("window", port, 4, 1), 0),
    )  # fmt: skip
    machine = machine_of(core, tmp_path / "a.json")
    assert traits(machine, "empty") == {"pci_bridge_mem"}
    assert "'pci_bridge_mem' is empty rather than one byte large" in machine.guesses


def test_a_read_only_alias_of_writable_memory_is_found(core: MemoryCore, tmp_path: Path) -> None:
    ram = make.ram("pc.ram", 1 << 27)
    window = make.alias("pam-rom", ram, 0xC0000, 0x4000)
    other = make.alias("pam-ram", ram, 0xC4000, 0x4000)
    core.set_readonly(window, True)
    board(core, (0, make.alias("below-4g", ram, 0, 1 << 27), 0), (0xC0000, window, 1), (0xC4000, other, 1))
    assert traits(machine_of(core, tmp_path / "a.json"), "readonly") == {"pam-rom"}


@pytest.mark.parametrize("seed", range(12))
def test_a_pc_whose_firmware_shadowed_its_rom_is_exact(seed: int, tmp_path: Path) -> None:
    """What SeaBIOS does to the PAM windows, bus masters and SMRAM; the text does not print what is read-only."""
    rnd = random.Random(seed)
    capture = read_capture(named("x86_64__pc"))
    comparison = arrange(capture, rules_of(capture))
    core, regions = comparison.core, list(comparison.rebuilt.regions.values())
    system = next(space.root for space in core.spaces if space.name == "memory")
    windows: dict[int, list[MemoryRegion]] = {}
    for one in regions:
        if (one.name or "").startswith("pam-"):
            windows.setdefault(one.addr, []).append(one)
    with core.transaction():
        for states in windows.values():
            chosen = rnd.choice(states)
            for one in states:
                core.set_enabled(one, one is chosen)
        for one in regions:
            if one.name in ("pam-rom", "isa-bios"):
                core.set_readonly(one, True)
            elif one.name == "bus master":
                core.set_enabled(one, rnd.random() < 0.5)
        memory, smram = make.container("memory", 1 << 64), make.container("smram", 1 << 32)
        core.add_subregion(memory, 0, make.alias("memory", system, 0, 1 << 64))
        core.add_subregion(smram, 0xA0000, make.alias("smram-low", system, 0xA0000, 0x20000))
        core.add_subregion(memory, 0, make.alias("smram", smram, 0, 1 << 32), priority=1)
        core.create_space("cpu-smm-0", memory)
    assert len(windows) == 13
    result = verify_capture(read_capture(captured(core, tmp_path / "pc.json", owners=bool(seed % 2))))
    assert result.mismatches == []


@pytest.mark.parametrize("bits", [8, 10, 12, 13, 14])
def test_the_page_size_is_found_in_the_trees(bits: int, tmp_path: Path) -> None:
    core = MemoryCore([HISTORY["v7.2.0"]], pages=Pages(bits))
    board(core, (0, make.ram("ram", 1 << 27), 0), (1 << 28, make.io("uart", 0x40), 0))
    assert page_size(read_capture(captured(core, tmp_path / "a.json"))) == (Pages(bits), None)


@pytest.mark.parametrize(("target", "size"), [("x86_64", 4096), ("sparc64", 8192), ("arm", 1024)])
def test_without_trees_the_page_size_is_that_of_the_target_and_reported_as_a_guess(
    core: MemoryCore, target: str, size: int, tmp_path: Path
) -> None:
    board(core, (0, make.ram("ram", 1 << 27), 0))
    path, ranges = tmp_path / "a.json", flat_text(core.ledgers[0], dispatch=False)
    save(path, tree_text(core.spaces), ranges, command=[f"/usr/bin/qemu-system-{target}"])
    assert page_size(read_capture(path)).guess == f"pages of {size} bytes, as is usual for the target"


def test_an_alias_of_itself_is_refused_with_its_line(tmp_path: Path) -> None:
    window = f"alias a @a {0:016x}-{0xFFF:016x}"
    line = f"  {0:016x}-{0xFFF:016x} (prio 0, i/o): {window}\n"
    path = save(tmp_path / "a.json", f"address-space: m\n{line}\nmemory-region: a\n{line}", "FlatView #0\n" + (
        ' AS "m", root: a\n Root memory region: a\n  No rendered FlatView\n'))  # fmt: skip
    with pytest.raises(InputFileError, match="leads back to itself"):
        read_machine(read_capture(path))
