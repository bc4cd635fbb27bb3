"""The mark that only the process has that made it."""

import ctypes
import os

import pytest

from footprint.process import fork_mark


def in_a_copy(fork, ask):
    """What `ask` gives in a process that is forked of this one."""
    pid = fork()
    if pid == 0:
        os._exit(ask())
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture(params=["the kernel wipes", "the kernel does not wipe"])
def mark(request, monkeypatch):
    monkeypatch.setattr(fork_mark, "_marks", [])
    if request.param == "the kernel does not wipe":
        monkeypatch.setattr(fork_mark, "_MADV_WIPEONFORK", 12345)
    return fork_mark.fork_mark()


@pytest.mark.parametrize("fork", [os.fork, ctypes.CDLL(None).fork])
def test_a_copy_has_no_mark_whoever_forked_it(mark, fork):
    assert mark[0] == 1
    assert in_a_copy(fork, lambda: mark[0]) == 0
    assert mark[0] == 1


def test_a_copy_that_asks_for_one_has_its_own(mark):
    assert fork_mark.fork_mark() is mark
    assert in_a_copy(os.fork, lambda: fork_mark.fork_mark()[0]) == 1
