"""A number that is read by another process, also when the one that counted is dead."""

import os
import subprocess
import sys

from footprint.process.shared_counter import CounterReader, SharedCounter

COUNTS = """
import os, sys
from footprint.process.shared_counter import SharedCounter
counter = SharedCounter()
print(counter.descriptor, flush=True)
sys.stdin.readline()
counter.hide()
counter.cell[0] = 123456789012
os._exit(1)
"""


def test_the_last_number_outlives_who_counted():
    with subprocess.Popen([sys.executable, "-c", COUNTS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        reader = CounterReader(child.pid, int(child.stdout.readline()))
        assert reader.read() == 0
        child.communicate(b"\n")
        assert (child.returncode, reader.read()) == (1, 123456789012)


def test_what_is_hidden_or_not_there_cannot_be_read():
    counter = SharedCounter()
    descriptor = counter.descriptor
    counter.hide()
    assert counter.descriptor == -1
    assert CounterReader(os.getpid(), descriptor).read() == -1
