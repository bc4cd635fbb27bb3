"""Each leak of QEMU 11.1 that has a page in docs/findings/ is measured again, with the page's own command."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.fixtures.real_qemu import program_of_version
from tests.leaks.qemu_rows import q35

PAGES = sorted((ROOT / "docs/findings").glob("qemu-*.md"))
SAME_SHARE, SAME_BYTES = 0.02, 16


def row_of(text, version):
    """Bytes, blocks and address spaces per cycle in the row of a version."""
    cells = re.search(rf"^\| {re.escape(version)} \| (.*) \|$", text, flags=re.M)[1]
    return [int(cell.replace(" ", "")) for cell in cells.split(" | ")]


def command_of(text, variable):
    """The page's command with this variable: its words after the program, and its exit code."""
    line, code = re.search(rf"^(footprint .*\${variable}/.*?) +# exits (\d)$", text, flags=re.M).groups()
    return shlex.split(os.path.expandvars(line))[1:], int(code)


def names_of(text):
    """What the first line of "where" names: functions of their own name, and an object with its reference count."""
    place = re.search(r"^  where\n +(?:[\d.]+ \w+(?:, [\d ]+B)?) a cycle +(.*)$", text, flags=re.M)[1]
    if place.startswith("object "):
        return [place.rpartition(",")[0] if "child of" in place else place]
    return [name for name in place.split(" ← ") if name != "…" and not name.startswith("~")]


def test_there_is_a_page_for_each_leak_that_the_generator_knows():
    generator = (ROOT / "benchmarks/qemu_findings.py").read_text()
    devices = re.findall(r'of_device\(\n? +"([\w-]+)"', generator)
    pairs = re.findall(r'Page\(\n? +"(qemu-[\w-]+)"', generator)
    assert {path.stem for path in PAGES} == {*(f"qemu-{name}" for name in devices), *pairs}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_what_a_page_says_of_the_newest_qemu_is_measured_again(footprint, need, monkeypatch, path):
    monkeypatch.setenv("QEMU_11", str(Path(program_of_version("11.1", q35(), need)).parent))
    text = path.read_text()
    (heap, blocks, spaces), (words, code) = row_of(text, "11.1"), command_of(text, "QEMU_11")
    done = footprint(*words, "--json", timeout=90)
    assert done.returncode == code == 1, done.stderr
    document = json.loads(done.stdout)
    rates = {one["metric"]: one["per_cycle"] for one in document["findings"]}
    assert rates["heap.bytes"] == pytest.approx(heap, rel=SAME_SHARE, abs=SAME_BYTES)
    assert (round(rates["heap.blocks"]), round(rates.get("address_spaces", 0))) == (blocks, spaces)
    places = " ".join(place["text"] for one in document["findings"] for place in one["where"])
    assert all(name in places for name in names_of(text)), places
