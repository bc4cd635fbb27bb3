"""Finding recordings: by file, by folder, or by the name of a folder in ``reports/``; captures are recorded first."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from footprint.errors import InputFileError, reason_of
from footprint.qemu.files import read_head
from footprint.qemu.oplog import looks_like_a_log
from footprint.recording.files import FILE_NAME, read_recording
from footprint.recording.model import Recording

REPORTS = Path("reports")
"""Where ``run`` writes its folders, in the current one."""
_GZIP = b"\x1f\x8b"


def find_recording(word: str, rules: Sequence[str] = ()) -> Recording:
    """The recording that `word` names: a file, a folder with a recording.json, or NAME where reports/NAME is one.

    A capture or an operation log is played on the model first, under `rules` or else its scenario's own.
    Raises InputFileError, and UnknownNameError or RequestError for `rules` of a capture.
    """
    path = _path_of(word)
    return _played(path, rules) if _is_played(path) else read_recording(path)


def find_printed(word: str) -> Recording | None:
    """What the capture that `word` names has of its QEMU, not of the model; None for whatever is no capture."""
    from footprint.record.printed import printed_recording

    path = _path_of(word)
    if not _is_played(path) or looks_like_a_log(read_head(path, "a capture")):
        return None
    return printed_recording(path)


def is_recorded(word: str) -> bool:
    """Whether `word` names a file, or a folder with a recording, that :func:`find_recording` would read."""
    try:
        return _is_file(_path_of(word))
    except InputFileError:
        return False


def _path_of(word: str) -> Path:
    """The file that `word` means; raises InputFileError where there is nothing of that name."""
    given = Path(word)
    candidates = (given / FILE_NAME, REPORTS / given / FILE_NAME) if given.parts else ()
    if _is_file(given):
        return given
    for path in candidates:
        if _is_file(path):
            return path
    if _exists(given):
        return given / FILE_NAME if given.is_dir() else given
    names = list(_recorded())
    close = difflib.get_close_matches(word, names, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    among = f"; recordings in {REPORTS}/: {', '.join(names)}" if names else ""
    raise InputFileError(word, f"cannot read the recording: no such file or folder{hint}{among}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # too long for a path, or a folder that nobody may enter
        return False


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _recorded() -> Iterator[str]:
    """The names of the recordings in ``reports/``."""
    try:
        yield from sorted(path.name for path in REPORTS.iterdir() if _is_file(path / FILE_NAME))
    except OSError:
        return


def _is_played(path: Path) -> bool:
    """Whether the file is a capture or an operation log rather than a recording."""
    if not _is_file(path):  # a pipe can be read only once
        return False
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputFileError(path, f"cannot read the recording: {reason_of(error)}") from None
    if data.startswith(_GZIP) or looks_like_a_log(read_head(path, "a recording")):
        return True
    try:
        keys = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return "schema" not in keys and any(key.startswith("info mtree") for key in keys)


def _played(path: Path, rules: Sequence[str]) -> Recording:
    """What ``run`` would record of the file."""
    from footprint.record.recorder import record
    from footprint.record.request import ModelOptions, Request
    from footprint.scenario.custom_rules import find_rule_sets
    from footprint.scenario.find import find

    scenario = find(str(path))
    options = ModelOptions(find_rule_sets(rules or scenario.rules))
    return record(Request(scenario, str(path), scenario.values({}), options))
