"""Commands that are given to a QEMU again and again: what is done in a cycle, and what undoes it.

A command is an object as QMP has it, the words of the human monitor (``info mtree -f``), or an event to wait for:

    {"execute": "object-add", "arguments": {"qom-type": "iothread", "id": "t"}}
    {"event": "JOB_STATUS_CHANGE", "data": {"id": "j", "status": "concluded"}}

``{cycle}`` in a value is the number of the cycle.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from footprint.errors import MeasurementError, RequestError
from footprint.qemu_process.guest import Guest
from footprint.qemu_process.monitor import RefusedError

CYCLE = "{cycle}"
"""In the values of a command: the number of the cycle, for what a cycle cannot take away again."""
SECONDS_TO_LEAVE = 10.0
SECONDS_TO_COME = 10.0
"""What an event may take."""
EJECT_AFTER = 0.05
"""Seconds after which a device that is still there is waiting for the guest to let it go."""


@dataclass(frozen=True, slots=True)
class Command:
    """One of three: the QMP command `execute`, the line `human` for the human monitor, or an `event` to wait for."""

    execute: str = ""
    human: str = ""
    event: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As QMP has it, for who wants to repeat it."""
        if self.human:
            return json.dumps(self.human)
        if self.event:
            return json.dumps({"event": self.event, "data": self.arguments})
        return json.dumps({"execute": self.execute, **({"arguments": self.arguments} if self.arguments else {})})

    def in_cycle(self, number: int) -> Command:
        """The command of the cycle `number`, which stands where ``{cycle}`` does."""
        if CYCLE not in self.text:
            return self
        return replace(self, human=_in_cycle(self.human, number), arguments=_in_cycle(self.arguments, number))


def _in_cycle(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return value.replace(CYCLE, str(number))
    if isinstance(value, dict):
        return {name: _in_cycle(item, number) for name, item in value.items()}
    return [_in_cycle(item, number) for item in value] if isinstance(value, list) else value


def read_commands(text: str, option: str) -> tuple[Command, ...]:
    """The commands in the JSON `text`, one or a list of them; raises RequestError, which names the `option`."""
    if not text.strip():
        raise RequestError(f'{option} is empty; it takes a QMP command, as in {{"execute": "query-status"}}')
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if not text.strip().startswith(("{", "[", '"')):
            return (Command(human=text),)
        raise RequestError(f"{option} is no JSON: {error.msg} at character {error.pos + 1}") from None
    return tuple(_command(item, option) for item in (document if isinstance(document, list) else [document]))


def _command(item: Any, option: str) -> Command:
    if isinstance(item, str):
        return Command(human=item)
    if isinstance(item, dict):
        allowed = {"execute": ("arguments", dict), "event": ("data", dict)}
        for word, (rest, kind) in allowed.items():
            if (
                isinstance(item.get(word), str)
                and isinstance(item.get(rest, {}), kind)
                and not item.keys() - {word, rest}
            ):
                values = item.get(rest, {})
                return (
                    Command(execute=item[word], arguments=values)
                    if word == "execute"
                    else Command(event=item[word], arguments=values)
                )
    raise RequestError(
        f'{option}: {json.dumps(item)} is no command; it is {{"execute": NAME, "arguments": {{…}}}}, '
        '{"event": NAME, "data": {…}}, or a line for the human monitor'
    )


_REMOVALS = ("-del", "_del", "-remove")


class Talk:
    """Gives commands to `guest` and waits until each has had its effect; `eject` makes a guest let a device go."""

    def __init__(self, guest: Guest, eject: Callable[[], None] | None = None) -> None:
        self._guest, self._eject = guest, eject
        self._has_deleted = False

    def forget_events(self) -> None:
        """What came so far is not what the next commands wait for. An event may come before its command's answer."""
        self._guest.monitor.forget_events()

    def give(self, commands: Sequence[Command]) -> None:
        """All of them, in order; raises RefusedError or MeasurementError, after which nothing more is given."""
        monitor = self._guest.monitor
        for command in commands:
            if command.human:
                self._human(command.human)
            elif command.event:
                monitor.await_event(command.event, command.arguments, SECONDS_TO_COME)
            else:
                self._execute(command)
                if command.execute == "device_del":
                    self._await_gone(str(command.arguments.get("id", "")))
                    self._has_deleted = True

    def _execute(self, command: Command) -> None:
        """Once more a backend's removal that is refused because the device that had it is deleted, but not freed yet.

        Nothing else: what is refused may leave something behind in QEMU, as a plug does.
        """
        try:
            self._guest.monitor.execute(command.execute, **command.arguments)
        except RefusedError:
            if not self._has_deleted or not command.execute.endswith(_REMOVALS):
                raise
            self._has_deleted = False
            self._guest.drain()
            self._guest.monitor.execute(command.execute, **command.arguments)

    def give_together(self, commands: Sequence[Command]) -> None:
        """QMP commands, one behind the other, which QEMU meets without a moment between; raises as `give`."""
        self._guest.monitor.execute_together([(command.execute, command.arguments) for command in commands])

    def _human(self, line: str) -> None:
        words = self._guest.monitor.ask(line).strip()
        if words.lower().startswith(("error", "unknown command", f"'{line.split(maxsplit=1)[0]}' has failed")):
            raise MeasurementError(f"{self._guest.process.name} refuses {line!r}: {words.splitlines()[0]}")

    def _await_gone(self, name: str) -> None:
        """Until QEMU's tree has it no more: some devices never send DEVICE_DELETED, others send it twice."""
        begun, folder = time.monotonic(), name if name.startswith("/") else f"/machine/peripheral/{name}"
        parent, _, leaf = folder.rpartition("/")
        while leaf in {item["name"] for item in self._guest.monitor.execute("qom-list", path=parent)}:
            waited = time.monotonic() - begun
            if waited > SECONDS_TO_LEAVE:
                raise MeasurementError(
                    f"{name} is still there {SECONDS_TO_LEAVE:g} s after device_del; it waits for the guest"
                )
            if waited > EJECT_AFTER and self._eject is not None:
                self._eject()
            time.sleep(0.001)
