"""Machines made by chance, printed and built again from the text."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.radix import Pages
from footprint.memory.region import MemoryRegion
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from footprint.verify.capture import verify_capture
from tests.fixtures.captures import save

SIZES = (1, 2, 0x10, 0x800, 0x1000, 0x3000, 0x10000, 0x100000, 1 << 30, 1 << 64)
PLACES = (0, 0, 0x800, 0x1000, 0x4000, 0x10000, 0x20000, 0x200000, 1 << 32, 1 << 40)
MAKERS = {
    "container": make.container, "io": make.io, "ram": make.ram, "rom": make.rom,
    "romd": make.rom_device, "iommu": make.iommu,
}  # fmt: skip


def leads_to(start: MemoryRegion, wanted: MemoryRegion) -> bool:
    above, seen = [start], set()
    while above:
        region = above.pop()
        if region is wanted:
            return True
        if region not in seen:
            seen.add(region)
            above += [*region.subregions, *([region.alias] if region.alias else [])]
    return False


def any_region(rnd: random.Random, number: int, regions: list[MemoryRegion]) -> MemoryRegion:
    kind = rnd.choice(("container", "io", "io", "ram", "rom", "alias", "alias", "romd", "iommu"))
    name, size, owner = f"r{number}", rnd.choice(SIZES), f"owner:{{dev id=d{rnd.randrange(3)}}}"
    if kind != "alias":
        return MAKERS[kind](name, size, owner=owner)
    target = rnd.choice(regions)
    offset = rnd.choice((0, 0, 0x1000, 0x800, 0x10000)) if target.size > 0x10000 else 0
    return make.alias(name, target, offset, min(size, target.size) if rnd.random() < 0.8 else size, owner=owner)


def machine(seed: int) -> MemoryCore:
    rnd = random.Random(seed)
    core = MemoryCore([HISTORY["v7.2.0"]], pages=Pages(rnd.choice((12, 12, 10, 13))))
    regions = [make.container("system", 1 << 64)]
    core.create_space("memory", regions[0])
    core.create_space("I/O", make.io("io", 0x10000))
    with core.transaction():
        for number in range(rnd.randrange(3, 25)):
            region = any_region(rnd, number, regions)
            regions.append(region)
            if rnd.random() < 0.1:
                core.set_enabled(region, False)
            core.set_nonvolatile(region, region.kind == "ram" and rnd.random() < 0.05)
            if region.alias is not None and rnd.random() < 0.05:
                core.set_readonly(region, True)
            container = rnd.choice([one for one in regions if one.alias is None])
            if rnd.random() < 0.85 and not leads_to(region, container):
                priority = rnd.choice((0, 0, 0, 1, -1, 2))
                core.add_subregion(container, rnd.choice(PLACES), region, priority=priority)
            elif rnd.random() < 0.5:
                for _ in range(rnd.choice((1, 1, 2))):
                    core.create_space(rnd.choice(("dev", "virtio-net-pci", f"s{number}")), region)
    return core


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_a_machine_made_by_chance_is_rebuilt_exactly_from_its_text(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 50):
        core = machine(seed)
        path = save(tmp_path / "a.json", tree_text(core.spaces), flat_text(core.ledgers[0]))
        assert verify_capture(read_capture(path)).mismatches == [], f"seed {seed}"


STEP = 0x800
CHILD = st.tuples(
    st.sampled_from(("container", "io", "io", "ram", "alias", "alias")),
    st.integers(0, 15),
    st.integers(1, 12),
    st.sampled_from((0, 0, 0, 1)),
    st.integers(0, 5),
    st.integers(0, 7),
    st.integers(0, 2),
)
"""Kind; place and size in steps; priority; which container, of those there are; which target, and from which step on."""


@settings(deadline=None)
@given(st.lists(CHILD, min_size=2, max_size=14), st.lists(st.integers(0, 13), max_size=3))
def test_siblings_that_overlap_in_any_order_are_rebuilt_exactly(
    tmp_path_factory: pytest.TempPathFactory, children: list[tuple[str, int, int, int, int, int, int]], roots: list[int]
) -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    containers = [make.container("system", 32 * STEP)]
    targets: list[MemoryRegion] = []
    regions: list[MemoryRegion] = []
    core.create_space("memory", containers[0])
    with core.transaction():
        for number, (kind, place, size, priority, inside, shown, offset) in enumerate(children):
            container = containers[inside % len(containers)]
            if kind == "alias" and targets:
                region = make.alias(f"r{number}", targets[shown % len(targets)], offset * STEP, size * STEP)
            else:
                region = MAKERS["io" if kind == "alias" else kind](f"r{number}", size * STEP)
                (containers if kind == "container" else targets).append(region)
            core.add_subregion(container, place * STEP, region, priority=priority)
            regions.append(region)
        for number in roots:
            core.create_space(f"s{number}", regions[number % len(regions)])
    path = save(tmp_path_factory.mktemp("machine") / "a.json", tree_text(core.spaces), flat_text(core.ledgers[0]))
    assert verify_capture(read_capture(path)).mismatches == []
