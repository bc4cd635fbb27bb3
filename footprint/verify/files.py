"""Verifying files: captures and operation logs, several at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from footprint.errors import InputFileError
from footprint.memory.rules import HISTORY, RuleSet, rules_with_spaces
from footprint.qemu.capture import read_capture
from footprint.qemu.files import STANDARD_INPUT, read_head, split_number
from footprint.qemu.oplog import OperationLog, SpaceInit, looks_like_a_log, read_log
from footprint.verify.capture import verify_capture
from footprint.verify.log import verify_log
from footprint.verify.result import Verification

_SMALL = 512 << 10
"""Bytes of input below which starting processes takes longer than the work."""


def verify_file(path: str | Path, rules: RuleSet | None = None) -> Verification:
    """Verify a capture, a text with one in it, or an operation log, whichever `path` is; raises InputFileError.

    `path` may be ``-``, and end in ``#2``, as for a capture. `rules` default to those of the QEMU that printed it, as
    far as its form tells.
    """
    if looks_like_a_log(read_head(split_number(path)[0], "a capture or an operation log")):
        log = read_log(path)
        return verify_log(log, rules or _rules_of(log))
    return verify_capture(read_capture(path), rules)


def _rules_of(log: OperationLog) -> RuleSet:
    """The rule set of the QEMU that was watched, as far as the names of its spaces tell."""
    names = (call.name for call in log.operations if isinstance(call, SpaceInit))
    return HISTORY[rules_with_spaces(names)]


def verify_files(
    paths: Sequence[str | Path], rules: RuleSet | None = None, workers: int | None = None
) -> list[Verification | InputFileError]:
    """Verify `paths` on all cores (or `workers`), with results in their order; an error stands for its file."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(workers or cores, len(paths))
    if workers <= 1 or STANDARD_INPUT in map(_base, paths) or sum(map(_size, paths)) < _SMALL:
        return [_verdict(path, rules) for path in paths]
    # Fresh processes: a fork of one that has threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        chunk = max(1, len(paths) // (4 * workers))
        return list(pool.map(_verdict, paths, [rules] * len(paths), chunksize=chunk))


def _base(path: str | Path) -> Path:
    return split_number(path)[0]


def _size(path: str | Path) -> int:
    try:
        return _base(path).stat().st_size
    except OSError:
        return 0


def _verdict(path: str | Path, rules: RuleSet | None) -> Verification | InputFileError:
    try:
        return verify_file(path, rules)
    except InputFileError as error:
        return error
