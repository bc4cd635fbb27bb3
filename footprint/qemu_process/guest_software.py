"""What a guest's software does when devices come and go, done for a guest that does not run: through qtest.

A PC's ACPI code lets memory modules and CPUs go by writing to I/O ports. The kernel of a pseries machine reads the
event that announces each plug and unplug by calling firmware; until then QEMU keeps it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_ARGUMENTS, _ANSWER, _BUFFER = 0x100_0000, 0x100_0100, 0x110_0000
"""Addresses in the guest's memory that nothing else uses, as nothing runs there."""
_ALL_EVENTS, _BUFFER_BYTES = 0xFFFF_FFFF, 2048
MOST_EVENTS = 100_000


@dataclass(frozen=True, slots=True)
class GuestSoftware:
    """What can be done for the guest: `eject` lets go what was asked to, `read_events` takes every event."""

    eject: Callable[[], None] | None = None
    read_events: Callable[[], None] | None = None


class Qtest:
    """The other end of QEMU's qtest socket. Nothing is raised where QEMU has gone: who asks it next says so."""

    def __init__(self, ours: socket.socket) -> None:
        self._ours = ours
        ours.settimeout(5)

    def ask(self, line: str) -> str:
        """The answer to a command of the qtest protocol; empty where QEMU has gone."""
        answer = b""
        try:
            self._ours.sendall(line.encode() + b"\n")
            while not answer.endswith(b"\n"):
                chunk = self._ours.recv(4096)
                if not chunk:
                    return ""
                answer += chunk
        except OSError:
            return ""
        return answer.decode(errors="replace").strip()


class AcpiEjector:
    """Lets modules and CPUs of a PC go (QEMU's docs/specs/acpi_mem_hotplug and acpi_cpu_hotplug)."""

    def __init__(self, qtest: Qtest, ports: Mapping[str, int]) -> None:
        self._qtest, self._ports = qtest, ports
        # The CPUs' controller begins with its old interface, which ejects nothing.
        qtest.ask(f"outl {ports['cpus']:#x} 0x0")

    def eject(self) -> None:
        """Let every module and CPU go that was asked to."""
        memory, cpus = self._ports["memory"], self._ports["cpus"]
        for slot in range(4):
            self._qtest.ask(f"outl {memory:#x} {slot:#x}")
            self._qtest.ask(f"outb {memory + 0x14:#x} 0x8")
        for number in range(1, 4):
            self._qtest.ask(f"outl {cpus:#x} {number:#x}")
            self._qtest.ask(f"outb {cpus + 4:#x} 0x8")


class RtasEvents:
    """Reads the events of a pseries machine, as its kernel does on each interrupt (PAPR, ``check-exception``)."""

    def __init__(self, qtest: Qtest) -> None:
        self._qtest = qtest
        words = (0x500, 0, _ALL_EVENTS, 0, _BUFFER, _BUFFER_BYTES)
        qtest.ask(f"write {_ARGUMENTS:#x} {4 * len(words)} 0x" + "".join(f"{word:08x}" for word in words))

    def read_all(self) -> None:
        """Take every event that waits."""
        for _ in range(MOST_EVENTS):
            self._qtest.ask(f"rtas check-exception 6 {_ARGUMENTS:#x} 1 {_ANSWER:#x}")
            if self._qtest.ask(f"read {_ANSWER:#x} 4") != "OK 0x00000000":
                return
