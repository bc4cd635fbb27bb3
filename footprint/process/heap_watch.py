"""A process's heap, watched from within: a small library is loaded before its own, and counts what malloc gives.

The library (``heap_watch.c``) is compiled when it is first needed and kept in the user's cache. It writes into memory
that it shares with us, so a reading disturbs nothing; nothing is asked of the process.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import MeasurementError

SOURCE = Path(__file__).with_name("heap_watch.c")
COMPILERS = ("cc", "gcc", "clang")
SECONDS_TO_COMPILE = 60
VARIABLE = "FOOTPRINT_HEAP_WATCH"
OPEN_HEAP = {
    "G_SLICE": "always-malloc",  # else GLib before 2.76 keeps small blocks in pools of its own
    "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1",
}
"""The environment of a process whose heap is read: with it, nothing that was freed counts as in use."""

_MAGIC = 0x666F6F747072696E
_FRAMES, _STACKS, _BLOCKS, _MAPS, _CRASH_FRAMES = 30, 1 << 14, 1 << 19, 1 << 19, 64
_HEADER = struct.Struct(f"<QQqqQQQQQQQ{_CRASH_FRAMES}Q")
_STACK = struct.Struct(f"<QQ{_FRAMES}Q")
_BLOCK = struct.Struct("<QQQ")
_STACKS_AT = _HEADER.size
_BLOCKS_AT = _STACKS_AT + _STACKS * _STACK.size
_MAPS_AT = _BLOCKS_AT + _BLOCKS * _BLOCK.size
_COUNTS = struct.Struct("<qq")
_TRACING_AT = 32


@dataclass(frozen=True, slots=True)
class HeapBlock:
    """A block that is still there: its address, the bytes of heap that it takes, and the stack that asked for it.

    `stack` are addresses of code, innermost first.
    """

    address: int
    size: int
    stack: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Crash:
    """How the process died: the signal, the stack (addresses, innermost first) and what was mapped where."""

    signal: int
    stack: tuple[int, ...]
    maps: str


class HeapWatch:
    """The shared memory, and how a process is started so that it counts there; a context manager.

    Pass `descriptor` on to the process, and give it `environment`. Raises MeasurementError where the library cannot
    be made, in one sentence.
    """

    def __init__(self) -> None:
        library = heap_library()
        self._library = str(library)
        self.descriptor = os.memfd_create("footprint-heap")
        size = _MAPS_AT + _MAPS
        os.ftruncate(self.descriptor, size)
        self._memory = mmap.mmap(self.descriptor, size)
        earlier = os.environ.get("LD_PRELOAD", "")
        self.environment = {
            "LD_PRELOAD": f"{library} {earlier}".strip(),
            VARIABLE: str(self.descriptor),
            **OPEN_HEAP,
        }

    def __enter__(self) -> HeapWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def counts(self, pid: int) -> bool:
        """Whether it is the program that runs as `pid` that counts here: not one that is linked statically, say."""
        if struct.unpack_from("<QQ", self._memory) != (_MAGIC, pid):
            return False
        # The guard that ran before it in the same process has counted, too.
        with suppress(OSError):
            return self._library in Path(f"/proc/{pid}/maps").read_text()
        return False

    def read(self) -> tuple[int, int]:
        """Bytes of heap in use, with malloc's own word for each block, and the number of blocks."""
        count, blocks = _COUNTS.unpack_from(self._memory, 16)
        return count, blocks

    def trace(self, *, on: bool) -> None:
        """Whether each new block is kept with its stack; switched on, those kept before are forgotten."""
        if on:
            struct.pack_into("<QQ", self._memory, _TRACING_AT + 8, 0, 0)
            for at in range(_STACKS_AT, _MAPS_AT, 1 << 20):
                end = min(_MAPS_AT, at + (1 << 20))
                if self._memory[at:end].strip(b"\0"):
                    self._memory[at:end] = bytes(end - at)
        struct.pack_into("<Q", self._memory, _TRACING_AT, int(on))

    @property
    def lost(self) -> int:
        """Blocks that found no room while tracing."""
        return int(struct.unpack_from("<Q", self._memory, _TRACING_AT + 8)[0])

    def left(self) -> Iterator[HeapBlock]:
        """The blocks that were asked for since tracing was switched on, and are still there."""
        stacks: dict[int, tuple[int, ...]] = {}
        for address, size, stack in _BLOCK.iter_unpack(self._memory[_BLOCKS_AT:_MAPS_AT]):
            if address:
                if stack not in stacks:
                    stacks[stack] = self._stack(stack)
                yield HeapBlock(address, size, stacks[stack])

    @property
    def crash(self) -> Crash | None:
        """How it died, where a signal did it."""
        *_, number, _, frames, length = _HEADER.unpack_from(self._memory)[:11]
        if not number:
            return None
        stack = struct.unpack_from(f"<{frames}Q", self._memory, 11 * 8)
        text = self._memory[_MAPS_AT : _MAPS_AT + length].decode(errors="replace")
        return Crash(number, stack, text)

    def close(self) -> None:
        """Give the memory back; the second time does nothing."""
        if self.descriptor >= 0:
            self._memory.close()
            os.close(self.descriptor)
            self.descriptor = -1

    def _stack(self, number: int) -> tuple[int, ...]:
        if number >= _STACKS:
            return ()
        _, count, *frames = _STACK.unpack_from(self._memory, _STACKS_AT + number * _STACK.size)
        return tuple(frames[:count])


def heap_library() -> Path:
    """The compiled library, from the user's cache or made now; raises MeasurementError where it cannot be made."""
    text = SOURCE.read_bytes()
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footprint"
    machine = "-".join(os.uname()[i] for i in (0, 4))
    path = folder / f"heap-watch-{machine}-{hashlib.sha256(text).hexdigest()[:16]}.so"
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, suffix=".so", delete=False) as file:
                made = Path(file.name)
            try:
                _compile(made)
                made.chmod(0o755)
                made.rename(path)
            finally:
                made.unlink(missing_ok=True)
        except OSError as error:
            raise MeasurementError(f"the library that counts the heap cannot be kept in {folder}: {error}") from None
    return path


def _compile(path: Path) -> None:
    wanted = os.environ.get("CC", "").split() or next(([name] for name in COMPILERS if shutil.which(name)), [])
    if not wanted or not shutil.which(wanted[0]):
        raise MeasurementError("no C compiler is installed (apt install gcc libc6-dev)")
    command = [*wanted, "-O2", "-fPIC", "-shared", "-fno-builtin", "-o", str(path), str(SOURCE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS_TO_COMPILE, check=False)
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"{wanted[0]} took more than {SECONDS_TO_COMPILE} s") from None
    if done.returncode:
        words = next((line for line in done.stderr.splitlines() if "error" in line), "it said nothing")
        raise MeasurementError(f"{wanted[0]} cannot compile the library that counts the heap: {words}")
