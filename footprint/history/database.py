"""The database file: made whole, opened only if it is ours, and never repaired.

Many processes write at once: the write-ahead log lets readers go on, one transaction is one run, and a writer waits for
the others. Who is killed leaves no half run, because what was not committed is not there for the next one.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from footprint.errors import InputFileError, RequestError, reason_of
from footprint.recording.files import write_bytes

FORMAT = 1
"""The version of the tables below; a footprint reads its own and older ones."""
APPLICATION = 0x46505254
"""Tells a history from other SQLite databases (``PRAGMA application_id``): ``FPRT``."""
SECONDS_TO_WAIT = 20
"""How long a writer waits for the others."""
MOST_LOG = 1 << 19
"""Bytes of the write-ahead log that may stay beside the file: some twenty runs."""
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY, recorded TEXT NOT NULL, scenario TEXT NOT NULL, params TEXT NOT NULL, backend TEXT NOT NULL,
    revision TEXT NOT NULL, branch TEXT NOT NULL, machine TEXT NOT NULL, environment TEXT NOT NULL
);
CREATE TABLE sample (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run (id), rules TEXT NOT NULL, mark TEXT NOT NULL,
    cycle INTEGER NOT NULL, judged INTEGER NOT NULL, metrics TEXT NOT NULL
);
CREATE INDEX sample_run ON sample (run);
"""
"""A row of `run` is a recording, with params and environment as JSON; a row of `sample` is one of its samples, with
all metrics as JSON. `judged` marks the sample at which its run is judged."""


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """One transaction on the history at `path`, which is made if it is not there; committed at the end, or not at all.

    Raises InputFileError for what is no history of ours, RequestError where nothing can be written.
    """
    if not _exists(path):
        _make(path)
    _check_head(path)
    with _leaving_the_log(path), _opened(path, "mode=rw") as history:
        history.execute("PRAGMA synchronous = NORMAL")
        history.execute("BEGIN IMMEDIATE")
        yield history
        history.execute("COMMIT")


@contextmanager
def _leaving_the_log(path: Path) -> Iterator[None]:
    """While the log is short, keep whoever closes from copying it into the file, which waits for the disk twice.

    Only the last to close copies it, and here that is one who may only read. The log is as safe as the file; it is
    copied once it has grown, because whoever opens the history reads all of it, or when the history is read.
    """
    if _size(path.with_name(f"{path.name}-wal")) > MOST_LOG:
        yield
    else:
        with _opened(path, "mode=ro"):
            yield


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The history at `path`, to be read; raises InputFileError for what is none of ours, and for a damaged one."""
    if not _exists(path):
        raise InputFileError(path, "there is no history; `footprint run` keeps one")
    _check_head(path)
    with _opened(path, _query_of(path)) as history:
        history.execute("PRAGMA query_only = ON")
        yield history


def check(path: Path) -> None:
    """Raise InputFileError if `path` is something else than a history that this version can use, or is damaged."""
    try:
        if _exists(path):
            _check_head(path)
            with _opened(path, "mode=ro"):
                pass
    except InputFileError:
        raise
    except RequestError:  # a lock, or no permission: what it is will be said when a run is to be kept
        return


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise RequestError(f"cannot use the history {path}: {reason_of(error)}") from None


def _make(path: Path) -> None:
    """Make an empty history, unless somebody has meanwhile.

    The log of a history that somebody took away would be read as a part of the new one, so it goes first; the lock
    sees to it that it is not the log of a new one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                for log in ("-wal", "-shm"):
                    path.with_name(path.name + log).unlink(missing_ok=True)
                write_bytes(path, _empty())
        finally:
            os.close(lock)
    except OSError as error:
        raise RequestError(f"cannot write {path}: {reason_of(error)}") from None


def _empty() -> bytes:
    """A history without runs."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "history.db"
        with closing(sqlite3.connect(place, isolation_level=None)) as history:
            history.execute("PRAGMA synchronous = OFF")
            history.execute("PRAGMA journal_mode = WAL")
            history.executescript(_TABLES)
            history.execute(f"PRAGMA application_id = {APPLICATION}")
            history.execute(f"PRAGMA user_version = {FORMAT}")
        return place.read_bytes()


def _query_of(path: Path) -> str:
    """How to open `path` for reading: SQLite needs a file beside it, which a read-only folder cannot have."""
    at_rest = not path.with_name(f"{path.name}-wal").exists()
    return "immutable=1" if at_rest and not os.access(path.parent, os.W_OK) else "mode=rw"


@contextmanager
def _opened(path: Path, query: str) -> Iterator[sqlite3.Connection]:
    try:
        uri = f"{path.absolute().as_uri()}?{query}"
        with closing(sqlite3.connect(uri, uri=True, timeout=SECONDS_TO_WAIT, isolation_level=None)) as history:
            _check(path, history)
            yield history
    except sqlite3.OperationalError as error:
        raise RequestError(f"cannot use the history {path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from None


def _check(path: Path, history: sqlite3.Connection) -> None:
    (version,) = history.execute("PRAGMA user_version").fetchone()
    _check_version(path, version)
    tables = {name for (name,) in history.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"run", "sample"} <= tables:
        raise _damaged(path, "its tables are not there")


def _check_head(path: Path) -> None:
    """Look at the file's first bytes: SQLite leaves files beside whatever it opens, also beside what is not ours.

    Never while this process has the history open: closing the file would release SQLite's locks on it.
    Where they stand: https://www.sqlite.org/fileformat2.html, "The Database Header".
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(100)
    except OSError as error:
        raise RequestError(f"cannot use the history {path}: {reason_of(error)}") from None
    if head and not head.startswith(b"SQLite format 3\0"):
        raise _damaged(path, "it is not a database")
    version, application = (int.from_bytes(head[place : place + 4], "big") for place in (60, 68))
    if application != APPLICATION:
        raise InputFileError(path, "is not a history of footprint; FOOTPRINT_HISTORY names another place for one")
    _check_version(path, version)


def _check_version(path: Path, version: int) -> None:
    if version > FORMAT:
        raise InputFileError(
            path, f"is a history of a newer footprint: it has format {version}, this version reads up to {FORMAT}"
        )


def _damaged(path: Path, reason: str) -> InputFileError:
    return InputFileError(path, f"is damaged, or no history: {reason}; move it away, and the next run begins a new one")
