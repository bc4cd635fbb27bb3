"""Reading and writing recordings; any output file is written whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import msgspec

from footprint.errors import InputFileError, RequestError, reason_of
from footprint.recording.model import SCHEMA, Recording

FILE_NAME = "recording.json"
_NAME, _, _MAJOR = SCHEMA.rpartition("/")
_FORM = re.compile(rf"{re.escape(_NAME)}/(\d{{1,9}})(?:\.\d{{1,9}})?")


def encode(document: object) -> str:
    """`document` as JSON for people: indented, lists of numbers on one line, a newline at the end."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1).decode() + "\n"


def read_recording(path: str | Path) -> Recording:
    """The recording in `path` (a file, or a folder with a recording.json); raises InputFileError."""
    path = Path(path)
    try:
        if path.is_dir():
            path = path / FILE_NAME
        data = path.read_bytes()
    except OSError as error:
        raise InputFileError(path, f"cannot read the recording: {reason_of(error)}") from None
    try:
        _check_schema(path, msgspec.json.decode(data, type=_Head).schema)
        return msgspec.json.decode(data, type=Recording)
    except msgspec.ValidationError as error:
        raise InputFileError(path, f"is not a recording: {error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        line = data[: _offset(str(error))].count(b"\n") + 1
        raise InputFileError(path, f"is not JSON: {error}", line=line) from None


class _Head(msgspec.Struct):
    """What every version of the format begins with."""

    schema: str


def _check_schema(path: Path, schema: str) -> None:
    """Raise InputFileError for another major version; a minor one (``/1.2``) only adds what may be missing."""
    form = _FORM.fullmatch(schema)
    if form is None or form[1] != _MAJOR:
        newer = " of a newer footprint" if form and int(form[1]) > int(_MAJOR) else ""
        raise InputFileError(path, f"has schema {schema!r}{newer}; this version reads {SCHEMA!r}")


def _offset(message: str) -> int:
    digits = "".join(c for c in message.rpartition("byte ")[2] if c.isdigit())
    return int(digits or 0)


def writable(path: str | Path, *, force: bool, instead: str = "give --force to overwrite it") -> Path:
    """`path`, once it is sure that writing there can begin; raises RequestError.

    `instead` says what to do about a file that exists.
    """
    path = Path(path)
    try:
        _check(path, instead, force=force)
    except OSError as error:
        raise RequestError(f"cannot write {path}: {reason_of(error)}") from None
    return path


def _check(path: Path, instead: str, *, force: bool) -> None:
    if path.is_dir():
        raise RequestError(f"cannot write {path}: it is a folder")
    if path.exists() and not path.is_file():
        # The rename would replace a device or a pipe with a file.
        raise RequestError(f"cannot write {path}: it exists and is not a regular file")
    if path.exists() and not force:
        raise RequestError(f"{path} exists; {instead}")
    for parent in path.parents:
        if parent.exists():
            if not parent.is_dir():
                raise RequestError(f"cannot write {path}: {parent} is a file, not a folder")
            if not os.access(parent, os.W_OK):
                raise RequestError(f"cannot write {path}: the folder {parent} is not writable")
            break


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically: readers see the old file or the new one."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically; raises RequestError. Nothing is left behind if we are killed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        name = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            _write(name, data)
            name.replace(path)
        except BaseException:
            name.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RequestError(f"cannot write {path}: {reason_of(error)}") from None


def _write(path: Path, data: bytes) -> None:
    """Write a new file that gets its name only when it is whole, where the file system can do that."""
    try:
        handle = os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except (AttributeError, OSError):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)
        stream.flush()
        if not path.exists():
            # A folder's descriptor, which an absolute path does not need, is what makes Python follow the link.
            os.link(f"/proc/self/fd/{handle}", path, src_dir_fd=handle)
