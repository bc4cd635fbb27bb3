"""Every figure that a page in docs/findings/ has is measured again, with the page's own commands."""

import json
import os
import re
import shlex
from pathlib import Path

import pytest

from footprint.machines.pseries import pseries
from tests.conftest import ROOT
from tests.fixtures.real_qemu import program_of_version

TEXT = (ROOT / "docs/findings/views-are-back.md").read_text()
COMMANDS = re.search(r"```sh\n(.*?)```", TEXT, flags=re.S)[1].splitlines()
REAL = [line for line in COMMANDS if "QEMU_" in line or "reports/11.1" in line]
MODEL = [line for line in COMMANDS if line not in REAL]
EXITS = re.compile(r" +# exits (\d)$")
VARIABLES = {"QEMU_7": "7.2", "QEMU_10": "10.0", "QEMU_11": "11.1"}


def table(first_cell):
    """The head of the table whose head begins with `first_cell`, and the cells of its rows by their first cell."""
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in TEXT.splitlines()]
    rules = [n for n, cells in enumerate(lines) if set("".join(cells)) == set("-:")]
    start = next(n for n in rules if lines[n - 1][0] == first_cell)
    rows = {cells[0]: cells[1:] for cells in lines[start + 1 : lines.index([""], start)]}
    return lines[start - 1][1:], rows


def number(text):
    return int(text.replace(" ", ""))


def done(footprint, folder, line):
    """The page's command, in `folder`; it exits as the page says."""
    code = int(match[1]) if (match := EXITS.search(line)) else 0
    words = shlex.split(os.path.expandvars(EXITS.sub("", line)))
    if words[1] == "run":
        words += ["--no-report", *(["--time-limit", "280"] if "qemu" in words else [])]
    finished = footprint(*words[1:], cwd=folder, timeout=300)
    assert (finished.returncode, "Traceback" in finished.stderr) == (code, False), f"{line}: {finished.stderr}"
    return finished.stdout


def metrics(folder, name):
    """The metrics at `built` of a recording, by rule set."""
    recording = json.loads((folder / "reports" / name / "recording.json").read_text())
    return {run["rules"]: run["samples"][0]["metrics"] for run in recording["runs"]}


def test_the_model_gives_the_figures_of_the_page(footprint, tmp_path):
    for line in MODEL:
        done(footprint, tmp_path, line)
    rules, rows = table("")
    counts = metrics(tmp_path, "model")
    for name, metric in (
        ("address spaces", "address_spaces"),
        ("views in use", "flatviews.alive"),
        ("views created", "flatviews.created"),
        ("radix nodes in use", "nodes"),
    ):
        assert [counts[rule][metric] for rule in rules] == list(map(number, rows[name]))
    _, rows = table("v11.1.0")
    cures = list(metrics(tmp_path, "cure-1").values())
    assert [cure["flatviews.created"] for cure in cures] == list(map(number, rows["views created"]))
    gib = [float(cell.split()[0]) / (1024 if "MiB" in cell else 1) for cell in rows["allocated at the peak"]]
    assert [cure["modelled.bytes.peak"] / 2**30 for cure in cures] == pytest.approx(gib, rel=0.005)
    without = metrics(tmp_path, "cure-2")["v11.1.0,virtio_cfg_space=off"]
    assert (without["flatviews.created"], without["flatviews.alive"], without["address_spaces"]) == (6043, 4, 636)


def test_the_cost_grows_with_the_square_of_the_cards(footprint):
    sizes, rows = table("views created")
    for size in sizes[:3]:
        alike = [f"-s{name}={size}" for name in ("cpus", "nics")]
        rest = ["-sbridges=40", "-svga=none", "-sohci=0", "-sscsi=0", "-rv7.2.0", "-rv11.1.0", "--json"]
        finished = footprint("run", "power8", *alike, *rest)
        assert finished.returncode == 0, finished.stderr
        runs = json.loads(finished.stdout)["runs"]
        for run in runs:
            created = run["samples"][0]["metrics"]["flatviews.created"]
            assert created == number(rows[run["rules"]][sizes.index(size)])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_real_binaries_give_them_too_and_the_cure_works(footprint, need, tmp_path, monkeypatch):
    need("gdb", "gdb")
    for variable, version in VARIABLES.items():
        monkeypatch.setenv(variable, str(Path(program_of_version(version, pseries(cpus=1), need)).parent))
    said = [done(footprint, tmp_path, line) for line in REAL]
    rules, rows = table("")
    for version, name in (("7.2", "v7.2.0"), ("10.0", "v10.0.0"), ("11.1", "v11.1.0")):
        (counts,) = metrics(tmp_path, version).values()
        column = rules.index(name)
        assert counts["address_spaces"] == number(rows["address spaces"][column])
        assert counts["flatviews.alive"] == number(rows["views in use"][column])
        assert counts["nodes"] == number(rows["radix nodes in use"][column])
        if "flatviews.created" in counts:  # 11.1 has no trace events
            assert counts["flatviews.created"] == number(rows["views created"][column])
    (plain,), (cured,) = metrics(tmp_path, "11.1").values(), metrics(tmp_path, "11.1-cured").values()
    assert cured["process.rss.peak"] < plain["process.rss.peak"] / 10
    assert "260 views alive in both, the same to the last range and node" in said[-2]
    assert "256 views private to a device: 255 of virtio-net-pci's `virtio-pci`" in said[-1]
