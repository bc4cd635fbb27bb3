"""Each file of tests/data/pastes shows one way in which published text differs from a capture; each has its answer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from footprint.errors import InputFileError
from footprint.record.find import find_recording
from footprint.verify.files import verify_file
from tests.fixtures.captures import DATA

PASTES = DATA / "pastes"

EXACT: dict[str, tuple[int, int, int, str]] = {
    # views, ranges, address spaces, and what is reported of it
    "two-cpus-equal-smm-roots": (3, 6, 5, "2 roots 'memory' that print alike (line 16, 21) are taken for 2 regions"),
    "accelerator-suffix-kvm-tcg": (1, 2, 2, ""),
    "note-on-one-of-two-equal-blocks": (1, 2, 2, "notes behind line 4 taken off"),
    "alias-target-block-cut-away": (1, 2, 2, "1 alias shows what is not printed ('flash')"),
    "memory-region-blocks-only": (1, 2, 2, "no address space is printed; spaces and roots are those of info mtree -f"),
    "dispatch-entries-with-blanks": (1, 2, 2, "nodes are missing in the dispatch of 1 views (line 1)"),
    "kinds-before-2.9-RW": (1, 2, 2, ""),
}


def paste(name: str) -> Path:
    return PASTES / f"{name}.json"


def texts(name: str) -> dict[str, str]:
    data: dict[str, str] = json.loads(paste(name).read_text())
    return data


def counts(path: Path | str) -> tuple[dict[str, Any], str]:
    recording = find_recording(str(path))
    sample = recording.runs[0].sample()
    assert sample is not None
    return dict(sample.metrics), " ".join(recording.notes)


def plain(name: str, folder: Path) -> Path:
    """The same as a terminal's text."""
    path = folder / f"{name}.txt"
    path.write_text("".join(f"(qemu) {command}\n{text}" for command, text in texts(name).items()))
    return path


def test_every_paste_has_its_answer_here() -> None:
    others = {"two-machines-in-one-text", "tree-only", "flat-only"}
    assert {path.stem for path in PASTES.glob("*.json")} == {*EXACT, *others}


@pytest.mark.parametrize("is_plain", [False, True])
@pytest.mark.parametrize("name", EXACT)
def test_a_paste_with_both_answers_is_exact_and_says_what_was_done(name: str, is_plain: bool, tmp_path: Path) -> None:
    views, ranges, spaces, reported = EXACT[name]
    path = plain(name, tmp_path) if is_plain else paste(name)
    result = verify_file(path)
    assert (result.mismatches, result.views_exact, result.views) == ([], views, views)
    metrics, notes = counts(path)
    assert (metrics["flatviews.alive"], metrics["flat_ranges"], metrics["address_spaces"]) == (views, ranges, spaces)
    if not is_plain:
        assert reported in " ".join([*result.repairs, *result.guesses])
        assert reported in notes


@pytest.mark.parametrize("is_plain", [False, True])
def test_two_machines_are_numbered_and_compared(is_plain: bool, footprint: Any, tmp_path: Path) -> None:
    path = plain("two-machines-in-one-text", tmp_path) if is_plain else paste("two-machines-in-one-text")
    with pytest.raises(InputFileError, match=r"holds 2 machines: #1 .*, #2 ") as caught:
        verify_file(path)
    assert caught.value.line is not None
    assert all(verify_file(f"{path}#{number}").exact for number in (1, 2))
    done = footprint("compare", f"{path}#1", f"{path}#2")
    assert "flatviews.alive" in done.stdout or "counts are equal" in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("is_plain", [False, True])
def test_a_tree_alone_is_a_what_if_with_its_guesses(is_plain: bool, tmp_path: Path) -> None:
    path = plain("tree-only", tmp_path) if is_plain else paste("tree-only")
    metrics, notes = counts(path)
    assert (metrics["flatviews.alive"], metrics["flat_ranges"]) == (1, 2)
    assert "the views are not printed" in notes
    with pytest.raises(InputFileError, match="only the memory tree, so there is nothing to compare"):
        verify_file(path)


