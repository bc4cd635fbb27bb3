"""What the kernel says of a process's memory, in bytes: in all, and by what the mappings are for."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from footprint.errors import MeasurementError, reason_of

_FIELD = re.compile(r"^(\w+):\s+(\d+) kB$")
_HEAD = re.compile(r"^[0-9a-f]+-[0-9a-f]+ (\S{4}) [0-9a-f]+ \S+ (\d+)\s*(.*)$")
_SPAN = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) ")
_PARTS = {"Rss": "rss", "Pss": "pss", "Private_Clean": "uss", "Private_Dirty": "uss", "Anonymous": "anonymous"}
SUMMED = ("Size", "Rss", "Pss", "Private_Clean", "Private_Dirty", "Swap")
"""Fields that are added up for each group of mappings."""


def rollup(pid: int) -> dict[str, int]:
    """Every field of the process's ``smaps_rollup``, in bytes."""
    return _fields(_read(pid, "smaps_rollup"))


def process_metrics(pid: int) -> dict[str, int]:
    """``process.rss``, ``.uss``, ``.pss``, and ``process.rss.peak``, the most that was ever resident."""
    total = rollup(pid)
    private = sum(total.get(f"Private_{kind}", 0) for kind in ("Clean", "Dirty", "Hugetlb"))
    peak = _fields(_read(pid, "status"))["VmHWM"]
    # The kernel counts pages in batches for each thread, so its peak may be a little below what smaps finds.
    return {
        "process.rss": total["Rss"],
        "process.rss.peak": max(peak, total["Rss"]),
        "process.uss": private,
        "process.pss": total["Pss"],
    }


def resident(pid: int) -> int:
    """Bytes resident, as the kernel's counter has them: quicker than :func:`rollup`, and a little less exact."""
    return int(_read(pid, "statm").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """Processor time that all threads of the process took so far, in the kernel's ticks of 10 ms."""
    user, system = _read(pid, "stat").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def guests_metrics(guests: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """What guests side by side take, of the process metrics of each: ``process.*`` as the mean, ``guests.*`` of all."""
    total = {name: sum(guest[name] for guest in guests) for name in guests[0]}
    means = {name: round(amount / len(guests)) for name, amount in total.items()}
    return {
        **means,
        "guests": len(guests),
        "guests.shared": means["process.rss"] - means["process.uss"],
        "guests.rss": total["process.rss"],
        "guests.pss": total["process.pss"],
    }


def mappings(pid: int) -> dict[str, dict[str, int]]:
    """Mappings by group: how many, and their summed fields in bytes; the largest resident group first.

    Groups: ``heap``, ``stack``, ``anonymous`` (guest RAM, large allocations, thread stacks), ``program``,
    ``libraries``, ``files``, ``memory files`` and ``kernel``.
    """
    groups: dict[str, dict[str, int]] = {}
    program = program_of(pid)
    group: dict[str, int] = {}
    for line in _read(pid, "smaps").splitlines():
        if head := _HEAD.match(line):
            name = _group(head[3], program)
            group = groups.setdefault(name, dict.fromkeys(("mappings", *SUMMED), 0))
            group["mappings"] += 1
        elif (field := _FIELD.match(line)) and field[1] in SUMMED:
            group[field[1]] += int(field[2]) * 1024
    return dict(sorted(groups.items(), key=lambda item: -item[1]["Rss"]))


def span_metrics(pid: int, start: int, end: int) -> dict[str, int]:
    """RSS, PSS, USS and anonymous bytes of what the process has mapped within [start, end)."""
    total = dict.fromkeys(("rss", "pss", "uss", "anonymous"), 0)
    inside = False
    for line in _read(pid, "smaps").splitlines():
        if head := _SPAN.match(line):
            inside = start <= int(head[1], 16) and int(head[2], 16) <= end
        elif inside and (field := _FIELD.match(line)) and field[1] in _PARTS:
            total[_PARTS[field[1]]] += int(field[2]) * 1024
    return total


def _group(path: str, program: str) -> str:
    if path in ("", "[heap]", "[stack]"):
        return path.strip("[]") or "anonymous"
    if path.startswith("["):
        return "anonymous" if path.startswith("[anon") else "kernel"
    if path == program:
        return "program"
    if path.startswith(("/memfd:", "/dev/shm/", "/dev/zero", "/SYSV")):
        return "memory files"
    return "libraries" if re.search(r"\.so(\.|$| )", path) else "files"


def program_of(pid: int) -> str:
    """The path of the program that the process runs; empty if we may not know."""
    try:
        return str(Path(f"/proc/{pid}/exe").readlink())
    except OSError:
        return ""


def command_line_of(pid: int) -> list[str]:
    """The words that the process was started with; none if we may not know."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
    return [word.decode(errors="replace") for word in words[:-1]]


def _fields(text: str) -> dict[str, int]:
    return {field[1]: int(field[2]) * 1024 for line in text.splitlines() if (field := _FIELD.match(line))}


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError as error:
        raise MeasurementError(f"cannot read the memory of process {pid}: {reason_of(error)}") from None
