"""What can be run in a cycle, by its word: ``module:callable``, ``file.py:callable``, ``unicorn:ARCH[:open|map|run]``.

A module's functions `setup` and `teardown`, where it has them, are called once, before the first cycle and after the
last. This is loaded in the measured process, so it imports little.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from footprint.errors import UnknownNameError

ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
NOTHING_RUN = (
    "a generator function, or gives a generator: calling it runs nothing; write a function that exhausts it, "
    "such as lambda: list(FUNCTION())"
)
EMPTY = ":"
"""The word of the target that does nothing: what it is seen to leave is the measurement's own."""


class Refused(Exception):  # noqa: N818 (an answer to the request, not a failure of the target)
    """The word names nothing that can be run; the sentence says why."""


@dataclass(frozen=True)  # without slots: this is loaded in any Python from 3.8 on
class Target:
    """`cycle` is called again and again; `what` says which release of what it is, where that is known."""

    cycle: Callable[[], object]
    what: str = ""
    setup: Callable[[], object] = lambda: None
    teardown: Callable[[], object] = lambda: None


def load(word: str) -> Target:
    """The target that `word` means; raises Refused. Whatever an import raises goes through."""
    place, _, name = word.partition(":")
    if word == EMPTY:
        return Target(_nothing)
    if place == "unicorn":
        from footprint.engines.unicorn_cycles import cycles

        try:
            cycle, what = cycles(name)
        except UnknownNameError as error:
            raise Refused(str(error)) from None
        return Target(cycle, what)
    module = _script(Path(place)) if place.endswith(".py") else _module(place)
    cycle = _attribute(module, name, place)
    return Target(
        runnable(cycle, word),
        _release(place),
        _optional(module, "setup"),
        _optional(module, "teardown"),
    )


def _nothing() -> None:
    pass


def _script(path: Path) -> ModuleType:
    if not path.is_file():
        raise Refused(f"{path}: {'is a folder' if path.is_dir() else 'no such file'}")
    path = path.resolve()
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise Refused(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # A module that the target itself misses is the target's failure, not a wrong word.
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise Refused(f"there is no module {error.name!r} in {sys.executable}") from None
        raise
    except (ValueError, TypeError):
        raise Refused(f"{name!r} is not a module's name") from None


def _attribute(module: ModuleType, name: str, place: str) -> Any:
    attribute: Any = module
    for part in name.split("."):
        try:
            attribute = getattr(attribute, part)
        except AttributeError:
            public = {key: value for key, value in vars(module).items() if not key.startswith("_")}
            callables = sorted(key for key, value in public.items() if callable(value))
            raise Refused(str(UnknownNameError(f"callable in {place}", name, callables[:20]))) from None
    return attribute


def runnable(target: Any, word: str) -> Callable[[], object]:
    """`target` as something to call without arguments; a coroutine function is run to its end."""
    if not callable(target):
        raise Refused(f"{word} is a {type(target).__name__}, not a callable")
    try:
        parameters = inspect.signature(target).parameters.values()
        single = [parameter for parameter in parameters if parameter.kind not in ANY_NUMBER]
        needed = [parameter.name for parameter in single if parameter.default is parameter.empty]
    except (ValueError, TypeError):  # a builtin that does not say
        needed = []
    if needed:
        raise Refused(f"{word} wants arguments ({', '.join(needed)}); write a function without any that calls it")
    if inspect.isgeneratorfunction(target):
        raise Refused(f"{word} is {NOTHING_RUN}")
    return target  # type: ignore[no-any-return]


def first_cycle(target: Callable[[], object]) -> Callable[[], object]:
    """Run the first cycle of `target`; what to call for the others, so that whatever a call gives is run to its end.

    A coroutine is awaited and an asynchronous generator exhausted, whoever gives it: a function, a lambda, an object.
    Raises Refused for what would run nothing.
    """
    result = target()
    if isinstance(result, types.GeneratorType):
        raise Refused(f"the target is {NOTHING_RUN}")
    if not isinstance(result, (types.CoroutineType, types.AsyncGeneratorType)):
        if hasattr(type(result), "__await__"):
            raise Refused(
                f"a call of the target gives {named(result)} and does not wait for it: write an async function"
            )
        return target
    import asyncio

    async def whole(given: Any) -> None:
        if isinstance(given, types.CoroutineType):
            given = await given
        if isinstance(given, types.AsyncGeneratorType):
            async for _ in given:
                pass

    # Kept, and as in asyncio.Runner, which is new in Python 3.11: a loop for each cycle would be measured with it.
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(whole(result))
    return lambda: loop.run_until_complete(whole(target()))


def named(value: object) -> str:
    """``a Future``, ``an Awaitable``."""
    name = type(value).__name__
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"


def _optional(module: ModuleType, name: str) -> Callable[[], object]:
    function = getattr(module, name, None)
    return function if inspect.isfunction(function) and not inspect.signature(function).parameters else _nothing


def _release(place: str) -> str:
    """The release of the package that a module is of; empty for what was not installed."""
    from importlib import metadata

    if place.endswith(".py"):
        return ""
    package = place.partition(".")[0]
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return ""
