"""Independent pieces of work at once, on as many cores as there are.

The pieces are done by forks of this process, which know all that it knows, so that nothing but a result has
to be sent. A piece that fails in a fork is done again here: its error then comes with its own frames.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")
_Member = TypeVar("_Member")


def side_by_side(
    work: Callable[[_Piece], _Result],
    pieces: Sequence[_Piece],
    size: Callable[[_Piece], int],
    meanwhile: Callable[[], None],
) -> list[_Result]:
    """``[work(piece) for piece in pieces]``; the larger pieces, by `size`, go to other cores.

    `meanwhile` is called once while forks are at work, after this process has done its own pieces.
    """
    largest = sorted(range(len(pieces)), key=lambda number: -size(pieces[number]))[: _forks(len(pieces))]
    results: dict[int, _Result] = {}
    with contextlib.ExitStack() as forks:
        pending = {number: forks.enter_context(_forked(work, pieces[number])) for number in largest}
        for number in range(len(pieces)):
            if number not in pending:
                results[number] = work(pieces[number])
        if pending:
            meanwhile()
        for number, receiver in pending.items():
            try:
                results[number] = receiver.recv()
            except (EOFError, OSError):  # nothing came, or only the beginning
                results[number] = work(pieces[number])
    return [results[number] for number in range(len(pieces))]


def balanced(groups: Sequence[tuple[_Member, ...]]) -> list[tuple[_Member, ...]]:
    """`groups`, the largest of them in two where that lets a fork do half of all; each keeps its order."""
    largest = max(groups, key=len, default=())
    half = -(-sum(map(len, groups)) // 2)
    if not _forks(len(groups) + 1) or len(largest) <= half:
        return list(groups)
    return [part for group in groups for part in ((group[:half], group[half:]) if group is largest else (group,))]


def _forks(count: int) -> int:
    """How many of `count` pieces go to forks: none where a fork could be harmed by what else runs here."""
    alone = threading.active_count() == 1 and multiprocessing.parent_process() is None
    return min(count, len(os.sched_getaffinity(0))) - 1 if alone and count > 1 else 0


@contextlib.contextmanager
def _forked(work: Callable[[_Piece], Any], piece: _Piece) -> Any:
    """A fork that does `piece`; gives where its result arrives, and nothing arrives where it fails."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    fork = context.Process(target=_do, args=(work, piece, sender), daemon=True)
    fork.start()
    sender.close()
    try:
        yield receiver
    finally:
        # Ctrl-C may have been told to this process only.
        fork.kill()
        fork.join()
        receiver.close()


def _do(work: Callable[[_Piece], Any], piece: _Piece, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Whatever fails is done again where somebody can be told of it.
    with contextlib.suppress(BaseException):
        sender.send(work(piece))
