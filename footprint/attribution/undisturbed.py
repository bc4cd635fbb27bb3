"""Keeping a target from switching off what looks for its places: it may use the same parts of Python itself.

It needs nothing but Python 3.8.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from footprint.attribution.own_frames import is_package

SWITCHES = (tracemalloc.start, tracemalloc.stop, tracemalloc.clear_traces, gc.unfreeze)
"""What would end our tracing, or give the collector back what we keep from it."""
START, STOP, _, UNFREEZE = SWITCHES
"""The same for us."""
STOPPED = "it switches tracemalloc itself, so that its lines cannot be told"


@contextmanager
def undisturbed() -> Iterator[None]:
    """While it lasts the target calls these in vain, by whatever name a module of it knows them."""
    frames = tracemalloc.get_traceback_limit() if tracemalloc.is_tracing() else 0
    STOP()  # else it would go on with the target's number of frames
    replaced = list(_names(sys.modules.copy().values()))
    for space, name, _ in replaced:
        space[name] = _nothing
    try:
        yield
    finally:
        for space, name, switch in replaced:
            space[name] = switch
        if frames:
            START(frames)


def _names(modules: Any) -> Iterator[tuple[dict[str, Any], str, object]]:
    known = {id(switch): switch for switch in SWITCHES}
    for module in modules:
        if not isinstance(module, ModuleType) or is_package(getattr(module, "__file__", None) or ""):
            continue
        space = vars(module)
        for name, value in list(space.items()):
            if id(value) in known:
                yield space, name, value


def _nothing(*_: object) -> None:
    pass
