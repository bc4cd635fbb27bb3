"""Runs inside gdb: logs every call on QEMU's memory API until its main loop begins.

    gdb -x oplog_gdb.py --args qemu-system-… ARGS

Only gdb's own module, the standard library and one module like this are used, because gdb brings a
Python of its own. The functions are exported from the binary, so no debug symbols are needed; arguments
are read from registers at their first instruction. Lines go to the descriptor that FOOTPRINT_LOG_FD names,
in the form of the corpus (footprint/qemu/oplog.py), and one more at the end that begins with ``# ``: how it
ended. With FOOTPRINT_DISPATCH set, a DISP line follows each view.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TextIO

import gdb

from footprint.qemu_process.gdb_session import address_of, prepare

REGISTERS = {
    "i386:x86-64": ("rdi", "rsi", "rdx", "rcx", "r8", "r9"),
    "aarch64": ("x0", "x1", "x2", "x3", "x4", "x5"),
}
"""Where the calling convention has the first six arguments."""

# memory_region_init_…: kind, and the arguments that hold name and size.
INITS = {
    "memory_region_init": ("container", 2, 3),
    "memory_region_init_io": ("io", 4, 5),
    "memory_region_init_ram": ("ram", 2, 3),
    "memory_region_init_ram_nomigrate": ("ram", 2, 3),
    "memory_region_init_ram_flags_nomigrate": ("ram", 2, 3),
    "memory_region_init_resizeable_ram": ("ramres", 2, 3),
    "memory_region_init_ram_from_file": ("ramfile", 2, 3),
    "memory_region_init_ram_from_fd": ("ramfile", 2, 3),
    "memory_region_init_ram_ptr": ("ramptr", 2, 3),
    "memory_region_init_ram_device_ptr": ("ramdev", 2, 3),
    "memory_region_init_rom": ("rom", 2, 3),
    "memory_region_init_rom_nomigrate": ("rom", 2, 3),
    "memory_region_init_rom_device": ("romdev", 4, 5),
    "memory_region_init_rom_device_nomigrate": ("romdev", 4, 5),
    "memory_region_init_iommu": ("iommu", 4, 5),
}
# memory_region_…: the setter's word in the log, and a mask for its value (a C bool is one byte).
SETTERS = {
    "memory_region_set_enabled": ("set_enabled", 0xFF),
    "memory_region_set_size": ("set_size", (1 << 64) - 1),
    "memory_region_set_address": ("set_address", (1 << 64) - 1),
    "memory_region_set_alias_offset": ("set_alias_offset", (1 << 64) - 1),
    "memory_region_set_readonly": ("set_readonly", 0xFF),
    "memory_region_set_nonvolatile": ("set_nonvolatile", 0xFF),
    "memory_region_set_unmergeable": ("set_unmergeable", 0xFF),
    "memory_region_rom_device_set_romd": ("rom_device_set_romd", 0xFF),
    "memory_region_set_log": ("set_log", 0xFF),
}
WORDS = {
    "memory_region_transaction_begin": "begin",
    "memory_region_transaction_commit": "commit",
    "memory_listener_register": "listener_register",
    "memory_listener_unregister": "listener_unregister",
    "address_space_dispatch_new": "  NEWVIEW",
}
END = "qemu_main_loop"
LONGEST_NAME = 256
DISPATCH_COUNTS = 32  # offset of the four counts in AddressSpaceDispatch, 2.11 to 9.0


class Arguments:
    """The first six arguments of the call at which QEMU stands, each read when it is asked for."""

    def __init__(self, registers: Sequence[str]) -> None:
        self.registers = registers

    def __getitem__(self, number: int) -> int:
        """An argument, as 64 bits without a sign."""
        return int(gdb.newest_frame().read_register(self.registers[number])) & ((1 << 64) - 1)


class Log:
    """The log: knows regions by their address, and writes lines."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.names: dict[int, str] = {}
        self.fresh: int | None = None
        self.arguments = Arguments(())

    def text(self, address: int) -> str:
        """The C string at `address`; it may end where its page does."""
        if not address:
            return "(null)"
        found = b""
        while b"\0" not in found and len(found) < LONGEST_NAME:
            rest = 4096 - (address + len(found)) % 4096
            found += bytes(gdb.selected_inferior().read_memory(address + len(found), min(64, rest)))
        return found.split(b"\0")[0].decode(errors="replace")

    def region(self, address: int) -> str:
        """NAME#ID; ``?`` for one that was never initialised."""
        return f"{self.names.get(address, '?')}#{address:x}"

    def write(self, line: str) -> None:
        """Write a line; whatever is initialised after it is initialised anew."""
        self.fresh = None
        self.stream.write(line + "\n")

    def init(self, kind: str, address: int, name: int, size: int, rest: str = "") -> None:
        """An initialisation; those that it calls itself, for the same region, are passed over."""
        if self.fresh == address:
            return
        self.names[address] = self.text(name)
        self.write(f"init {kind} {self.region(address)} size={size:#x}{rest}")
        self.fresh = address


Obey = Callable[[Log, Arguments], None]
"""What to do at a function, with its arguments."""


def obey_init(kind: str, name: int, size: int) -> Obey:
    """What to do at an init function."""
    return lambda log, a: log.init(kind, a[0], a[name], a[size])


