"""A guest: a QEMU that we started, stopped before its firmware, with its monitor and its trace."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from collections.abc import Iterator, Sequence
from types import TracebackType

from footprint.errors import MeasurementError, RequestError, reason_of
from footprint.process.child import Child, find_program
from footprint.qemu_process.monitor import Monitor, MonitorLostError
from footprint.qemu_process.view_trace import Life, Trace

SECONDS = 60.0
"""The default limit for each step: the start-up, and every question after it."""
SECONDS_TO_SETTLE = 15.0
"""How long the grace period may take; it is over as soon as everything released is freed."""
SECONDS_TO_BOOT = 15.0
SECONDS_OF_QUIET = 3.0
"""Firmware pauses for up to two seconds between its changes (docs/qemu-memory.md, "Firmware")."""
FILES, FILES_PER_GUEST = 50, 8
"""Open files of ours, and for each guest: its trace, its monitor with the loop that serves it, its words."""
_DISPLAYS = {"-display", "-nographic", "-vnc", "-spice", "-sdl", "-gtk", "-curses"}


class Guest:
    """A running QEMU, built and stopped. Use it as a context manager; leaving it ends QEMU.

    `command` is a QEMU command line. ``-S``, a monitor and a trace are added, and ``-display none`` if it
    asks for no display. Raises MeasurementError with QEMU's own words when no built machine comes of it.
    Without `wait` it is only started: :meth:`wait` comes before everything else, with the same errors.
    """

    def __init__(self, command: Sequence[str], *, seconds: float = SECONDS, wait: bool = True) -> None:
        self.command = tuple(check(command))
        self.seconds = seconds
        find_program(self.command[0])
        self._held = contextlib.ExitStack()
        try:
            self._start()
            if wait:
                self.wait()
        except OSError as error:
            self.close()
            raise MeasurementError(f"{self.command[0]} cannot be started: {reason_of(error)}") from None
        except BaseException:
            self.close()
            raise

    def _start(self) -> None:
        self.trace = Trace()
        self._held.callback(self.trace.close)
        self._ours, theirs = socket.socketpair()
        self._held.callback(self._ours.close)
        with theirs:
            fd = theirs.fileno()
            monitor = ["-chardev", f"socket,id=footprint,fd={fd}", "-mon", "chardev=footprint,mode=control"]
            full = [*self.command, *quiet(self.command), *monitor, *self.trace.arguments]
            self.process = self._held.enter_context(Child(full, pass_fds=(fd, self.trace.fd)))
        self._deadline = time.monotonic() + self.seconds

    def wait(self) -> None:
        """Wait until its machine is built."""
        with self.speaking("before its machine was built"):
            self.monitor = Monitor(self._ours, seconds=self.seconds, who=self.process.name)
            self._held.callback(self.monitor.close)
            # The greeting comes before the machine; only the answer to a command says that it is built.
            self.version = self._version(max(0.1, self._deadline - time.monotonic()))

    def _version(self, seconds: float) -> str:
        known = self.monitor.execute("query-version", seconds)["qemu"]
        return f"{known['major']}.{known['minor']}.{known['micro']}"

    @contextlib.contextmanager
    def speaking(self, when: str) -> Iterator[None]:
        """While we talk with QEMU: whatever goes wrong is told with QEMU's own last words."""
        try:
            yield
        except MonitorLostError:
            raise self.process.obituary(when) from None
        except MeasurementError as error:
            # A process that is just dying cannot be read any more, and cannot be waited for yet.
            if self.process.wait(0.5) is not None:
                raise self.process.obituary(when) from None
            words = self.process.last_words()
            raise MeasurementError(f"{error}; its own words: {words}") from None

    def ask(self, line: str) -> str:
        """The human monitor's text for `line`."""
        with self.speaking(f"when asked for {line!r}"):
            return self.monitor.ask(line)

    def settle(self, seconds: float = SECONDS_TO_SETTLE) -> Life:
        """Wait until everything released is freed; the life of all views. Raises MeasurementError if it never is."""
        deadline = time.monotonic() + seconds
        life = self.trace.read()
        while life.waiting:
            if not self.process.is_alive:
                raise self.process.obituary("while its views were waiting to be freed")
            if time.monotonic() > deadline:
                raise MeasurementError(
                    f"{self.process.name} did not free {life.waiting} released views within {seconds:g} s"
                )
            time.sleep(0.01)
            life = self.trace.read()
        return life

    def boot(self, seconds: float = SECONDS_TO_BOOT, quiet: float = SECONDS_OF_QUIET) -> Life:
        """Let the firmware run until no view was created for `quiet` seconds, at most `seconds`; then stop it.

        Gives the life of all views, once everything released is freed.
        """
        with self.speaking("when its firmware was started"):
            self.monitor.execute("cont")
        deadline = time.monotonic() + seconds
        created, since = self.trace.read().created, time.monotonic()
        while (now := time.monotonic()) < min(since + quiet, deadline):
            if not self.process.is_alive:
                raise self.process.obituary("while its firmware ran")
            time.sleep(0.05)
            if (seen := self.trace.read().created) != created:
                created, since = seen, now
        with self.speaking("when its firmware was stopped"):
            self.monitor.execute("stop")
        return self.settle()

    def __enter__(self) -> Guest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End QEMU and give everything back; the second time does nothing."""
        self._held.close()


def check_files(guests: int) -> None:
    """Raise MeasurementError where this process may not open what that many guests need."""
    most, need = resource.getrlimit(resource.RLIMIT_NOFILE)[0], FILES + guests * FILES_PER_GUEST
    if most != resource.RLIM_INFINITY and need > most:
        raise MeasurementError(f"{guests} guests need up to {need} open files, and {most} are allowed (ulimit -n)")


def check(command: Sequence[str]) -> Sequence[str]:
    """`command`, if it is one that stays ours; raises RequestError."""
    if not command:
        raise RequestError("no QEMU command line: give it after --, as in -- qemu-system-ppc64 -M pseries")
    if {"-daemonize", "--daemonize"} & set(command):
        raise RequestError("-daemonize would take QEMU out of our hands; leave it away")
    return command


def quiet(command: Sequence[str]) -> list[str]:
    """The options that `command` lacks for a stopped guest without a window."""
    words = {"-" + word.lstrip("-") for word in command[1:] if word.startswith("-")}
    return [*([] if "-S" in words else ["-S"]), *([] if words & _DISPLAYS else ["-display", "none"])]