@pytest.mark.parametrize("is_plain", [False, True])
def test_views_alone_are_counted_and_what_they_do_not_tell_is_said(
    is_plain: bool, footprint: Any, tmp_path: Path
) -> None:
    path = plain("flat-only", tmp_path) if is_plain else paste("flat-only")
    metrics, notes = counts(path)
    assert (metrics["flatviews.alive"], metrics["flat_ranges"], metrics["address_spaces"]) == (1, 2, 2)
    assert "nodes" not in metrics and "sections and radix nodes" in notes
    with pytest.raises(InputFileError, match="only the views, so there is nothing to compare"):
        verify_file(path)
    done = footprint("run", path, "-r", "v2.10.0", "--json")
    assert done.returncode == 2 and "need the tree" in done.stderr


def test_views_with_their_dispatch_alone_have_nodes_too(tmp_path: Path) -> None:
    from tests.fixtures.captures import CAPTURES, FLAT, load

    data = load(CAPTURES[-1])
    path = tmp_path / "views.txt"
    path.write_text(f"(qemu) {FLAT}\n{data[FLAT]}")
    metrics, _ = counts(path)
    assert metrics["nodes"] == len(re.findall(r"^      \[\d+\]$", data[FLAT], re.M)) > 1
    assert metrics["sections"] >= len(re.findall(r"^      #\d+ @", data[FLAT], re.M)) > 1


# Section: each fault's whole kind


@pytest.mark.parametrize(
    "word",
    ["KVM", "kvm", "tcg", "kvm:tcg", "kvm-accel", "hvf", "hax", "whpx", "xen", "nvmm", "xen:tcg", "HVF", "qtest"],
)
def test_whatever_the_accelerator_is_called_it_is_no_part_of_a_name(word: str, tmp_path: Path) -> None:
    data = texts("accelerator-suffix-kvm-tcg")
    path = tmp_path / "a.json"
    path.write_text(json.dumps({key: text.replace("kvm:tcg", word) for key, text in data.items()}))
    assert verify_file(path).exact


@pytest.mark.parametrize("kind", ["romd", "rom", "ram", "ramd", "i/o", "nv-ram"])
def test_whatever_kind_the_target_is_of_that_is_cut_away_it_is_shown(kind: str, tmp_path: Path) -> None:
    data = texts("alias-target-block-cut-away")
    path = tmp_path / "a.json"
    path.write_text(json.dumps({key: text.replace("romd", kind) for key, text in data.items()}))
    result = verify_file(path)
    assert (result.mismatches, result.views_exact) == ([], 1)


@pytest.mark.parametrize(("old", "new"), [("RW", "ram"), ("R-", "rom"), ("R-", "romd"), ("RW", "ramd"), ("-W", "i/o")])
def test_kinds_before_2_9_are_what_the_views_say(old: str, new: str, tmp_path: Path) -> None:
    data = texts("kinds-before-2.9-RW")
    tree = data["info mtree"].replace("RW): ram", f"{old}): ram")
    flat = data["info mtree -f"].replace("ram): ram", f"{new}): ram")
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"info mtree": tree, "info mtree -f": flat}))
    result = verify_file(path)
    assert (result.mismatches, result.views_exact) == ([], 1)


def test_bus_master_containers_that_print_alike_stay_apart_without_views(tmp_path: Path) -> None:
    """Uniting them by text gave too few views under rules that share by root."""
    root = (
        "  0000000000000000-ffffffffffffffff (prio 0, i/o): bus master container\n"
        "    0000000000000000-ffffffffffffffff (prio 0, i/o): alias bus master @system 0000000000000000-ffffffffffffffff\n"
    )
    system = "  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n    0000000000000000-0000000000ffffff (prio 0, ram): ram\n"
    spaces = "".join(f"address-space: nic{i}\n{root}\n" for i in range(3))
    path = tmp_path / "a.txt"
    path.write_text(f"address-space: memory\n{system}\n{spaces}memory-region: system\n{system}")
    recording = find_recording(str(path), ["967dc9b119", "v7.2.0"])
    alive = [sample.metrics["flatviews.alive"] for run in recording.runs if (sample := run.sample())]
    assert alive == [4, 1]
    assert "3 roots 'bus master container' that print alike (line 5, 9, 13) are taken for 3 regions" in " ".join(
        recording.notes
    )
