"""A QMP monitor, one call at a time and each with a time limit (the ``qemu.qmp`` library speaks)."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from footprint.errors import MeasurementError

MOST_ANSWER = 1 << 30
"""A longer answer is refused. A guest with 255 cards prints 4 MB."""

LONGEST_REASON = 200

T = TypeVar("T")


class MonitorLostError(MeasurementError):
    """The other side closed the monitor."""


def _has(document: object, wanted: Mapping[str, Any]) -> bool:
    return isinstance(document, dict) and all(document.get(name) == value for name, value in wanted.items())


class RefusedError(MeasurementError):
    """QEMU refuses a command; `words` are its own."""

    def __init__(self, sentence: str, words: str = "") -> None:
        self.words = words
        super().__init__(sentence)


class _Loop:
    """An event loop in a thread of its own: the caller may stand in one that runs already, as in a notebook."""

    def __init__(self) -> None:
        self._started: Future[asyncio.AbstractEventLoop] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._stay()), name="QMP", daemon=True)
        self._thread.start()
        self._loop = self._started.result()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The result of `coroutine`, which ends early where the caller is interrupted."""
        result = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return result.result()
        finally:
            result.cancel()

    def close(self) -> None:
        """End what still runs, and the thread."""
        self._loop.call_soon_threadsafe(self._closed.set)
        self._thread.join()

    @property
    def is_open(self) -> bool:
        """Whether it was not closed."""
        return self._thread.is_alive()

    async def _stay(self) -> None:
        self._closed = asyncio.Event()
        self._started.set_result(asyncio.get_running_loop())
        await self._closed.wait()


class Monitor:
    """A connection to QEMU's machine monitor. `address` is a connected socket, a path, or (host, port).

    `seconds` limits every single call. Raises MeasurementError: no answer in time, a monitor that was
    closed, something that is not QMP, a command that QEMU refuses.
    """

    def __init__(self, address: socket.socket | str | tuple[str, int], *, seconds: float, who: str) -> None:
        from qemu.qmp import QMPClient

        self.seconds = seconds
        self._who = who
        self._loop = _Loop()
        try:
            self._client: QMPClient = self._call(_client(MOST_ANSWER), "to be made")
            self._call(self._client.connect(address), "to say who it is")
        except BaseException:
            self.close()
            raise

    def execute(self, command: str, seconds: float | None = None, **arguments: Any) -> Any:
        """The answer to a QMP command; raises MeasurementError."""
        return self._call(self._client.execute(command, arguments or None), f"to {command!r}", seconds)

    def execute_together(self, commands: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        """Send QMP commands one behind the other, without waiting for the answers between; raises as `execute`."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self._client.execute(command, dict(words) or None) for command, words in commands))

        self._call(all_of_them(), f"to {commands[0][0]!r}")

    def ask(self, line: str, seconds: float | None = None) -> str:
        """The text that the human monitor prints for `line`, with plain line ends."""
        answer = self._call(
            self._client.execute("human-monitor-command", {"command-line": line}), f"to {line!r}", seconds
        )
        return str(answer).replace("\r\n", "\n")

    def await_event(self, name: str, data: Mapping[str, Any], seconds: float) -> None:
        """Wait for the event `name` that has at least this `data`; those before it are passed over."""
        self._call(self._event(name, data), f"with the event {name}", seconds)

    def forget_events(self) -> None:
        """Those that came so far are of no interest."""
        self._client.events.clear()

    async def _event(self, name: str, data: Mapping[str, Any]) -> None:
        while True:
            event = await self._client.events.get()
            if event["event"] == name and _has(event.get("data", {}), data):
                return

    @property
    def version(self) -> str:
        """The release as QEMU gives it: ``7.2.22``."""
        known = self.execute("query-version")["qemu"]
        return f"{known['major']}.{known['minor']}.{known['micro']}"

    def close(self) -> None:
        """Hang up; QEMU goes on. Never raises for a monitor that is lost already, or closed."""
        if not self._loop.is_open:
            return
        client = getattr(self, "_client", None)
        if client is not None:
            # What was wrong with the connection has been said by the call that found it.
            with contextlib.suppress(Exception):
                self._loop.run(_limited(client.disconnect(), 2))
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, T], what: str, seconds: float | None = None) -> T:
        from qemu.qmp import ConnectError, ExecInterruptedError, ExecuteError, QMPError, StateError

        limit = self.seconds if seconds is None else seconds
        try:
            return self._loop.run(_limited(coroutine, limit))
        except TimeoutError:
            raise MeasurementError(f"{self._who} did not answer {what} within {limit:g} s") from None
        except ExecuteError as error:
            raise RefusedError(f"{self._who} refuses {what[3:]}: {_line(error)}", _line(error)) from None
        except ConnectError as error:
            if isinstance(error.exc, EOFError | ConnectionError):
                raise MonitorLostError(f"{self._who} closed its monitor") from None
            if isinstance(error.exc, OSError):
                raise MeasurementError(f"{self._who} cannot be reached: {error.exc.strerror or error.exc}") from None
            raise MeasurementError(f"{self._who} does not speak QMP: {_line(error.exc)}") from None
        except (ExecInterruptedError, StateError, EOFError, OSError, AssertionError):
            # The library asserts that a connection lives on right after it was made (qemu.qmp 0.0.6, connect).
            raise MonitorLostError(f"{self._who} closed its monitor") from None
        except QMPError as error:
            raise MeasurementError(f"{self._who} does not speak QMP: {_line(error)}") from None


async def _limited(coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
    return await asyncio.wait_for(coroutine, seconds)


async def _client(most: int) -> Any:
    """A client made inside the loop that it will run in."""
    from qemu.qmp import QMPClient

    return QMPClient(readbuflen=most)


def _line(error: Exception) -> str:
    """The words of `error` in one line, of many the first."""
    words = " ".join(str(error).split())
    return words if len(words) <= LONGEST_REASON else words[: LONGEST_REASON - 1] + "…"
