"""Tables at 80 columns: no name and no figure is cut; what has no room is named, and --json or --all has it."""

import json
import re

import pytest
from rich.cells import cell_len

from footprint.cli.table import Column, print_blocks, print_table
from footprint.memory.features import CHOICES
from footprint.memory.rules import HISTORY
from footprint.recording.metrics import METRICS
from footprint.units import bytes_text, count_text
from tests.conftest import runner_in

NARROW = "80"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The command line in a folder with ``reports/power8``, recorded under the whole history."""
    run = runner_in(tmp_path_factory.mktemp("tables"))
    small = ("-s", "cpus=8", "-s", "nics=12", "-s", "bridges=2", "--no-report")
    assert run("run", "power8", *small, "-r", "all", "-r", "v7.2.0,empty_view=off").returncode == 0
    return run


def text_of(name, value):
    return bytes_text(value) if METRICS[name].unit == "bytes" else count_text(value)


def words_of(output):
    """The cells of a table: what stands between two spaces or more."""
    return {cell for line in output.splitlines() for cell in re.split(r" {2,}", line.strip())}


def test_show_all_at_80_columns_has_every_name_and_figure_whole(recorded):
    document = json.loads(recorded("show", "power8", "--json").stdout)
    done = recorded("show", "power8", "--all", COLUMNS=NARROW)
    assert max(map(cell_len, done.stdout.splitlines())) <= 80
    cells_shown = words_of(done.stdout)
    for run in document["runs"]:
        assert set(run["rules"].replace(",", ",\n").split("\n")) <= cells_shown
        metrics = run["samples"][0]["metrics"]
        assert set(metrics) <= cells_shown
        assert {text_of(name, value) for name, value in metrics.items()} <= cells_shown


def test_show_at_80_columns_has_every_figure_of_its_columns_whole_and_names_what_is_left_out(recorded):
    document = json.loads(recorded("show", "power8", "--json").stdout)
    done = recorded("show", "power8", COLUMNS=NARROW)
    assert max(map(cell_len, done.stdout.splitlines())) <= 80
    cells_shown = words_of(done.stdout)
    for run in document["runs"]:
        metrics = run["samples"][0]["metrics"]
        assert run["rules"] in cells_shown
        assert {text_of(name, metrics[name]) for name in ("flatviews.created", "modelled.bytes.peak")} <= cells_shown
    assert "left out for want of room: what it is" in done.stderr
    assert "what it is" in recorded("show", "power8").stdout


def test_a_gate_at_80_columns_says_under_which_rules_and_has_no_column_without_a_word(recorded):
    done = recorded("gate", "power8", "--budget", "flatviews.alive<=4", COLUMNS=NARROW)
    table = done.stdout.partition("FAIL  flatviews.alive is")[0]
    assert {"v2.10.0", "092aa2fc65@posted", "v7.2.0,empty_view=off"} <= words_of(table)
    head = next(line.split() for line in table.splitlines() if line.startswith("verdict"))
    assert {"rules", "limit", "now"} <= set(head)
    assert not {"before", "Δ"} & set(head)


@pytest.mark.parametrize("kind", ["scenarios", "rules", "machines", "devices", "backends", "probes", "metrics"])
@pytest.mark.parametrize("columns", [60, 80, 100])
def test_lists_fit_and_no_name_in_them_is_cut(footprint, kind, columns):
    done = footprint("list", kind, COLUMNS=str(columns))
    rows = json.loads(footprint("list", kind, "--json").stdout)[kind]
    assert max(map(cell_len, done.stdout.splitlines())) <= columns
    words = set(re.split(r"[\s,:()]+", done.stdout))
    assert {row["name"] for row in rows} <= words
    if kind == "rules":
        assert {f"{name}={value}" for row in rows for name, value in row["features"].items()} <= words
        assert len(words & {f"{name}={value}" for name in CHOICES for value in CHOICES[name]}) > len(CHOICES)
        assert set(HISTORY) <= words
    if kind == "metrics":
        assert {row.unit for row in METRICS.values()} <= words


def test_in_a_pipe_every_row_is_one_line(footprint):
    lines = footprint("list", "metrics").stdout.splitlines()
    for row in METRICS.values():
        (line,) = [line for line in lines if line.split()[:1] == [row.name]]
        assert line.endswith(row.what)


ROWS = [["a", "1 234 567", "some words that are long enough to need a second line"], ["b" * 60, "17.1 GiB", "few"]]
COLUMNS = [Column("rules", "name"), Column("modelled\n.bytes"), Column("what", "prose")]


@pytest.mark.parametrize("columns", [40, 64, 80, 200])
def test_a_name_too_long_for_its_column_has_a_line_of_its_own(capsys, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    print_table(["title"], COLUMNS, ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert any("b" * 60 in line for line in lines)
    assert any("1 234 567" in line for line in lines)
    assert any("17.1 GiB" in line for line in lines)
    if columns < 120:
        assert "b" * 60 in lines


def test_blocks_repeat_the_names_and_leave_no_column_out(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    columns = [Column("metric", "name"), *(Column(f"r{n}") for n in range(9))]
    print_blocks(["title"], columns, [["nodes", *(f"{n} 000 000" for n in range(9))]])
    out, err = capsys.readouterr()
    assert err == ""
    assert {f"r{n}" for n in range(9)} | {f"{n} 000 000" for n in range(9)} <= words_of(out)
    assert out.count("nodes") == out.count("metric") > 1
    assert max(map(len, out.splitlines())) <= 40
