"""Every command and program in the README works as written."""

import json
import os
import re
import shlex
import subprocess
import sys

import pytest

from tests.conftest import ROOT

TEXT = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.S)
OWN_QEMU = "./build/qemu-system-ppc64"
QUICK_START, EXAMPLES = BLOCKS[0], [block for block in BLOCKS[1:] if OWN_QEMU not in block]
SESSION = [line for block in BLOCKS if OWN_QEMU in block for line in block.splitlines()]
SCRIPTS = {name: text for text, name in re.findall(r"```python\n(# (\S+\.py)\n.*?)```", TEXT, flags=re.S)}
LETTERS = dict(re.findall(r"```text\n# (\S+\.txt)\n(.*?)```", TEXT, flags=re.S))
EXITS = re.compile(r" +# exits (\d)$")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An empty folder with the README's own scripts, where `tests` is the one of the checkout."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "tests").symlink_to(ROOT / "tests")
    (folder / "docs").symlink_to(ROOT / "docs")
    for name, text in (SCRIPTS | LETTERS).items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("line", [line for block in EXAMPLES for line in block.splitlines()])
def test_an_example_works_as_written(folder, line):
    code = int(found[1]) if (found := EXITS.search(line)) else 0
    program, *arguments = shlex.split(EXITS.sub("", line))
    assert program == "footprint"
    if "reports/power8" in line or "footprint history" in line or ("reports/small" in line and "run" not in arguments):
        for name, more in (("power8", []), ("small", ["-s", "cpus=2", "-s", "nics=2", "-s", "bridges=1"])):
            run(folder, ["run", "power8", *more, "-o", f"reports/{name}", "--no-report", "--force"])
    done = run(folder, arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr


def test_the_letter_gives_one_exact_view_with_its_repairs_reported(folder):
    assert list(LETTERS) == ["mail.txt"]
    done = run(folder, ["verify", "mail.txt"])
    assert "exact    mail.txt: 1 of 1 views agree" in done.stdout
    assert "'> ' taken off; notes behind line 6 taken off" in done.stdout


def test_a_session_with_a_binary_of_ones_own_works_as_written(need, tmp_path):
    need("gdb", "gdb")
    (tmp_path / "build").mkdir()
    (tmp_path / OWN_QEMU).symlink_to(need("qemu-system-ppc64", "qemu-system-ppc"))
    assert len(SESSION) == 10
    for line in SESSION:
        done = run(tmp_path, shlex.split(line)[1:])
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), f"{line}: {done.stdout}{done.stderr}"


def run(folder, arguments):
    command = [sys.executable, "-m", "footprint", *arguments]
    return subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, timeout=120, check=False)


def test_the_quick_start_is_two_commands_that_ci_runs():
    assert len(QUICK_START.splitlines()) == 2
    ci = (ROOT / ".ci" / "run").read_text()
    assert "README.md" in ci


def test_the_counts_that_the_readme_leads_with_are_what_the_model_makes(footprint):
    (flag,) = re.findall(r"`footprint run power8 -r (\S+)`", TEXT)
    (cells,) = re.findall(r"^\| FlatViews alive \|(.*)\|\n\| FlatViews created \|(.*)\|$", TEXT, flags=re.M)
    alive, created = ([int(cell.replace(" ", "")) for cell in row.split("|")] for row in cells)
    names = ("v7.2.0", "v11.1.0", "v11.1.0,transactions=machine", flag)
    words = [word for name in names for word in ("-r", name)]
    runs = json.loads(footprint("run", "power8", *words, "--json").stdout)["runs"]
    built = [run["samples"][0]["metrics"] for run in runs]
    assert [at["flatviews.alive"] for at in built] == [*alive, alive[1]]
    assert [at["flatviews.created"] for at in built] == [*created, created[1]]


def test_the_readme_s_table_is_what_the_run_prints(footprint):
    rows = re.findall(r"^(\S+) {2,}([\d ]+?) {2,}(\d+) {2,}([\d ]+?) {2,}(\S+ \S+) ", TEXT, flags=re.M)
    assert len(rows) == 6
    done = footprint("run", "power8", "--no-report", COLUMNS="150")
    for name, created, alive, built, peak in rows:
        line = next(line for line in done.stdout.splitlines() if line.split() and line.split()[0] == name)
        assert re.split(r" {2,}", line.strip())[:5] == [name, created, alive, built, peak]
