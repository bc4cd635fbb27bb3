"""What is cycled in a real QEMU: a device that is plugged and unplugged, or any pair of commands."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from footprint.errors import MeasurementError, RequestError
from footprint.process.child import find_program
from footprint.process.heap_watch import HeapWatch
from footprint.qemu_process.device_types import CPU, ListedDevice, read_device_types
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.monitor import RefusedError
from footprint.qemu_process.plug_bench import properties
from footprint.qemu_process.qmp_pair import Command

PREFIX = "qemu:"
PAIR = "qemu"
USUAL = "qemu-system-x86_64"
NO_DEVICE = ListedDevice("", "", "")


@dataclass(frozen=True, slots=True)
class QemuTarget:
    """A target in a QEMU: `word` is what it is called, `program` the QEMU, `machine` the machine (None: the usual one).

    `device` is a type with the properties `given`, or empty: then `do` and `undo` are given. `before` and `after` go to
    QEMU before the first cycle and after the last. `count_views`: have gdb count them, where no trace events do.
    """

    word: str
    program: str = USUAL
    machine: str | None = None
    device: str = ""
    given: dict[str, str] = field(default_factory=dict)
    before: tuple[Command, ...] = ()
    after: tuple[Command, ...] = ()
    do: tuple[Command, ...] = ()
    undo: tuple[Command, ...] = ()
    count_views: bool = False

    @property
    def verbs(self) -> tuple[str, str]:
        """What its two halves are called."""
        return ("plug", "unplug") if self.device else ("--do", "--undo")


def device_words(word: str) -> tuple[str, dict[str, str]]:
    """``qemu:nvme,serial=1`` as a device and its properties; raises RequestError."""
    device, *given = word.removeprefix(PREFIX).split(",")
    if not device:
        raise RequestError(f"{word!r} names no device; it is qemu:DEVICE[,prop=value…], as in qemu:nvme")
    return device, properties(given)


@contextmanager
def probe_guest(program: str) -> Iterator[Guest]:
    """A QEMU without a machine, to ask what it knows; raises MeasurementError with its own words.

    Asked for its types, it loads its modules; the library that counts keeps those of another build away.
    """
    with ExitStack() as opened:
        watch = None
        with suppress(MeasurementError):
            watch = opened.enter_context(HeapWatch())
        yield opened.enter_context(Guest([program, "-M", "none", "-nodefaults"], heap=watch))


_KNOWN: dict[str, dict[str, ListedDevice]] = {}


def device_types(program: str) -> dict[str, ListedDevice]:
    """What the QEMU `program` knows, by name; it is asked once. Raises MeasurementError."""
    path = find_program(program)
    if path not in _KNOWN:
        with probe_guest(path) as guest:
            _KNOWN[path] = read_device_types(guest.ask("info qdm"))
    return _KNOWN[path]


def find_device(program: str, name: str) -> ListedDevice:
    """The type `name`; raises RequestError with those that are spelt like it."""
    if name == CPU:
        return ListedDevice(CPU, "", "CPU")
    try:
        types = device_types(program)
    except MeasurementError:
        return _by_its_properties(program, name)
    if name not in types:
        close = difflib.get_close_matches(name, types, 1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise RequestError(
            f"{program} has no device {name!r}{meant}; {program} -device help lists the {len(types)} it has"
        )
    row = types[name]
    return ListedDevice(CPU, "", "CPU") if row.heading == "CPU" else row


def _by_its_properties(program: str, name: str) -> ListedDevice:
    """The type `name` of a QEMU that dies of being asked for all types: it loads every module then, others' too."""
    with probe_guest(program) as guest:
        try:
            known = {row["name"] for row in guest.monitor.execute("device-list-properties", typename=name)}
        except RefusedError as error:
            raise RequestError(f"{program} has no device {name!r}: {error.words}") from None
    return ListedDevice(name, "PCI" if {"addr", "multifunction"} <= known else "", "")


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``11th``."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def texts(commands: Sequence[Command]) -> str:
    """Commands as people would type them again."""
    return ", ".join(command.text for command in commands)
