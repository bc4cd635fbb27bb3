"""Runs inside gdb: starts QEMU, does to it what was asked, and stays its parent until it ends.

    gdb -x gdb_start.py --args qemu-system-… ARGS

Asked by environment, each the number of a descriptor or empty:

- FOOTPRINT_GDB_REPORT: lines go there. ``pid N`` once QEMU exists, ``main loop`` once it came so far and
  everything asked was done, or ``cannot REASON``.
- FOOTPRINT_GDB_COUNT: a file whose first eight bytes become the number of views created, as it grows.
- FOOTPRINT_GDB_HOLD: not empty: one transaction is held from the beginning of the board's init to just
  before the first reset.

A QEMU that is counted stays under gdb; otherwise gdb lets go of it at its main loop. Either way gdb ends
as QEMU does, with the same exit code or signal, and QEMU does not outlive gdb, its parent: the kernel sends it the
parent-death signal (PR_SET_PDEATHSIG) that setpriv asked for before it became QEMU.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import struct

import gdb

from footprint.qemu_process.gdb_session import address_of, prepare

INIT, RESET, MAIN_LOOP = "machine_run_board_init", "rom_check_and_register_reset", "qemu_main_loop"
BEGIN, COMMIT = "memory_region_transaction_begin", "memory_region_transaction_commit"
NEW_VIEW = "address_space_dispatch_new"
"""Called once for each view, because every view has a dispatch of its own (since v2.11.0)."""


class CannotError(Exception):
    """What was asked cannot be done to this program; the text says why."""


class Counter(gdb.Breakpoint):  # type: ignore[misc, unused-ignore]
    """A breakpoint that never stops QEMU and keeps the number of its hits where our side can read it."""

    def __init__(self, address: int, file: int) -> None:
        super().__init__(f"*{address:#x}", internal=True)
        self.silent = True
        self.hits = 0
        self.shared = mmap.mmap(file, 8)

    def stop(self) -> bool:
        """Count the call."""
        self.hits += 1
        self.shared[:8] = struct.pack("<Q", self.hits)
        return False


def address(function: str) -> int:
    """Where `function` is; raises CannotError for a program that does not export it."""
    place = address_of(function)
    if place is None:
        raise CannotError(f"it does not export {function}")
    return place


def call(place: int) -> None:
    """Call the C function without arguments that is there."""
    gdb.parse_and_eval(f"((void (*)(void)) {place:#x})()")


def go_to(function: str) -> None:
    """Go on to the first instruction of `function`; raises SystemExit where QEMU ends before."""
    stop = gdb.Breakpoint(f"*{address(function):#x}", internal=True)
    stop.silent = True
    gdb.execute("continue", to_string=True)
    if not gdb.selected_inferior().pid:
        end_as_qemu_did()
    if gdb.newest_frame().pc() != address(function):
        raise CannotError(f"it stopped before {function}")
    stop.delete()


def end_as_qemu_did() -> None:
    """End with the exit code or the signal that QEMU ended with under gdb."""
    number = gdb.convenience_variable("_exitsignal")
    if number is not None:
        die_of(int(number))
    code = gdb.convenience_variable("_exitcode")
    os._exit(1 if code is None else int(code) & 0xFF)


def die_of(number: int) -> None:
    """End by a signal, without a core file: the one that matters is QEMU's."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
    os._exit(128 + number)


def start(*, hold: bool, count: int | None) -> int:
    """Bring QEMU to its main loop, and do what was asked on the way; its process number."""
    gdb.execute("set exec-wrapper setpriv --pdeathsig KILL")
    gdb.execute("starti", to_string=True)
    pid: int = gdb.selected_inferior().pid
    say(f"pid {pid}")
    held = (INIT, RESET, BEGIN, COMMIT) if hold else ()
    counted = () if count is None else (NEW_VIEW,)
    for function in (MAIN_LOOP, *held, *counted):
        address(function)
    if count is not None:
        Counter(address(NEW_VIEW), count)
    if hold:
        go_to(INIT)
        call(address(BEGIN))
        go_to(RESET)
        call(address(COMMIT))
    go_to(MAIN_LOOP)
    return pid


def say(line: str) -> None:
    """Tell our side."""
    os.write(int(os.environ["FOOTPRINT_GDB_REPORT"]), line.encode() + b"\n")


def number_of(name: str) -> int | None:
    """The descriptor in the environment variable `name`."""
    text = os.environ.get(name, "")
    return int(text) if text else None


def stay(pid: int, *, counted: bool) -> None:
    """Be QEMU's parent until it ends, and end alike."""
    if counted:
        gdb.execute("continue", to_string=True)
        end_as_qemu_did()
    gdb.execute("detach", to_string=True)
    say("main loop")
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        die_of(os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def main() -> None:
    """Start QEMU as asked, and stay until it ends."""
    prepare()
    gdb.execute("handle all nostop noprint pass", to_string=True)
    count = number_of("FOOTPRINT_GDB_COUNT")
    for descriptor in (number_of("FOOTPRINT_GDB_REPORT"), count):
        if descriptor is not None:
            os.set_inheritable(descriptor, False)
    try:
        pid = start(hold=bool(os.environ.get("FOOTPRINT_GDB_HOLD")), count=count)
        if count is not None:
            say("main loop")
        stay(pid, counted=count is not None)
    except (CannotError, gdb.error) as error:
        say("cannot " + " ".join(str(error).split()))
    if gdb.selected_inferior().pid:
        gdb.execute("kill", to_string=True)
    os._exit(1)


main()
