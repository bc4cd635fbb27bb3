from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from footprint.memory import region as make
from footprint.memory.census import census
from footprint.memory.core import MemoryCore
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.build import read_machine, rebuild
from footprint.reconstruct.match_views import arrange, rules_of
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from tests.fixtures.captures import CAPTURES, FLAT, TREE, load


def paragraphs(text: str) -> Counter[str]:
    """The blocks or views of a text, whose order and numbers are chance; the mark of the last access removed.

    What later QEMUs call a container stands as i/o, as 7.2 prints it. Spaces with equal names on equal roots cannot be told apart, so neither can their place in a view's list.
    """
    text = re.sub(r"FlatView #\d+", "FlatView", text.replace(" [MRU]", "").replace(", container): ", ", i/o): "))
    text = re.sub(r"(?m)(^ AS .*\n)+", lambda found: "".join(sorted(found[0].splitlines(keepends=True))), text)
    return Counter(text.strip("\n").split("\n\n"))


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_a_rebuilt_machine_prints_what_qemu_printed_to_the_last_character(path: Path) -> None:
    capture = read_capture(path)
    comparison = arrange(capture, rules_of(capture))
    real = load(path)
    assert paragraphs(tree_text(comparison.core.spaces)) == paragraphs(real[TREE])
    assert paragraphs(flat_text(comparison.ledger)) == paragraphs(real[FLAT])


def test_a_machine_can_be_built_under_all_rule_sets_at_once() -> None:
    machine = read_machine(read_capture(CAPTURES[0]))
    core = MemoryCore(list(HISTORY.values()))
    rebuild(machine, core)
    alive = [census(ledger)["flatviews.alive"] for ledger in core.ledgers]
    assert alive[0] >= alive[-1] > 0


def test_an_overflow_is_marked_and_a_nameless_region_is_null() -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    system = make.container("system", 1 << 64)
    core.add_subregion(system, (1 << 64) - 0x800, make.io(None, 0x1000))
    core.create_space("memory", system)
    text = tree_text(core.spaces)
    assert "[DETECTED OVERFLOW!]     fffffffffffff800-00000000000007ff (prio 0, i/o): (null)\n" in text
    assert "fffffffffffff800-ffffffffffffffff (prio 0, i/o): (null)\n" in flat_text(core.ledgers[0])


def test_a_disabled_region_and_the_kind_of_an_alias_are_printed() -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    system, ram = make.container("system", 1 << 64), make.ram("ram", 0x1000)
    window = make.alias("window", ram, 0x800, 0x400, owner="owner:{dev id=x}")
    core.add_subregion(system, 0x1000, window)
    core.set_enabled(window, False)
    core.create_space("memory", system)
    line = "(prio 0, ram): alias window @ram 0000000000000800-0000000000000bff [disabled] owner:{dev id=x}"
    assert line in tree_text(core.spaces)
    assert "memory-region: ram\n" in tree_text(core.spaces)
    assert "owner" not in tree_text(core.spaces, owners=False)
    assert " Root memory region: (none)\n  No rendered FlatView\n" in flat_text(core.ledgers[0])


def test_a_root_that_covers_all_is_marked_in_its_section() -> None:
    core = MemoryCore([HISTORY["v7.2.0"]])
    core.create_space("iommu", make.iommu("tce", 1 << 64))
    text = flat_text(core.ledgers[0])
    assert "      #1 @0000000000000000..ffffffffffffffff tce [not dirty] [ROOT] [iommu]\n" in text
    assert "    Nodes (9 bits per level, 6 levels) ptr=[0] skip=1\n" in text
