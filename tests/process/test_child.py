"""A child process: it is gone at the end, with all that it started."""

import os
import sys
import time
from pathlib import Path

from footprint.process.child import Child
from footprint.process.session import Activity
from tests.conftest import PROGRAMS


def running(word):
    """The processes that have this word on their command line."""
    pids = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and word.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                pids.append(int(folder.name))
        except OSError:
            continue
    return pids


def test_a_child_is_ended_with_those_that_left_its_session(tmp_path):
    with Child([sys.executable, str(PROGRAMS / "stays.py"), str(tmp_path)]):
        while len(running(str(tmp_path))) < 2:
            time.sleep(0.01)
    assert running(str(tmp_path)) == []


def test_what_a_child_says_on_stderr_goes_where_it_was_wanted_too():
    reading, writing = os.pipe()
    null = os.open(os.devnull, os.O_WRONLY)
    with Child(["sh", "-c", "echo here >&2"], stdout=null, copy=writing) as child:
        child.wait(10)
        os.close(writing)
        assert os.read(reading, 100) == b"here\n"
        assert child.words == "here\n"
        assert os.read(reading, 100) == b""
    os.close(reading)
    os.close(null)


def test_a_process_works_while_it_runs_and_not_while_it_sleeps():
    with Child(["sh", "-c", "while :; do :; done"]) as busy, Child(["sleep", "100"]) as idle:
        while "setpriv" in (words := Path(f"/proc/{idle.pid}/cmdline").read_text()) or "PPID" in words:
            time.sleep(0.01)
        works, sleeps = Activity(busy.pid), Activity(idle.pid)
        end = time.monotonic() + 5
        while sleeps.is_at_work() and time.monotonic() < end:  # it begins with work, too
            time.sleep(0.01)
        assert works.is_at_work() and works.is_at_work()
        assert not sleeps.is_at_work()
