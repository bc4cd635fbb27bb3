"""Pieces of work on several cores: the same results as one after the other, whatever becomes of a fork.

Each test runs a program of its own: a process with threads, as a test runner is, makes no forks.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAD = "import os, signal, sys, time\nfrom footprint.record.side_by_side import side_by_side\nhere = os.getpid()\n"
needs_two_cores = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: nothing is forked")


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HEAD + program], capture_output=True, text=True, timeout=60, check=False
    )


def test_results_come_in_the_order_of_the_pieces() -> None:
    done = run("print(side_by_side(lambda n: n * n, [3, 9, 1, 5], int, lambda: None))")
    assert done.stdout == "[9, 81, 1, 25]\n"


@needs_two_cores
def test_the_largest_piece_is_done_by_another_process_and_the_smallest_by_this_one() -> None:
    done = run("print([pid == here for pid in side_by_side(lambda n: os.getpid(), [1, 7], int, lambda: None)])")
    assert done.stdout == "[True, False]\n"


@needs_two_cores
def test_meanwhile_is_called_once_while_a_fork_works_and_never_without_one() -> None:
    done = run("side_by_side(lambda n: n, [1, 7], int, lambda: print('meanwhile'))")
    assert done.stdout == "meanwhile\n"
    done = run("side_by_side(lambda n: n, [7], int, lambda: print('meanwhile'))")
    assert done.stdout == ""


@needs_two_cores
def test_a_piece_that_fails_in_a_fork_fails_here_with_its_own_frames() -> None:
    done = run("def work(n):\n    return 1 // (n - 7)\nside_by_side(work, [1, 7], int, lambda: None)")
    assert "in work" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: integer division or modulo by zero\n")


@needs_two_cores
def test_a_piece_whose_fork_dies_is_done_here() -> None:
    done = run(
        "def work(n):\n    if os.getpid() != here: os.kill(os.getpid(), signal.SIGKILL)\n    return n\n"
        "print(side_by_side(work, [1, 7], int, lambda: None))"
    )
    assert done.stdout == "[1, 7]\n"


@needs_two_cores
def test_no_fork_is_left_when_this_process_is_interrupted() -> None:
    done = run(
        "import psutil\n"
        "def work(n):\n    if os.getpid() != here: time.sleep(60)\n    raise KeyboardInterrupt\n"
        "try:\n    side_by_side(work, [1, 7], int, lambda: None)\n"
        "except KeyboardInterrupt:\n    print(psutil.Process().children())"
    )
    assert done.stdout == "[]\n"


def test_a_process_with_threads_makes_no_fork() -> None:
    done = run(
        "import threading\nthreading.Thread(target=time.sleep, args=(1,)).start()\n"
        "print([pid == here for pid in side_by_side(lambda n: os.getpid(), [1, 7], int, lambda: None)])"
    )
    assert done.stdout == "[True, True]\n"


@needs_two_cores
def test_a_group_that_is_more_than_half_of_all_is_parted() -> None:
    done = run("from footprint.record.side_by_side import balanced\nprint(balanced([(1, 2, 3, 4), (5,), (6,)]))")
    assert done.stdout == "[(1, 2, 3), (4,), (5,), (6,)]\n"
    done = run(
        "from footprint.record.side_by_side import balanced\nprint(balanced([(1, 2), (3, 4)]), balanced([(1,)]))"
    )
    assert done.stdout == "[(1, 2), (3, 4)] [(1,)]\n"
