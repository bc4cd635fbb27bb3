"""Finding the QEMU that somebody started, and waiting for a process to be gone."""

import time
from pathlib import Path

import psutil


def is_gone(pid):
    """Whether nothing runs under that number; a zombie that nobody has waited for is nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def gone(pid, seconds=5):
    """Whether the process is gone within that time."""
    deadline = time.monotonic() + seconds
    while not is_gone(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_gone(pid)


def qemu_of(process):
    """The QEMU under `process`, as soon as there is one, or None."""
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        return next((one for one in children if one.name().startswith("qemu-system")), None)
    except psutil.NoSuchProcess:
        return None
