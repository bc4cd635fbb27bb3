"""Reading files that others wrote: plain or gzip, bounded, and as text."""

from __future__ import annotations

import zlib
from pathlib import Path

from footprint.errors import InputFileError, reason_of

_GZIP = b"\x1f\x8b"


def read_head(path: Path, what: str, *, count: int = 4096) -> bytes:
    """The first bytes of `path`, unpacked where it is gzip; `what` the file should be, for the error."""
    try:
        with path.open("rb") as file:
            data = file.read(count)
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
        with path.open("rb") as file:
            data = file.read(most + 1)
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
    data = read_bytes(path, what, most=most)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputFileError(path, f"is not text: byte {error.start} is no UTF-8", line=line) from None
