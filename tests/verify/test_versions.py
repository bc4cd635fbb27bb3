"""The forms of other versions (docs/qemu-memory.md, "Forms by version"), made from real text of 7.2."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from footprint.memory.core import MemoryCore
from footprint.memory.rules import HISTORY
from footprint.qemu.capture import read_capture
from footprint.reconstruct.build import read_machine, rebuild
from footprint.reconstruct.match_views import arrange, rules_of
from footprint.reconstruct.mtree_printer import flat_text, tree_text
from footprint.verify.capture import verify_capture
from footprint.verify.difference import Style
from tests.fixtures.captures import CAPTURES, FLAT, TREE, load, named, save

Data = dict[str, str]


def crlf(data: Data) -> None:
    for key in (TREE, FLAT):
        data[key] = data[key].replace("\n", "\r\n")


def accelerated(data: Data) -> None:
    """Since 4.1 ranges that KVM maps are marked, once for each space."""
    data[FLAT] = re.sub(r"(, (?:ram|rom)\): .*)", r"\1 KVM KVM", data[FLAT])


def a_block_per_space(data: Data) -> None:
    """Before 6.2."""
    blocks = []
    for block in data[TREE].split("\n\n"):
        lines = block.split("\n")
        names = [line for line in lines if line.startswith("address-space: ")]
        rest = [line for line in lines if not line.startswith("address-space: ")]
        blocks += ["\n".join([name, *rest]) for name in names] or [block]
    data[TREE] = "\n\n".join(blocks) + "\n"


def old_alias_kinds(data: Data) -> None:
    """Before 5.0 an alias printed as i/o, whatever its target."""
    data[TREE] = re.sub(r"(prio -?\d+, )(?:nv-)?\w+(\): alias )", r"\1i/o\2", data[TREE])


def containers(data: Data) -> None:
    """Since late 2025: what is not RAM and has no container is a container, whether it terminates or not."""
    data[TREE] = re.sub(
        r"(?m)^(  [0-9a-f]{16}-[0-9a-f]{16} \(prio 0, )i/o(\): (?!alias ).*)$", _if_unplaced, data[TREE]
    )
    data[FLAT] = data[FLAT].replace(" [ROOT]", "")


def _if_unplaced(found: re.Match[str]) -> str:
    return f"{found[1]}container{found[2]}" if found[1].startswith("  0000000000000000") else found[0]


FORMS: list[Callable[[Data], None]] = [crlf, accelerated, a_block_per_space, old_alias_kinds]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_other_forms_of_a_text_are_exact_too(path: Path, form: Callable[[Data], None], tmp_path: Path) -> None:
    data = load(path)
    form(data)
    assert verify_capture(read_capture(save(tmp_path / "a.json", data[TREE], data[FLAT]))).mismatches == []


def test_the_kind_container_is_read_as_what_it_is_elsewhere(tmp_path: Path) -> None:
    data = load(named("x86_64__pc"))
    containers(data)
    assert "container): system" in data[TREE]
    assert verify_capture(read_capture(save(tmp_path / "a.json", data[TREE], data[FLAT]))).mismatches == []


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_text_of_2_11_with_four_dummy_sections_is_verified_under_its_rules(path: Path, tmp_path: Path) -> None:
    comparison = arrange(capture := read_capture(path), rules_of(capture))
    core = MemoryCore([HISTORY["v2.11.0"]], pages=comparison.core.pages)
    rebuild(read_machine(capture), core)
    old = read_capture(save(tmp_path / "a.json", tree_text(core.spaces), flat_text(core.ledgers[0])))
    assert rules_of(old).name == "v2.11.0"
    assert verify_capture(old).mismatches == []


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name.partition(".")[0])
def test_sections_that_end_where_their_regions_would_are_those_of_6_0(path: Path, tmp_path: Path) -> None:
    comparison = arrange(capture := read_capture(path), rules_of(capture))
    changed = 0
    for view in comparison.ledger.views():
        for section in view.dispatch.sections if view.dispatch else ():
            if section.region is not None and section.size != section.region.size:
                section.size = section.region.size
                changed += 1
    old = read_capture(save(tmp_path / "a.json", tree_text(comparison.core.spaces), flat_text(comparison.ledger)))
    assert Style.of(old.flat).region_ends == bool(changed)
    assert verify_capture(old).mismatches == []
