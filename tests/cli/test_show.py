"""``footprint show`` on a terminal: the answer, its verdicts, bars, owners and lines, in one screen."""

import os
import pty
import subprocess
import sys
import termios
from threading import Thread

import pytest
from rich.cells import cell_len

from footprint.cli.show_picture import bar
from tests.conftest import runner_in

SMALL = ("-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with recordings of power8 under its history, and of hot-plug cycles of which one leaks."""
    folder = tmp_path_factory.mktemp("show")
    run = runner_in(folder)
    assert run("run", "power8", *SMALL, "--no-report").returncode == 0
    assert run("run", "hotplug", "-s", "cycles=6", "--no-report").returncode == 0
    return folder


def on_terminal(folder, *words, columns=80, **environment):
    """What a terminal shows of the command's standard output."""
    parent, child = pty.openpty()
    termios.tcsetwinsize(child, (50, columns))
    kept = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    chunks = []

    def read():
        try:
            while chunk := os.read(parent, 65536):
                chunks.append(chunk)
        except OSError:  # how a terminal says that nobody writes any more
            pass

    reader = Thread(target=read)
    reader.start()
    command = [sys.executable, "-m", "footprint", *words]
    done = subprocess.run(
        command, cwd=folder, stdout=child, stderr=subprocess.PIPE, timeout=120, check=False,
        env={**kept, "TERM": "xterm", "NO_COLOR": "1", **environment},
    )  # fmt: skip
    os.close(child)
    reader.join()
    os.close(parent)
    assert done.returncode == 0, done.stderr
    return b"".join(chunks).decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [80, 100, 160])
@pytest.mark.parametrize("name", ["power8", "hotplug"])
def test_the_answer_fits_one_screen(folder, name, columns):
    lines = on_terminal(folder, "show", name, columns=columns)
    assert len(lines) <= 40
    assert max(map(cell_len, lines)) <= columns


def test_it_begins_with_the_question_the_answer_and_the_verdicts(folder):
    text = "\n".join(on_terminal(folder, "show", "hotplug"))
    assert text.startswith("A device is plugged in and taken out again: is everything back where it was?\n")
    assert text.index("✗ leak under v7.2.0,release=off") < text.index("✓ no leak under 5 of 6 rule sets")
    assert "grows by 1 a cycle (exact)" in text
    assert "▁▂▃▅▆█" in text


def test_rule_sets_with_equal_figures_are_one_row_and_bars_are_to_scale(folder):
    lines = on_terminal(folder, "show", "power8")
    folded = next(line for line in lines if line.startswith("202fc01b05 to e673ba9af9"))
    first = next(line for line in lines if line.startswith("v2.10.0"))
    assert 0 < folded.count("█") < first.count("█")
    assert any(line.startswith("v11.1.0,transactions=machine") for line in lines)


def test_who_owns_what_is_alive_adds_up(folder):
    lines = on_terminal(folder, "show", "power8")
    start = next(n for n, line in enumerate(lines) if line.startswith("who owns what is alive under v11.1.0"))
    shares = [
        float(word)
        for line in lines[start + 1 : start + 6]
        for word in [line.split("%")[0].split()[-1:]][0]
        if "%" in line
    ]
    assert sum(shares) == pytest.approx(100, abs=0.3)


def test_piped_it_stays_plain_and_as_wide_as_it_is(folder):
    done = runner_in(folder)("show", "power8")
    assert "█" not in done.stdout
    assert "\x1b" not in done.stdout
    assert "a what-if on v11.1.0: one transaction" in done.stdout


def test_without_blocks_there_are_bars_of_signs_and_words_instead_of_ticks(folder):
    lines = on_terminal(folder, "show", "hotplug", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    text = "\n".join(lines)
    assert "no: leak under" in text
    assert "#####" in text
    assert "\\u" not in text.replace("\\u201c", "").replace("\\u201d", "").replace("\\u2500", "")


@pytest.mark.parametrize(("value", "drawn"), [(0, ""), (8, "████"), (1, "▌"), (0.001, "▏"), (5, "██▌")])
def test_a_bar_is_drawn_to_an_eighth_of_a_column(value, drawn):
    assert bar(value, 8, 4) == drawn


def test_a_run_ends_with_commands_that_work(tmp_path):
    run = runner_in(tmp_path)
    words = ("-s", "cycles=6", "-r", "v2.10.0", "-r", "v7.2.0", "-r", "v7.2.0,release=off")
    done = run("run", "hotplug", *words)
    lines = [line.split("  # ")[0].split() for line in done.stderr.split("next:\n")[1].splitlines()]
    assert [line[:2] for line in lines] == [["footprint", "leaks"], ["footprint", "compare"], ["footprint", "report"]]
    for line in lines:
        assert run(*line[1:]).returncode in (0, 1)
    assert run(*lines[0][1:]).returncode == 1, "it names what leaks"
    assert run(*lines[1][1:]).returncode == 1, "it names two rule sets that differ"


def test_a_run_elsewhere_names_its_folder_and_one_run_gets_a_gate(tmp_path):
    done = runner_in(tmp_path)("run", "power8", *SMALL, "-r", "v7.2.0", "-o", "out put", "--no-report")
    assert done.stderr.splitlines()[-1].startswith("  footprint gate 'out put' --budget 'flatviews.alive<=4'")
    assert runner_in(tmp_path)("gate", "out put", "--budget", "flatviews.alive<=4").returncode == 0


def test_json_says_nothing_of_what_to_type(tmp_path):
    done = runner_in(tmp_path)("run", "power8", *SMALL, "-r", "v7.2.0", "-o", "x", "--json", "--no-report")
    assert "next" not in done.stderr
