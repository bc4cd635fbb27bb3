"""Reading files that others wrote: plain or gzip, bounded, and as text."""

from __future__ import annotations

import os
import re
import sys
import zlib
from functools import cache
from pathlib import Path

from footprint.errors import InputFileError, reason_of

STANDARD_INPUT = Path("-")
"""The word for standard input, which is read once and kept."""
_GZIP = b"\x1f\x8b"
_NUMBERED = re.compile(r"(.+)#(\d{1,6})")


def split_number(word: str | Path) -> tuple[Path, int | None]:
    """A file, and which machine of it ``FILE#2`` asks for; a file that is called so is that file."""
    matched = _NUMBERED.fullmatch(str(word))
    if matched is None or _exists(str(word)) or not (matched[1] == "-" or _exists(matched[1])):
        return Path(word), None
    return Path(matched[1]), int(matched[2])


def _exists(word: str) -> bool:
    try:
        return os.path.exists(word)  # noqa: PTH110 (a Path would do the same)
    except (OSError, ValueError):
        return False


@cache
def _standard_input(most: int) -> bytes:
    """What stands on standard input, up to `most` bytes."""
    return b"" if sys.stdin is None else sys.stdin.buffer.read(most)


def _read(path: Path, count: int) -> bytes:
    if path == STANDARD_INPUT:
        return _standard_input(_MOST_ON_INPUT)[:count]
    with path.open("rb") as file:
        return file.read(count)


_MOST_ON_INPUT = (32 << 20) + 1


def read_head(path: Path, what: str, *, count: int = 4096) -> bytes:
    """The first bytes of `path`, unpacked where it is gzip; `what` the file should be, for the error."""
    try:
        data = _read(path, count)
    except OSError as error:
        raise InputFileError(path, f"cannot read {what}: {reason_of(error)}") from None
    if data[:2] != _GZIP:
        return data
    try:
        return zlib.decompressobj(wbits=31).decompress(data, count)
    except zlib.error as error:
        raise InputFileError(path, f"is broken gzip: {error}") from None


def read_bytes(path: Path, what: str, *, most: int) -> bytes:
    """The bytes of `path`, unpacked where it is gzip; more than `most` of them are refused."""
    try:
        data = _read(path, most + 1)
    except OSError as error:
        raise InputFileError(path, f"cannot read {what}: {reason_of(error)}") from None
    if len(data) > most:
        raise InputFileError(path, f"has more than {most} bytes")
    return _unpacked(path, data, most) if data[:2] == _GZIP else data


def _unpacked(path: Path, data: bytes, most: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        data = unpacker.decompress(data, most)
    except zlib.error as error:
        raise InputFileError(path, f"is broken gzip: {error}") from None
    if unpacker.unconsumed_tail:
        raise InputFileError(path, f"unpacks to more than {most} bytes")
    if not unpacker.eof:
        raise InputFileError(path, "is gzip that is cut off")
    return data


def read_text(path: Path, what: str, *, most: int) -> str:
    """The text of `path`, as :func:`read_bytes`; bytes that are no UTF-8 are refused, with their line."""
    return text_of(path, read_bytes(path, what, most=most))


def text_of(path: Path, data: bytes) -> str:
    """`data`, which stood in `path`, as text; raises InputFileError for bytes that are no UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputFileError(path, f"is not text: byte {error.start} is no UTF-8", line=line) from None
