"""Finding recordings: by file, by folder, or by the name of a folder in ``reports/``; captures are recorded first."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from footprint.errors import InputFileError, RequestError, reason_of
from footprint.qemu.capture import holds_answers
from footprint.qemu.files import STANDARD_INPUT, read_head, split_number
from footprint.qemu.oplog import looks_like_a_log
from footprint.recording.files import FILE_NAME, read_recording
from footprint.recording.model import Recording
from footprint.scenario.find import built_in, find

REPORTS = Path("reports")
"""Where ``run`` writes its folders, in the current one."""
_GZIP = b"\x1f\x8b"


def find_recording(word: str, rules: Sequence[str] = ()) -> Recording:
    """The recording that `word` names: a file, a folder with a recording.json, or NAME where reports/NAME is one.

    A capture, a text with one in it, or an operation log is played on the model first, under `rules` or else its
    scenario's own; ``-`` is standard input, ``FILE#2`` the second machine of a text.
    Raises InputFileError, and UnknownNameError or RequestError for `rules` of a capture.
    """
    if _is_piece(word):
        return _played(Path(word), rules)
    path = _path_of(word)
    return _played(path, rules) if _is_played(path) else read_recording(path)


def find_recordings(words: Sequence[str], rules: Sequence[str] = ()) -> list[Recording | InputFileError]:
    """The recordings that `words` name, in their order; an error stands for its own."""
    return [_found_or_not(word, rules) for word in words]


def _found_or_not(word: str, rules: Sequence[str]) -> Recording | InputFileError:
    try:
        return find_recording(word, rules)
    except InputFileError as error:
        return error


def find_printed(word: str) -> Recording | None:
    """What the capture that `word` names has of its QEMU, not of the model; None for what is no capture with views."""
    from footprint.record.printed import printed_recording

    if not is_capture(word):
        return None
    return printed_recording(Path(word) if _is_piece(word) else _path_of(word))


def source_of(word: str, recording: Recording) -> str:
    """The word by which the scenario of `recording`, named by `word`, is found again; raises RequestError."""
    if _is_piece(word) or _is_played(_path_of(word)):
        return word
    if recording.scenario not in built_in():
        raise RequestError(f"{recording.scenario} cannot be played again: it is none of the built-in scenarios")
    return recording.scenario


def is_capture(word: str) -> bool:
    """Whether `word` names a capture, or a text with one in it."""
    if _is_piece(word):
        return True
    path = _path_of(word)
    return _is_played(path) and not looks_like_a_log(read_head(path, "a capture"))


def is_recorded(word: str) -> bool:
    """Whether `word` names a file, or a folder with a recording, that :func:`find_recording` would read."""
    try:
        return _is_piece(word) or _is_file(_path_of(word))
    except InputFileError:
        return False


def _is_piece(word: str) -> bool:
    """Whether `word` is standard input, or one machine of a text."""
    base, number = split_number(word)
    return number is not None or base == STANDARD_INPUT


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
    if not data.lstrip().startswith(b"{"):
        return holds_answers(data) or path.suffix != ".json"  # whose reader says what a text without answers lacks
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

    scenario = find(str(path))
    if scenario.printed is not None and rules:
        raise RequestError(f"{path} has only views, which are counted as printed; rule sets need the tree (info mtree)")
    options = ModelOptions(find_rule_sets(rules or scenario.rules))
    return record(Request(scenario, str(path), scenario.values({}), options))
