"""Start and stop, a third killed at a random moment: nothing is left behind.

FOOTPRINT_CYCLES=200 makes the long form of it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.fixtures.processes import is_gone, qemu_of

CYCLES = int(os.environ.get("FOOTPRINT_CYCLES", "18"))
SEED = 20170918


def of_this_test(name):
    """The processes whose command line holds `name`, zombies left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name.encode() in path.read_bytes() and not is_gone(int(path.parent.name)):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def cycle(number, dice, folder, qemu, name):
    """One start and stop; which third it belongs to is its number's."""
    command = [sys.executable, "-m", "footprint", "capture", "-o", "out.json", "--force", "--"]
    guest = [qemu, "-M", "pseries", "-cpu", "POWER8", "-nodefaults", "-name", name]
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [*command, *guest], cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as we:
        time.sleep(dice.uniform(0, 0.4))
        if number % 3 == 1:
            we.kill()
        elif number % 3 == 2 and (victim := qemu_of(we)) is not None:
            victim.send_signal(signal.SIGKILL)
        return we.wait(30)


def test_start_and_stop_a_third_killed_at_a_random_moment_leaves_nothing(ppc64, tmp_path):
    dice, name = random.Random(SEED), f"footprint-test-{os.getpid()}"
    codes = [cycle(number, dice, tmp_path, ppc64, name) for number in range(CYCLES)]
    assert set(codes[0::3]) == {0}
    assert set(codes[1::3]) <= {0, -signal.SIGKILL}
    assert set(codes[2::3]) <= {0, 3}
    deadline = time.monotonic() + 5
    while of_this_test(name) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert of_this_test(name) == []
    assert {path.name for path in tmp_path.iterdir()} <= {"out.json"}
    # A socket without a name goes with the processes that hold it; one with a name would lie in this folder.
    assert str(tmp_path) not in Path("/proc/net/unix").read_text()
