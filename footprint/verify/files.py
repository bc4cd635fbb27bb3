"""Verifying files: captures and operation logs, several at a time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from footprint.errors import InputFileError
from footprint.memory.rules import HISTORY, RuleSet, rules_with_spaces
from footprint.qemu.capture import EXPECTED, looks_like_a_capture, read_capture
from footprint.qemu.files import read_head
from footprint.qemu.oplog import OperationLog, SpaceInit, looks_like_a_log, read_log
from footprint.verify.capture import verify_capture
from footprint.verify.log import verify_log
from footprint.verify.result import Verification

_SMALL = 512 << 10
"""Bytes of input below which starting processes takes longer than the work."""


def verify_file(path: str | Path, rules: RuleSet | None = None) -> Verification:
    """Verify a capture or an operation log, whichever `path` is; raises InputFileError.

    `rules` default to those of the QEMU that printed it, as far as its form tells.
    """
    head = read_head(Path(path), "a capture or an operation log")
    if looks_like_a_log(head):
        log = read_log(path)
        return verify_log(log, rules or _rules_of(log))
    if looks_like_a_capture(head):
        return verify_capture(read_capture(path), rules)
    raise InputFileError(path, f"is neither a capture nor an operation log: {EXPECTED}", line=1)


def _rules_of(log: OperationLog) -> RuleSet:
    """The rule set of the QEMU that was watched, as far as the names of its spaces tell."""
    names = (call.name for call in log.operations if isinstance(call, SpaceInit))
    return HISTORY[rules_with_spaces(names)]


def verify_files(
    paths: Sequence[str | Path], rules: RuleSet | None = None, workers: int | None = None
) -> list[Verification]:
    """Verify `paths` on all cores (or `workers`), with results in their order; raises the first InputFileError."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    workers = min(workers or cores, len(paths))
    if workers <= 1 or sum(map(_size, paths)) < _SMALL:
        return [verify_file(path, rules) for path in paths]
    # Fresh processes: a fork of one that has threads may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        chunk = max(1, len(paths) // (4 * workers))
        verdicts = pool.map(_verdict, paths, [rules] * len(paths), chunksize=chunk)
        return [_raised(verdict) for verdict in verdicts]


def _size(path: str | Path) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


def _verdict(path: str | Path, rules: RuleSet | None) -> Verification | tuple[str, str, int | None]:
    """The result, or an error in parts: exceptions with several arguments do not survive pickling."""
    try:
        return verify_file(path, rules)
    except InputFileError as error:
        return error.path, error.reason, error.line


def _raised(verdict: Verification | tuple[str, str, int | None]) -> Verification:
    if isinstance(verdict, Verification):
        return verdict
    path, reason, line = verdict
    raise InputFileError(path, reason, line=line)
