"""What `run` keeps, and what `history` makes of it."""

import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from footprint.history.checkout import CommitAndBranch
from footprint.history.keep import keep
from footprint.recording import Recording, Run, Sample
from footprint.recording.model import SCHEMA
from tests.conftest import PROGRAMS

SMALL = ("run", "power8", "-s", "cpus=1", "-s", "nics=1", "-s", "bridges=1", "-r", "v7.2.0", "--no-report")
NEW = "0123456789abcdef0123456789abcdef01234567"
OLD = "fedcba9876543210fedcba9876543210fedcba98"


def kept(path, *values, metric="flatviews.alive", rules="v7.2.0", commits=(OLD, NEW), branch="main", footprint="0.1.0"):
    """A history of runs with these values: the first commit's until they change, then the next one's."""
    number = 0
    for day, value in enumerate(values, 1):
        number += day > 1 and value != values[day - 2]
        environment = {"recorded": f"2026-11-{day:02}T10:00:00+00:00", "footprint": footprint}
        run = Run(rules, {}, (Sample("built", 0, {metric: value}),))
        recording = Recording(SCHEMA, "power8", {"cpus": 2}, "model", environment, (run,))
        keep(recording, path, CommitAndBranch(commits[number % len(commits)], branch))


def test_every_run_is_kept_with_its_commit_and_branch(footprint, need, tmp_path):
    git = need("git", "git")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for words in (["init", "-q", "-b", "main"], [*who, "commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run([git, *words], cwd=tmp_path, check=True)
    assert footprint(*SMALL).returncode == 0
    assert footprint(*SMALL, "--json").returncode == 0
    assert footprint(*SMALL, "--force", "--no-history").returncode == 0
    document = json.loads(footprint("history", "flatviews.alive", "--json").stdout)
    (series,) = document["series"]
    head = subprocess.run([git, "rev-parse", "HEAD"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert [(run["value"], run["commit"], run["branch"]) for run in series["runs"]] == [
        (4, head.stdout.strip(), "main")
    ] * 2
    assert (series["scenario"], series["params"]["nics"], series["mark"]) == ("power8", 1, "built")
    assert document["schema"] == "footprint.history/1"


def test_the_history_is_where_the_variable_says(footprint, tmp_path):
    place = tmp_path / "elsewhere" / "runs.db"
    assert footprint(*SMALL, "--json", FOOTPRINT_HISTORY=str(place)).returncode == 0
    assert place.is_file()
    assert not (tmp_path / "reports").exists()
    assert footprint("history", "flatviews.alive", FOOTPRINT_HISTORY=str(place)).returncode == 0


def test_a_step_is_drawn_and_its_commit_named(footprint, tmp_path):
    kept(tmp_path / "reports" / "history.db", 4, 4, 4, 256, 256)
    done = footprint("history", "flatviews.alive")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "flatviews.alive changed once, from 4 to 256, under v7.2.0 in power8 at commit 0123456789ab on 2026-11-04; "
        "5 runs in 1 series.\n\n"
        "power8 at “built”, on the model (cpus=2)\n"
        "  v7.2.0: 5 runs, 2026-11-01 to 2026-11-05: from 4 to 256\n"
        "    4 ▁▁▁██ 256\n"
        "         1\n"
        "    1  4 → 256 (+252) at commit 0123456789ab on main, 2026-11-04 10:00 UTC; "
        "the run before was at commit fedcba987654 on main\n"
    )
    (step,) = json.loads(footprint("history", "flatviews.alive", "--json").stdout)["series"][0]["steps"]
    assert (step["index"], step["before"], step["after"]) == (3, 4, 256)
    assert (step["commit"], step["previous_commit"]) == (NEW, OLD)


def test_a_change_at_one_commit_and_one_of_footprint_itself_are_told(footprint, tmp_path):
    path = tmp_path / "reports" / "history.db"
    kept(path, 4, 5, commits=(OLD,))
    kept(path, 6, commits=("",), branch="main", footprint="0.2.0")
    text = footprint("history", "flatviews.alive").stdout
    assert "something changed that was not committed" in text
    assert "at no commit (outside git)" in text
    assert "footprint went from 0.1.0 to 0.2.0" in text


def test_a_long_history_fits_the_terminal(footprint, tmp_path):
    path = tmp_path / "history.db"
    kept(path, *range(1000, 1028), *[5] * 60, *range(28))
    for columns in ("40", "80", "132"):
        done = footprint("history", "flatviews.alive", COLUMNS=columns, FOOTPRINT_HISTORY=str(path))
        assert max(map(len, done.stdout.splitlines())) <= int(columns)
        assert "1 027" in done.stdout
    piped = footprint("history", "flatviews.alive", FOOTPRINT_HISTORY=str(path)).stdout
    assert "\x1b" not in piped
    (drawn,) = [line for line in piped.splitlines() if "▁" in line]
    assert len(drawn) <= 80


def test_where_there_are_no_blocks_digits_stand_for_them(footprint, tmp_path):
    kept(tmp_path / "reports" / "history.db", 0, 1, 2, 7)
    assert "    0 0127 7\n" in footprint("history", "flatviews.alive", PYTHONIOENCODING="ascii").stdout


def test_csv_has_a_line_for_each_run(footprint, tmp_path):
    kept(tmp_path / "reports" / "history.db", 4, 256, branch='a,"b"')
    rows = list(csv.DictReader(io.StringIO(footprint("history", "flatviews.alive", "--csv").stdout)))
    assert [(row["value"], row["commit"], row["step"]) for row in rows] == [("4", OLD, "0"), ("256", NEW, "1")]
    assert {(row["params"], row["branch"], row["rules"]) for row in rows} == {('{"cpus":2}', 'a,"b"', "v7.2.0")}


def test_a_page_is_written_and_not_overwritten(footprint, tmp_path):
    kept(tmp_path / "reports" / "history.db", 4, 256)
    done = footprint("history", "flatviews.alive", "-o", "page.html")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "wrote page.html\n")
    page = (tmp_path / "page.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert NEW[:12] in page
    done = footprint("history", "flatviews.alive", "-o", "page.html")
    assert (done.returncode, "page.html exists" in done.stderr) == (2, True)


def test_runs_are_selected_by_rules_branch_and_time(footprint, tmp_path):
    path = tmp_path / "reports" / "history.db"
    kept(path, 4, 5)
    kept(path, 9, rules="v2.10.0", branch="fix")

    def values(*arguments):
        series = json.loads(footprint("history", "flatviews.alive", "--json", *arguments).stdout)["series"]
        return [run["value"] for each in series for run in each["runs"]]

    assert values() == [4, 5, 9]
    assert values("-r", "v2.10.0") == values("--branch", "fix") == [9]
    assert values("--rules", "v2.10.0", "--rules", "v7.2.0") == values("-r", "all") == [4, 5, 9]
    assert values("--since", "2026-11-02") == [5]
    assert values("--scenario", "power8", "--mark", "built") == [4, 5, 9]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("flatviews.alife",), "did you mean 'flatviews.alive'"),
        (("flatviews.alive", "-r", "v7.3.0"), "unknown rule set in this history 'v7.3.0'"),
        (("flatviews.alive", "--scenario", "pc"), "valid: power8"),
        (("flatviews.alive", "--since", "last week"), "is no date"),
        (("flatviews.alive", "--json", "--csv"), "do not go together"),
        (("process.rss",), "no run that was selected has process.rss"),
    ],
)
def test_a_wrong_question_is_refused_in_one_sentence(footprint, tmp_path, arguments, words):
    kept(tmp_path / "reports" / "history.db", 4)
    done = footprint("history", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_without_a_history_there_is_nothing_to_draw(footprint, tmp_path):
    done = footprint("history", "flatviews.alive")
    assert (done.returncode, done.stdout) == (2, "")
    assert "reports/history.db: there is no history; `footprint run` keeps one" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("spoil", ["newer", "broken"])
def test_a_newer_and_a_broken_history_are_refused_before_anything_runs(footprint, tmp_path, spoil):
    path = tmp_path / "reports" / "history.db"
    kept(path, 4)
    with sqlite3.connect(path) as history:
        history.execute("PRAGMA user_version = 2")
    history.close()
    if spoil == "broken":
        path.write_bytes(b"not a database" * 99)
    before = path.read_bytes()
    for verb in (("history", "flatviews.alive"), SMALL):
        done = footprint(*verb)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "reports/history.db: is" in done.stderr
    assert "--no-history runs without it" in done.stderr
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]
    assert path.read_bytes() == before
    assert footprint(*SMALL, "--no-history").returncode == 0


