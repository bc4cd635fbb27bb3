"""A real QEMU of the distribution as ground truth: the command line of a Topology, and what that guest shows."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from footprint.backends.model import ModelBackend
from footprint.memory.census import census
from footprint.memory.rules import HISTORY
from footprint.qemu.flat import read_flat
from footprint.qemu.lines import Source
from footprint.steps import Boot, Build, Settle
from footprint.verify.difference import Style, difference

PROGRAMS = {"pc": "qemu-system-x86_64", "q35": "qemu-system-x86_64", "virt": "qemu-system-aarch64"}
PACKAGES = {"pc": "qemu-system-x86", "q35": "qemu-system-x86", "virt": "qemu-system-arm"}
DIMM = 128 << 20
LONGEST_PAUSE, LONGEST_WAIT = 2.5, 12
"""Seconds without a new view: firmware itself pauses for two, and for longer between two network boots."""


def arguments(topology):
    """The command line that gives a real QEMU the same guest."""
    dimms = len(topology.dimms)
    memory = f"{topology.memory >> 20}M"
    if dimms:
        memory += f",slots={dimms},maxmem={(topology.memory + dimms * DIMM) >> 20}M"
    line = ["-M", topology.machine, "-smp", str(topology.cpus), "-m", memory]
    line += ["-cpu", "max"] if topology.machine == "virt" else []
    line += ["-vga", "std"] if topology.vga else []
    for number, device in enumerate(topology.devices, 1):
        line += _device(topology, device, number)
    return line


def _device(topology, device, number):
    if device.type == "pc-dimm":
        backend = f"memory-backend-ram,id={device.id},size={DIMM}"
        return ["-object", backend, "-device", f"pc-dimm,memdev={device.id}"]
    option, before = device.type, []
    if device.type in ("nvme", "virtio-blk-pci"):
        before = ["-blockdev", f"null-co,node-name=d{number},read-zeroes=on"]
        option += f",drive=d{number}" + (",serial=x" if device.type == "nvme" else "")
    option += {"pci-bridge": f",chassis_nr={number}", "pcie-root-port": f",chassis={number},slot={number}"}.get(
        device.type, ""
    )
    bus = device.bus if device.bus != "pci.0" or topology.machine == "pc" else "pcie.0"
    return [*before, "-device", f"{option},id={device.id},bus={bus},addr={device.slot:#x}"]


class Guest:
    """A running QEMU with a monitor on its standard input."""

    def __init__(self, process, trace):
        self._process = process
        self._trace = trace
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """What the monitor answers."""
        request = {"execute": command, **({"arguments": arguments} if arguments else {})}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]
        raise RuntimeError(self._process.stderr.read())

    def monitor(self, command):
        """What a person's monitor command prints."""
        return self.ask("human-monitor-command", **{"command-line": command}).replace("\r", "")

    def wait(self, created, seconds=10):
        """Wait until so many views were created, and a moment longer; gives how many there are."""
        started = time.monotonic()
        while self.created < created and time.monotonic() - started < seconds:
            time.sleep(0.05)
        time.sleep(0.2)
        return self.created

    @property
    def created(self):
        """Views created so far."""
        return self._trace.read_text().count("flatview_new")

    def settle(self, expected, limit=60):
        """Wait until the firmware makes no more views, and stop the guest; sooner where `expected` are made."""
        seen, since, started = self.created, time.monotonic(), time.monotonic()
        while time.monotonic() - started < limit:
            time.sleep(0.1)
            if self.created != seen:
                seen, since = self.created, time.monotonic()
            if time.monotonic() - since > (LONGEST_PAUSE if seen == expected else LONGEST_WAIT):
                break
        self.ask("stop")


@contextmanager
def running(program, topology, folder, *, firmware=False, more=()):
    """A real guest like `topology`, stopped before its firmware runs unless `firmware`."""
    trace = Path(folder) / "trace"
    options = ["-nodefaults", "-display", "none", "-qmp", "stdio", "-trace", "flatview_new", "-D", str(trace)]
    stopped = [] if firmware else ["-S"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [program, *arguments(topology), *options, *stopped, *more], stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )
    try:
        yield Guest(process, trace)
    finally:
        process.kill()
        process.communicate()


def modelled(topology, *, firmware=False, rules="v7.2.0"):
    """The model's ledger of the same guest at the same moment."""
    backend = ModelBackend([HISTORY[rules]])
    backend.obey(Build(topology))
    if firmware:
        backend.obey(Boot())
    backend.obey(Settle())
    return backend.ledgers[0]


def differences(flat, ledger):
    """Where the views that QEMU printed and the model's differ: who shares one, ranges, sections, nodes."""
    ours = {}
    for space in ledger.spaces:
        ours.setdefault(id(ledger.view(space)), []).append(space)
    by_users = {tuple(sorted(space.name for space in spaces)): spaces[0] for spaces in ours.values()}
    text = read_flat(flat, Source("real"))
    found = []
    for view in text.views:
        users = tuple(sorted(space.name for space in view.spaces))
        space = by_users.pop(users, None)
        what = "no such view" if space is None else difference(view, ledger.view(space), Style.of(text))
        if what is not None:
            found.append((users[:3], what))
    return found + [(users[:3], "only in the model") for users in by_users]


def counts(ledger):
    """The census, by metric."""
    return census(ledger)
