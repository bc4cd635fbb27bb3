"""A child process as a resource: its last words are kept, and it is gone at the end whatever happens.

Linux kills the child when the thread that started it ends (``setpriv --pdeathsig``), also by SIGKILL;
nothing is left on disk, because what the child writes goes through pipes and memory files.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from footprint.errors import MeasurementError
from footprint.process.session import MARK, kill_marked

MOST_WORDS = 1 << 16
"""Bytes of a child's output that are kept: the last ones."""
LONGEST_SENTENCE = 400
SECONDS_TO_DIE, A_MOMENT = 10, 0.1
_LONGEST_POLL = 2**31 - 1
"""Milliseconds: the kernel takes no more."""

_TIME = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z(?: |$)")
_NO_ORPHAN = '[ "$PPID" = "$0" ] && exec "$@"'
"""Closes a gap: if we died before ``setpriv`` spoke to the kernel, the child has another parent already."""

PACKAGES = {
    "aarch64": "qemu-system-arm",
    "arm": "qemu-system-arm",
    "i386": "qemu-system-x86",
    "x86_64": "qemu-system-x86",
    "ppc": "qemu-system-ppc",
    "ppc64": "qemu-system-ppc",
    "mips": "qemu-system-mips",
    "mips64": "qemu-system-mips",
    "sparc": "qemu-system-sparc",
    "sparc64": "qemu-system-sparc",
}
"""Debian's packages by target; every other target is in ``qemu-system-misc``."""
_OTHERS = {"gdb": "gdb", "setpriv": "util-linux"}


def find_program(word: str) -> str:
    """The path of the program `word` (a name or a path); raises MeasurementError with what would install it."""
    path = shutil.which(word)
    if path is not None:
        return path
    name = Path(word).name
    emulator = re.fullmatch(r"qemu-system-(\w+)", name)
    package = PACKAGES.get(emulator[1], "qemu-system-misc") if emulator else _OTHERS.get(name)
    if "/" in word:
        raise MeasurementError(f"{word} is not there, or is not a program")
    raise MeasurementError(
        f"{word} is not installed" + (f"; install it with: apt install {package}" if package else "")
    )


class Child:
    """A running program that dies with us. Use it as a context manager; leaving it kills the program.

    `name` is what error sentences call it, by default the program's name. stdin is empty or the descriptor
    `stdin`; stdout and stderr are read as its words, or with `stdout` the former goes there. What is read as its words
    also goes to the descriptor `copy`, as far as there is room.
    """

    def __init__(
        self, command: Sequence[str], *, pass_fds: Sequence[int] = (), stdin: int = subprocess.DEVNULL,
        stdout: int | None = None, environment: dict[str, str] | None = None, name: str = "", copy: int | None = None,
    ) -> None:  # fmt: skip
        program = find_program(command[0])
        self.name = name or Path(program).name
        self._mark = os.urandom(8).hex()
        guard = [find_program("setpriv"), "--pdeathsig", "KILL", "sh", "-c", _NO_ORPHAN, str(os.getpid())]
        self._process = subprocess.Popen(
            [*guard, program, *command[1:]],
            stdin=stdin,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.STDOUT if stdout is None else subprocess.PIPE,
            pass_fds=tuple(pass_fds),
            # A Ctrl-C is ours to handle: the child would die of it before we have read its last words.
            start_new_session=True,
            env={**(os.environ if environment is None else environment), MARK: self._mark},
        )
        stream = self._process.stdout or self._process.stderr
        assert stream is not None, "one of the two is a pipe"
        self._words = bytearray()
        # A copy of its own: who gave it may close his before the last word is read.
        self._copy = None if copy is None else os.dup(copy)
        if self._copy is not None:
            os.set_blocking(self._copy, False)
        self._reader = threading.Thread(target=self._listen, args=(stream,), daemon=True)
        self._reader.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def _reader_is_done(self) -> bool:
        """Whether nobody holds the other end of its output any more: then nothing of its group is left."""
        return not self._reader.is_alive()

    @property
    def pid(self) -> int:
        """Its process number; the guard has become the program."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it, now, with whatever it started (a script may stand for it); the second time does nothing."""
        if self._process.returncode is None or not self._reader_is_done:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        if self._mark:
            kill_marked(self._mark)
            self._mark = ""
        self._sleep_until_its_end(SECONDS_TO_DIE)
        self._process.wait(A_MOMENT)
        self._reader.join(1)

    def wait(self, seconds: float) -> int | None:
        """Its exit code (negative for a signal), or None if it still runs after that time."""
        self._sleep_until_its_end(seconds)
        code = self._process.poll()
        if code is not None:
            self._reader.join(1)
        return code

    def _sleep_until_its_end(self, seconds: float) -> None:
        """Until it has ended or so many seconds are over; the kernel wakes us (Linux 5.3)."""
        if self._process.poll() is not None:
            return
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:  # an older kernel, or none of its descriptors left
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(seconds)
            return
        try:
            poller = select.poll()
            poller.register(descriptor, select.POLLIN)
            poller.poll(min(max(0.0, seconds) * 1000, _LONGEST_POLL))
        finally:
            os.close(descriptor)

    @property
    def words(self) -> str:
        """What it said so far; of much only the end."""
        return bytes(self._words).decode(errors="replace")

    def last_words(self) -> str:
        """The last lines of `words` as one, without their times; ``it said nothing`` where there are none."""
        # Warnings of a start-up that went wrong later are not why it did.
        return self.complaint or _sentence(list(self._lines())) or "it said nothing"

    @property
    def complaint(self) -> str:
        """The same without warnings; empty where there is nothing else."""
        return _sentence([line for line in self._lines() if "warning:" not in line])

    def _lines(self) -> Iterator[str]:
        plain = (_TIME.sub("", " ".join(line.split())) for line in self.words.splitlines())
        return filter(None, plain)

    def obituary(self, what: str) -> MeasurementError:
        """The error for a program that ended while it was to do `what`, or that is to be ended for it."""
        code = self.wait(2)
        if code is None:
            return MeasurementError(f"{self.name} closed its monitor {what}: {self.last_words()}")
        how = f"was killed by signal {-code}" if code < 0 else f"ended with {code}"
        return MeasurementError(f"{self.name} {how} {what}: {self.last_words()}")

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            while chunk := os.read(stream.fileno(), 1 << 14):
                self._words += chunk
                if len(self._words) > MOST_WORDS:
                    del self._words[:-MOST_WORDS]
                if self._copy is not None:
                    with contextlib.suppress(OSError):
                        os.write(self._copy, chunk)
        if self._copy is not None:
            os.close(self._copy)


def _sentence(lines: Sequence[str]) -> str:
    return " / ".join(lines[-3:])[-LONGEST_SENTENCE:]
