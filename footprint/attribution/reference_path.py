"""The way from an object up to a name: who refers to it, and who to that, until a module, a class or a function."""

from __future__ import annotations

import functools
import gc
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import CellType, FrameType, FunctionType, GeneratorType, MemberDescriptorType, ModuleType
from typing import Any

from footprint.attribution.own_frames import is_package
from footprint.process import clock

MOST_NODES, MOST_DEPTH, MOST_AT_ONCE = 20_000, 12, 16
LONGEST_KEY = 24
NOWHERE = "C code: no object of Python leads to it"
TOO_FAR = "something far from any name"
WITHOUT_NAME = {NOWHERE: f"of {NOWHERE}", TOO_FAR: "far from any name"}
"""The same behind the type of what is held so."""


@dataclass(frozen=True, slots=True)
class ReferencePath:
    """The `holders` from an object up, `text` how to reach it; `module` and `name` where a module's global is it."""

    text: str
    holders: tuple[Any, ...] = ()
    module: str = ""
    name: str = ""

    @property
    def is_named(self) -> bool:
        """Whether it begins at a name; else `holders` end where nothing of Python leads on, or are not known."""
        return self.text not in (NOWHERE, TOO_FAR)

    def of_module(self, entry: str) -> str:
        """``KEEP in module app (app.KEEP[2041])``."""
        return f"{self.name} in module {self.module} ({self.module}.{self.name}{entry})"


class WaysUp:
    """Looks breadth first, until the time `until`, and not at `ours`, which hold everything."""

    def __init__(self, until: float, ours: Iterable[Any]) -> None:
        self._until = until
        self._ours = {id(obj) for obj in ours}
        modules = {name: module for name, module in list(sys.modules.items()) if isinstance(module, ModuleType)}
        self._modules = {id(vars(module)): name for name, module in modules.items()}
        self._running = _running()

    def way(self, start: Any) -> ReferencePath:
        """The shortest way to `start`, preferably from a module."""
        path = self._way(start)
        self._ours |= {id(path), id(path.holders)}
        return path

    def _way(self, start: Any) -> ReferencePath:
        below: dict[int, Any] = {id(start): None}
        level = [start]
        self._ours |= {id(below), id(below.values())}
        for _ in range(MOST_DEPTH):
            if not level or len(below) > MOST_NODES or clock.seconds() > self._until:
                break
            # The collector compares every object with each of these, so a few must do.
            few = level[:MOST_AT_ONCE]
            self._ours |= {id(level), id(few)}
            level, is_top = self._holders(few, below)
            if is_top:
                return ReferencePath(NOWHERE, tuple(reversed(_chain(few[0], below)[:-1])))
            roots = [(rank, number) for number, obj in enumerate(level) if (rank := self._rank(obj)) is not None]
            if roots:
                return self._told(_chain(level[min(roots)[1]], below))
        return ReferencePath(TOO_FAR if level else NOWHERE)

    def _holders(self, level: list[Any], below: dict[int, Any]) -> tuple[list[Any], bool]:
        """What refers to any of `level`, and whether nothing does; `below` then has the one that each refers to."""
        wanted = {id(obj) for obj in level}
        holders: list[Any] = []
        is_top = True
        for holder in gc.get_referrers(*level):
            if id(holder) in self._ours or _is_call_of_ours(holder):
                continue
            is_top = False
            if id(holder) in below:
                continue
            child = next((obj for obj in gc.get_referents(holder) if id(obj) in wanted), None)
            if child is not None:
                below[id(holder)] = child
                holders.append(holder)
        return holders, is_top

    def _rank(self, obj: Any) -> int | None:
        """How good an end of the way it is; None for none."""
        if id(obj) in self._modules:
            return 0
        if isinstance(obj, FrameType) and id(obj) not in self._running:
            return None  # its call is over: it is a part of what leaks, as the frames of a traceback are
        ends = (type, FunctionType, FrameType)
        return next((rank for rank, kind in enumerate(ends, 1) if isinstance(obj, kind)), None)

    def _told(self, chain: list[Any]) -> ReferencePath:
        """`chain` from its end with a name down to the object."""
        root, first, *_ = chain
        module = self._modules.get(id(root), "")
        holders = tuple(reversed(chain[:-1]))
        if module:
            name = str(_key(root, first))
            path = f"{module}.{name}{_steps(chain[1:])}"
            return ReferencePath(path, holders, module if len(chain) == 2 else "", name)
        if isinstance(root, type):
            # What a class has is in a dictionary that only the collector sees.
            rest = chain[1:] if type(first) is dict and len(chain) > 2 else chain
            end = f"{root.__module__}.{root.__qualname__}.{_key(dict(vars(root)), rest[1])}"
            return ReferencePath(end + _steps(rest[1:]), holders)
        if isinstance(root, FunctionType):
            end = f"the function {root.__module__}.{root.__qualname__}"
        else:
            end = f"a call of {root.f_code.co_qualname} ({Path(root.f_code.co_filename).name}:{root.f_lineno})"
        return ReferencePath(end + _steps(chain[1:]), holders)


def _running() -> set[int]:
    """The frames whose call is not over, of every thread."""
    running: set[int] = set()
    for frame in sys._current_frames().values():
        above: FrameType | None = frame
        while above is not None:
            running.add(id(above))
            above = above.f_back
    return running


def _is_call_of_ours(holder: Any) -> bool:
    if type(holder) is FrameType:
        return is_package(holder.f_code.co_filename)
    return type(holder) is GeneratorType and is_package(holder.gi_code.co_filename)


def _chain(end: Any, below: dict[int, Any]) -> list[Any]:
    """From `end` down to the object whose holders were looked for."""
    chain = [end]
    while (child := below[id(chain[-1])]) is not None:
        chain.append(child)
    return chain


def named(kind: type) -> str:
    """What people call a class."""
    return "lru_cache" if kind is functools._lru_cache_wrapper else kind.__qualname__


def _steps(chain: list[Any]) -> str:
    """``.sessions[3].buffer``: from the first object down to the last."""
    text, fields = "", False
    for holder, child in pairwise(chain):
        if type(holder) is dict and fields:
            text, fields = f"{text}.{_key(holder, child)}", False
        elif isinstance(holder, dict):
            text += f"[{_cut(repr(_key(holder, child)))}]"
        elif isinstance(holder, list | tuple | deque):
            number = next((n for n, entry in enumerate(holder) if entry is child), 0)
            text += f"[{number}]"
        elif type(holder) is CellType:
            continue
        elif child is getattr(holder, "__dict__", None):
            fields = True
        else:
            name = _attribute(holder, child)
            text += f".{name}" if name else f" ({named(type(holder))})"
    return text


def _key(holder: dict[Any, Any], child: Any) -> Any:
    return next((key for key, value in list(holder.items()) if value is child), "a key")


def _attribute(holder: Any, child: Any) -> str:
    """The field or slot of an object that holds another; looks at slots only, so that nothing of its own is run."""
    fields = getattr(holder, "__dict__", None)
    if isinstance(fields, dict):
        for name, value in list(fields.items()):
            if value is child:
                return str(name)
    for kind in type(holder).__mro__:
        for name, slot in list(vars(kind).items()):
            if isinstance(slot, MemberDescriptorType):
                try:
                    if slot.__get__(holder) is child:
                        return name
                except AttributeError:
                    continue
    return ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_KEY else text[: LONGEST_KEY - 1] + "…"