def obey_setter(word: str, mask: int) -> Obey:
    """What to do at a setter."""
    return lambda log, a: log.write(f"{word} {log.region(a[0])} {a[1] & mask:#x}")


def obey_word(word: str) -> Obey:
    """What to do at a function that is logged by a word alone."""
    return lambda log, _: log.write(word)


def obey_alias(log: Log, a: Arguments) -> None:
    """memory_region_init_alias: region, owner, name, target, offset, size."""
    log.init("alias", a[0], a[2], a[5], f" of {log.region(a[3])} off={a[4]:#x}")


def obey_add(log: Log, a: Arguments) -> None:
    """memory_region_add_subregion: container, offset, region."""
    log.write(f"add {log.region(a[0])} @{a[1]:#x} <- {log.region(a[2])}")


def obey_add_overlap(log: Log, a: Arguments) -> None:
    """The same with a priority, an int printed without its sign."""
    log.write(f"add {log.region(a[0])} @{a[1]:#x} <- {log.region(a[2])} prio={a[3] & 0xFFFFFFFF}")


def obey_del(log: Log, a: Arguments) -> None:
    """memory_region_del_subregion: container, region."""
    log.write(f"del {log.region(a[0])} -x {log.region(a[1])}")


def obey_space(log: Log, a: Arguments) -> None:
    """address_space_init: space, root, name."""
    log.write(f"AS_INIT '{log.text(a[2])}' root={log.region(a[1])}")


def obey_eventfd(word: str) -> Obey:
    """What to do where an ioeventfd comes or goes."""
    return lambda log, a: log.write(f"{word} {log.region(a[0])}")


def obey_compact(log: Log, a: Arguments) -> None:
    """address_space_dispatch_compact: the dispatch, with all its sections and nodes."""
    data = bytes(gdb.selected_inferior().read_memory(a[0] + DISPATCH_COUNTS, 16))
    sections, sections_most, nodes, nodes_most = (int.from_bytes(data[i : i + 4], "little") for i in range(0, 16, 4))
    if sections > sections_most or nodes > nodes_most:
        log.write("# this QEMU keeps a dispatch in another form; log without --dispatch")
        gdb.execute("kill")
        return
    log.write(f"  DISP sections={sections}/{sections_most} nodes={nodes}/{nodes_most}")


def obeyed(dispatch: bool) -> dict[str, Obey]:
    """Every function that is watched, and what to do there."""
    table = {name: obey_init(*how) for name, how in INITS.items()}
    table.update((name, obey_setter(*how)) for name, how in SETTERS.items())
    table.update((name, obey_word(word)) for name, word in WORDS.items())
    table["memory_region_init_alias"] = obey_alias
    table["memory_region_add_subregion"] = obey_add
    table["memory_region_add_subregion_overlap"] = obey_add_overlap
    table["memory_region_del_subregion"] = obey_del
    table["memory_region_add_eventfd"] = obey_eventfd("add_eventfd")
    table["memory_region_del_eventfd"] = obey_eventfd("del_eventfd")
    table["address_space_init"] = obey_space
    if dispatch:
        table["address_space_dispatch_compact"] = obey_compact
    return table


class Watch(gdb.Breakpoint):  # type: ignore[misc, unused-ignore]
    """A breakpoint on the first instruction of a function; it never stops QEMU, except at the end."""

    def __init__(self, address: int, log: Log, obey: Obey | None) -> None:
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True
        self.log = log
        self.obey = obey

    def stop(self) -> bool:
        """Log the call."""
        if self.obey is None:
            return True
        self.obey(self.log, self.log.arguments)
        return False


def run(log: Log, dispatch: bool) -> str:
    """Run QEMU to its main loop; how it ended, in a word or two."""
    endings: list[str] = []
    gdb.events.exited.connect(lambda event: endings.append(f"exit {getattr(event, 'exit_code', -1)}"))
    gdb.execute("starti", to_string=True)
    log.arguments = Arguments(REGISTERS.get(gdb.newest_frame().architecture().name(), ()))
    if not log.arguments.registers:
        return "cannot read the arguments of calls on this processor"
    if address_of(END) is None or address_of("address_space_dispatch_new") is None:
        return "does not export its memory functions; it may be no system emulator"
    for function, obey in [*obeyed(dispatch).items(), (END, None)]:
        address = address_of(function)
        if address is not None:
            Watch(address, log, obey)
    gdb.execute("continue", to_string=True)
    if endings:
        return endings[0]
    if gdb.newest_frame().pc() == address_of(END):
        return "main loop"
    return f"signal {int(gdb.parse_and_eval('$_siginfo.si_signo'))}"


def main() -> None:
    """Log a start-up, and say how it ended."""
    # Regions are named by their addresses: the same ones at each start.
    prepare("disable-randomization on")
    gdb.execute("handle SIGUSR1 SIGUSR2 SIGPIPE nostop noprint pass", to_string=True)
    with os.fdopen(int(os.environ["FOOTPRINT_LOG_FD"]), "w") as stream:
        log = Log(stream)
        try:
            ending = run(log, bool(os.environ.get("FOOTPRINT_DISPATCH")))
        except gdb.error as error:
            ending = f"gdb: {' '.join(str(error).split())}"
        log.write("# " + ending)
    if gdb.selected_inferior().pid:
        gdb.execute("kill")
    gdb.execute("quit")


main()
