"""Operation logs: every view that QEMU created in a start-up, against those of a replay."""

from __future__ import annotations

from collections import deque

from footprint.backends.replayer import Replayer
from footprint.memory.core import MemoryCore
from footprint.memory.ledger import Created
from footprint.memory.radix import Pages
from footprint.memory.rules import RuleSet
from footprint.memory.tallies import grown
from footprint.qemu.oplog import NewView, OperationLog
from footprint.verify.result import Mismatch, Verification

PAGE_BITS = (12, 10, 13, 14, 8, 16)
"""Page sizes of QEMU's targets, the most common first; a log does not say which it had."""


def verify_log(log: OperationLog, rules: RuleSet) -> Verification:
    """Replay `log` under `rules`, and compare every view that QEMU created, one by one."""
    if log.subpage_size:
        return _verify_log(log, rules, Pages(log.subpage_size.bit_length() - 1))
    has_dispatches = any(isinstance(operation, NewView) and operation.dispatch for operation in log.operations)
    if not has_dispatches:
        return _verify_log(log, rules, Pages(PAGE_BITS[0]))
    best: Verification | None = None
    for bits in PAGE_BITS:
        result = _verify_log(log, rules, Pages(bits))
        if best is None or result.steps_exact > best.steps_exact:
            best = result
            best.guesses = [f"pages of {1 << bits} bytes, which fit the logged dispatches best"]
        if result.exact:
            break
    assert best is not None, "PAGE_BITS is not empty"
    return best


def _verify_log(log: OperationLog, rules: RuleSet, pages: Pages) -> Verification:
    core = MemoryCore([rules], pages=pages)
    ours: deque[Created] = deque()
    core.ledgers[0].watch = ours.append
    result = Verification(log.path)
    line = 0
    replayer = Replayer(core, log)
    for operation in log.operations:
        if isinstance(operation, NewView):
            result.steps += 1
            _compare(operation, ours, result)
        elif not operation.is_aftermath:
            _surplus(ours, line, result)
            line = operation.line
        replayer.obey(operation)
    replayer.finish()
    _surplus(ours, line, result)
    return result


def _compare(theirs: NewView, ours: deque[Created], result: Verification) -> None:
    view = f"view created at line {theirs.line}"
    if not ours:
        result.mismatches.append(Mismatch(result.file, view, "views created", "one more view", "none"))
        return
    created = ours.popleft()
    if theirs.dispatch is None:
        result.steps_exact += 1
        return
    used = created.sections
    got = (used, grown(used, 16), created.nodes, created.nodes_allocated)
    names = ("sections used", "sections allocated", "nodes used", "nodes allocated")
    differences = [
        Mismatch(result.file, view, name, expected, value)
        for name, expected, value in zip(names, theirs.dispatch, got, strict=True)
        if expected != value
    ]
    result.mismatches += differences
    result.steps_exact += not differences


def _surplus(ours: deque[Created], line: int, result: Verification) -> None:
    if ours:
        view = f"after line {line}"
        result.mismatches.append(Mismatch(result.file, view, "views created", "none", f"{len(ours)} more"))
        ours.clear()
