"""Many processes keep runs in one history at once, and some are killed: what was said to be done is there, whole."""

import json
import os
import random
import re
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.conftest import PROGRAMS
from tests.programs.keeps_runs import METRICS, RULES

WRITERS = 8
KILLED = 3
"""A third of the writers, rounded up."""
RUNS = int(os.environ.get("FOOTPRINT_HISTORY_RUNS", "25"))
"""Runs of each writer; the figure in the documents is of 200."""


@pytest.mark.timeout(900)
def test_what_was_done_is_there_whole_when_a_third_of_the_writers_is_killed(tmp_path):
    path = tmp_path / "reports" / "history.db"
    logs = [tmp_path / f"{writer}.log" for writer in range(WRITERS)]
    writers = [start(path, writer, log) for writer, log in enumerate(logs)]
    chance = random.Random()
    for writer in range(KILLED):
        some = chance.randrange(RUNS)
        while len(logs[writer].read_text().splitlines()) <= some and writers[writer].poll() is None:
            time.sleep(0.0001)
        time.sleep(chance.random() * 0.005)
        writers[writer].kill()
    codes = [process.wait(600) for process in writers]
    assert codes[KILLED:] == [0] * (WRITERS - KILLED)
    # Who is killed while it says that a run is done leaves a part of a line.
    said = [pair for log in logs for pair in re.findall(r"^(\d+) (\d+)\n", log.read_text(), flags=re.MULTILINE)]
    done = {(int(writer), int(run)) for writer, run in said}
    assert len(done) >= (WRITERS - KILLED) * RUNS + KILLED

    kept = runs_in(path)
    assert done <= kept
    for writer in range(KILLED):  # it may have died before it could say so
        assert len({run for run in kept - done if run[0] == writer}) <= 1
    assert {writer for writer, _ in kept - done} <= set(range(KILLED))
    assert {file.name for file in path.parent.iterdir()} - {"history.db-wal", "history.db-shm"} == {"history.db"}


def start(path, writer, log):
    command = [sys.executable, PROGRAMS / "keeps_runs.py", path, str(writer), str(RUNS)]
    with log.open("wb") as stream:
        return subprocess.Popen(command, stdout=stream)


def runs_in(path):
    """(writer, number) of every run in the history, once it is sure that each is whole and the database is, too."""
    history = sqlite3.connect(path)
    assert history.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert history.execute("PRAGMA foreign_key_check").fetchall() == []
    runs = {}
    for run, params, rules, mark, metrics in history.execute(
        "SELECT run.id, params, rules, mark, metrics FROM run LEFT JOIN sample ON sample.run = run.id ORDER BY sample.id"
    ):
        runs.setdefault((run, params), []).append((rules, mark, metrics))
    history.close()
    for (_, params), samples in runs.items():
        values = json.loads(params)
        assert [sample[:2] for sample in samples] == [
            (rules, mark) for rules in RULES for mark in ("built", "destroyed")
        ]
        for _, _, metrics in samples:
            assert json.loads(metrics) == {
                f"metric.{n}": 1000 * values["writer"] + values["number"] for n in range(METRICS)
            }
    keys = [(json.loads(params)["writer"], json.loads(params)["number"]) for _, params in runs]
    assert len(keys) == len(set(keys))
    return set(keys)
