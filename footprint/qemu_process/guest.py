"""A guest: a QEMU that we started, stopped before its firmware, with its monitor and its trace."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from footprint.errors import MeasurementError, RequestError, reason_of
from footprint.process.child import Child, find_program
from footprint.process.heap_watch import HeapWatch
from footprint.process.smaps import command_line_of, cpu_seconds, program_of, resident
from footprint.process.steady_memory import Steadiness, await_steady
from footprint.qemu_process.gdb_guest import NO_PLAN, GdbGuest, GdbPlan
from footprint.qemu_process.modules import modules_of
from footprint.qemu_process.monitor import Monitor, MonitorLostError, RefusedError
from footprint.qemu_process.view_count import FollowedViews
from footprint.qemu_process.view_trace import Life, Trace

SECONDS = 60.0
"""The default limit for each step: the start-up, and every question after it."""
SECONDS_TO_SETTLE = 15.0
"""How long the grace period may take; it is over as soon as everything released is freed."""
SECONDS_TO_BOOT = 15.0
SECONDS_OF_QUIET = 3.0
"""Firmware pauses for up to two seconds between its changes (docs/qemu-memory.md, "Firmware")."""
LEAST_QUIET, FIRST_QUIET, MOST_QUIET = 0.2, 0.5, 5.0
"""Seconds without a fall of the memory that mean that it is steady: later, and at first at least and at most."""
FILES, FILES_PER_GUEST = 50, 8
"""Open files of ours, and for each guest: its trace, its monitor with the loop that serves it, its words."""
_REFUSED_PLUG: tuple[str, dict[str, Any]] = ("device_add", {"driver": "footprint-none"})
_REFUSED_RESIZE: tuple[str, dict[str, Any]] = ("block_resize", {"node-name": "footprint-none", "size": 0})
_CHILD = re.compile(r"child<(.+)>")
_DISPLAYS = {"-display", "-nographic", "-vnc", "-spice", "-sdl", "-gtk", "-curses"}


class Guest:
    """A running QEMU, built and stopped. Use it as a context manager; leaving it ends QEMU.

    `pid` is its process number, `process` the child that stands for it: QEMU itself, or gdb. `wall_seconds`
    and `cpu_seconds` are what the start took until QMP answered. `version` is the release as QEMU gives it,
    `package` whose build it is, `program` and `command_line` are what really runs, as the kernel has it; `views` tells
    of the views that there are.

    `command` is a QEMU command line. ``-S``, a monitor and a trace are added, and ``-display none`` if it
    asks for no display. Raises MeasurementError with QEMU's own words when no built machine comes of it.
    With a `plan`, gdb starts it and does as planned. With `heap`, what it takes of its heap is counted there.
    `pass_fds` are open files that `command` names, and `environment` is added to ours. Without `wait` it is only
    started: :meth:`wait` comes before everything else, with the same errors.
    """

    def __init__(
        self, command: Sequence[str], *, seconds: float = SECONDS, wait: bool = True, plan: GdbPlan = NO_PLAN,
        heap: HeapWatch | None = None, pass_fds: Sequence[int] = (), environment: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self.command = tuple(check(command))
        self.seconds = seconds
        self.plan = plan
        self.heap = heap
        self._pass_fds, self._environment = tuple(pass_fds), dict(environment or {})
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
            monitor = ["-chardev", f"socket,id=footprint,fd={fd}", "-qmp", "chardev:footprint"]
            full = [*self.command, *quiet(self.command), *monitor, *self.trace.arguments]
            watched = () if self.heap is None else (self.heap.descriptor,)
            self._run(full, (fd, self.trace.fd, *watched, *self._pass_fds))
        self._started = time.monotonic()

    def _run(self, command: Sequence[str], pass_fds: Sequence[int]) -> None:
        self._gdb = GdbGuest(command, self.plan, pass_fds=pass_fds) if self.plan else None
        if self._gdb is not None:
            self._held.callback(self._gdb.close)
        environment = {**os.environ, **modules_of(command[0]), **self._environment}
        if self.heap is not None:
            environment |= self.heap.environment
        started = Child(command, pass_fds=pass_fds, environment=environment) if self._gdb is None else None
        process = self._gdb.process if self._gdb is not None else started
        assert process is not None, "one of the two started it"
        self.process = self._held.enter_context(process)
        self.pid = process.pid

    def wait(self) -> None:
        """Wait until its machine is built."""
        self._deadline = self._started + self.seconds
        if self._gdb is not None:
            self.pid, self._started = self._gdb.reach_main_loop(self.seconds)
            self._deadline = time.monotonic() + self.seconds
        with self.speaking("before its machine was built"):
            self.monitor = Monitor(self._ours, seconds=self.seconds, who=self.process.name)
            self._held.callback(self.monitor.close)
            # The greeting comes before the machine; only the answer to a command says that it is built.
            self.version = self._version(max(0.1, self._deadline - time.monotonic()))
            self.wall_seconds = time.monotonic() - self._started
            self.cpu_seconds = cpu_seconds(self.pid)
        self.views = self._held.enter_context(FollowedViews(self.trace, self.pid, self.process.name))
        self.program, self.command_line = program_of(self.pid), command_line_of(self.pid)
        self._quiet = min(MOST_QUIET, max(FIRST_QUIET, self.wall_seconds / 3))

    @property
    def created(self) -> int | None:
        """Views created so far, counted by gdb if it was planned, or else by trace events; None if by neither."""
        counted = None if self._gdb is None else self._gdb.created
        return counted or self.trace.read().created or None

    def _version(self, seconds: float) -> str:
        answer = self.monitor.execute("query-version", seconds)
        self.package = str(answer.get("package", ""))
        known = answer["qemu"]
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
            if not (words := self.process.complaint):
                raise
            raise MeasurementError(f"{error}; its own words: {words}") from None

    def ask(self, line: str) -> str:
        """The human monitor's text for `line`."""
        with self.speaking(f"when asked for {line!r}"):
            return self.monitor.ask(line)

    def device_types(self) -> dict[str, str]:
        """The type of every device of the command line, or plugged in since, by its path in QEMU's object tree."""
        types = {}
        for folder in ("/machine/peripheral", "/machine/peripheral-anon"):
            with self.speaking(f"when asked for the devices in {folder}"):
                for item in self.monitor.execute("qom-list", path=folder):
                    if kind := _CHILD.fullmatch(item["type"]):
                        types[f"{folder}/{item['name']}"] = kind[1]
        return types

    def settle(self, seconds: float = SECONDS_TO_SETTLE) -> Life:
        """Wait until everything released is freed; the life of all views. Raises MeasurementError if it never is."""
        deadline = time.monotonic() + seconds
        life = self.trace.read()
        if not life.created:
            self.drain()  # it has no trace events to say when it is over
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

    def reap(self) -> None:
        """The latter part of `drain` alone: it takes a millisecond."""
        with self.speaking("while it freed what waited"), contextlib.suppress(RefusedError):
            self.monitor.execute(_REFUSED_RESIZE[0], **_REFUSED_RESIZE[1])

    def drain(self, *, fully: bool = True) -> None:
        """Let QEMU do what it has put off: free what waits for the grace period, and drop deleted bottom halves.

        No command asks for it, but two that are refused do it on their way: ``device_add`` of no driver waits until
        RCU's callbacks ran (QEMU since 5.2), and ``block_resize`` of no node is a coroutine of the main loop's context,
        which frees deleted bottom halves when it runs one. `fully`: the former twice, because a callback may put
        off more, and the latter.
        """
        for command, arguments in (_REFUSED_PLUG, *((_REFUSED_PLUG, _REFUSED_RESIZE) if fully else ())):
            with self.speaking("while it freed what waited"), contextlib.suppress(RefusedError):
                self.monitor.execute(command, **arguments)

    def await_steady_memory(self) -> Steadiness:
        """Wait until its resident memory no longer falls.

        After the start QEMU frees in a thread of its own what the grace period held, and the more there is, the
        later it begins: so the first wait is as long as the start suggests, a later one short.
        """
        quiet, self._quiet = self._quiet, LEAST_QUIET

        def is_freeing() -> bool:
            return self.trace.read().waiting > 0

        with self.speaking("while its memory fell"):
            return await_steady(lambda: resident(self.pid), quiet=quiet, limit=SECONDS_TO_SETTLE, busy=is_freeing)

    def boot(self, seconds: float = SECONDS_TO_BOOT, quiet: float = SECONDS_OF_QUIET) -> Life:
        """Let the firmware run until no view was created for `quiet` seconds, at most `seconds`; then stop it.

        Gives the life of all views, once everything released is freed.
        """
        with self.speaking("when its firmware was started"):
            self.monitor.execute("cont")
        deadline = time.monotonic() + seconds
        created, since = self.created, time.monotonic()
        while (now := time.monotonic()) < min(since + quiet, deadline):
            if not self.process.is_alive:
                raise self.process.obituary("while its firmware ran")
            time.sleep(0.05)
            if (seen := self.created) != created:
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