def test_a_run_whose_history_cannot_be_written_is_done_all_the_same(footprint, tmp_path):
    (tmp_path / "file").write_text("")
    done = footprint(*SMALL, FOOTPRINT_HISTORY="file/history.db")
    assert done.returncode == 0
    assert (tmp_path / "reports" / "power8" / "recording.json").is_file()
    assert "this run is not in the history: cannot write file/history.db" in done.stderr


def test_a_full_disk_costs_the_history_and_not_the_run(footprint, tmp_path):
    path = tmp_path / "history.db"
    kept(path, 4)
    command = [sys.executable, "-m", "footprint", *SMALL, "--json"]
    # No file may grow beyond the history's size: to SQLite this is a disk without room.
    limit = f'ulimit -f {path.stat().st_size // 1024}; exec "$@"'
    done = subprocess.run(
        ["bash", "-c", limit, "bash", *command], cwd=tmp_path, env=os.environ | {"FOOTPRINT_HISTORY": str(path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, json.loads(done.stdout)["scenario"]) == (0, "power8")
    assert "this run is not in the history: " in done.stderr
    assert (
        len(json.loads(footprint("history", "flatviews.alive", "--json", FOOTPRINT_HISTORY=str(path)).stdout)["series"])
        == 1
    )


@pytest.mark.parametrize("at_rest", [True, False])
@pytest.mark.parametrize(("mode", "said"), [(0o755, "[4]\n"), (0o700, "permission denied\n")])
def test_a_history_of_somebody_else_is_read_or_refused_with_the_reason(mode, said, at_rest):
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody who may not write here")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        kept(path, 4)
        if at_rest:
            with closing(sqlite3.connect(path)) as history:
                history.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert at_rest != path.with_name("history.db-wal").exists()
        Path(folder).chmod(mode)
        command = [sys.executable, PROGRAMS / "reads_as_nobody.py", path]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.rpartition(": ")[2]) == (0, said), done.stderr
