"""How long `run power8` takes, beside one start of a real QEMU with the same devices.

    python benchmarks/power8.py [--pairs 3] [--qemu qemu-system-ppc64]

Prints medians and ratios. A pair is one of ours and one of QEMU's, in turn, so that the machine's noise
hits both. Ours is the whole default run, page included, in a fresh process; QEMU's is from its start to
the answer to the first command, stopped before firmware. Peak memory is the kernel's (ru_maxrss, VmHWM).
Also: CPU of one more rule set, and CPU of twice the guest beyond start-up. The limits of the two ratios
are for QEMU 9.2 and later, whose start makes 280 379 views; an older QEMU's start is a third of it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from footprint.machines.pseries import pseries

DEFAULT = {"cpus": 255, "nics": 255, "bridges": 40}


def ours(*arguments: str) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and peak bytes of ``footprint run power8 ARGUMENTS``, in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "footprint", "run", "power8", *arguments],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"footprint ended with {child.returncode}")
        return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def cpu(*arguments: str) -> float:
    """CPU seconds, the median of three."""
    return statistics.median(ours(*arguments)[1] for _ in range(3))


def qemu_arguments(qemu: str) -> list[str]:
    """The command line of the default guest."""
    topology = pseries(**DEFAULT, vga=True, ohci=1, scsi=1)
    command = [qemu, "-M", "pseries", "-cpu", "POWER8", "-smp", str(topology.cpus), "-m", "1G"]
    command += ["-nodefaults", "-S", "-display", "none", "-qmp", "stdio"]
    for number, device in enumerate(topology.devices, 1):
        text = f"{device.type},id={device.id},bus={device.bus},addr={device.slot:#x}.{device.function}"
        if device.type == "pci-bridge":
            text += f",chassis_nr={number},multifunction=on"
        command += ["-device", text]
    return command


def qemu_start(command: list[str]) -> tuple[float, int]:
    """Wall seconds until QEMU has built the machine, and its peak bytes until then."""
    started = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdout.readline()
        child.stdin.write(json.dumps({"execute": "qmp_capabilities"}) + "\n")
        child.stdin.flush()
        answer = child.stdout.readline()
        wall = time.perf_counter() - started
        status = Path(f"/proc/{child.pid}/status").read_text()
        child.kill()
    if "return" not in answer:
        raise SystemExit(f"{Path(command[0]).name} did not start")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return wall, int(peak.split()[1]) * 1024


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--qemu", default="qemu-system-ppc64")
    options = parser.parse_args()
    command = qemu_arguments(options.qemu)
    pairs = [(ours(), qemu_start(command)) for _ in range(options.pairs)]
    wall = statistics.median(mine[0] / theirs[0] for mine, theirs in pairs)
    peak = statistics.median(mine[2] / theirs[1] for mine, theirs in pairs)
    print(f"whole run           {_told([mine[0] for mine, _ in pairs], [mine[2] for mine, _ in pairs])}")
    print(f"QEMU's start        {_told([its[0] for _, its in pairs], [its[1] for _, its in pairs])}")
    print(f"ratio of wall time  {wall:6.3f}    at most 0.1 (medians of {len(pairs)} pairs)")
    print(f"ratio of peaks      {peak:6.3f}    at most 0.02")
    base = cpu("--no-report")
    more = cpu("--no-report", "-r", "v2.6.0", *(w for name in _default_rules() for w in ("-r", name)))
    print(f"one more rule set   {more - base:6.2f} s CPU, at most 0.15")
    empty = cpu("--no-report", "-s", "cpus=1", "-s", "nics=0", "-s", "bridges=0")
    double = cpu("--no-report", "-s", "cpus=510", "-s", "nics=510", "-s", "bridges=80")
    print(f"twice the guest     {(double - empty) / (base - empty):6.2f} times the CPU beyond start-up, at most 2.2")


def _told(seconds: Sequence[float], peaks: Sequence[int]) -> str:
    return f"{statistics.median(seconds):6.2f} s, {statistics.median(peaks) / 2**20:.0f} MiB"


def _default_rules() -> tuple[str, ...]:
    from footprint.scenario.find import find

    return find("power8").rules


if __name__ == "__main__":
    main()
