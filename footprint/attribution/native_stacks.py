"""The native stacks at which cycles leave blocks of malloc, as memray sees them; and which frames say nothing."""

from __future__ import annotations

import importlib.util
import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from functools import cache
from pathlib import Path

from footprint.attribution.growth import LEAST_LUMPS, OVERHEAD, RunCycles
from footprint.attribution.own_frames import is_own
from footprint.attribution.rust_names import readable
from footprint.install import install_command
from footprint.verdict.place import Place, PlaceKind, counted, exact, figure, largest

NativeStack = tuple[str, ...]
Totals = dict[NativeStack, tuple[int, int]]
"""Blocks and bytes that are left, by the stack that made them, innermost first."""


_INTERPRETER = re.compile(
    r"_?Py(?!Init_)[A-Z_a-z]|py(main|run)_|_start$|__libc_start|main$|call_trace|run_(mod|eval_code_obj)|"
    r"(cfunction|method|object|slot|builtin|vectorcall|type|function|wrapper|classmethod|property|partial|context)_|"
    r"(do|trace)_call|thread_run|ffi_|_call_function_pointer|_ctypes|(m|c|re)alloc$|calloc$|<unknown>|\?\?|0x|"
    r"memray::|operator new|posix_memalign|aligned_alloc|mmap(64)?$|start_thread|clone3?$|bytes_|list_|dict_|gen_|"
    r"(bytearray|unicode|long|tuple|set|deque)_(new|resize|realloc|alloc|append|add|init)|call_function$|_imp_|exec_"
)
"""Functions of the interpreter and of what is between it and a library: they are the same under every leak."""


_SILENT = re.compile(r"(libpython|python)\d|python$|libffi|_ctypes\.|vgpreload|libheaptrack|libc\.so|ld-linux|libc-\d")
"""Names of the files whose functions are the same under every leak."""
_GLUE = re.compile(r"pyo3::impl_::|core::ops::function|std::panic|std::sys::backtrace|__rust_")
"""What Rust's bindings have between the interpreter and a function, by its readable name."""
_NAMELESS = re.compile(r"<unknown>|\?\?|0x|$")

UNPLACED = "asked for by the interpreter, or through ctypes"
"""Stands for a stack of which nothing is left when the interpreter's frames are taken out."""


def telling(frames: Iterable[tuple[str, str, int]]) -> NativeStack:
    """Of frames (function, file, line), innermost first, those that say where: not the interpreter's, not ours.

    Of a library whose symbols were taken out, its file's name stands for the function.
    """
    words: list[str] = []
    for name, file, line in frames:
        if file.endswith(".py"):
            if is_own(file):
                break  # what called the cycle is the same for all
            words.append(f"{Path(file).name}:{line} in {name}")
        elif _NAMELESS.match(name):
            library = _library(file)
            if library and library not in words[-1:]:
                words.append(library)
        elif not (_INTERPRETER.match(name) or file.startswith(("Objects/", "Python/", "Modules/"))):
            word = readable(name).partition("(")[0]
            words += [word] if not _GLUE.match(word) else []
    return tuple(words)


@cache
def is_silent(file: str) -> bool:
    """Whether the functions of a program or library say nothing, whichever folder it is in."""
    return _SILENT.match(Path(file).name) is not None


def _library(file: str) -> str:
    """``parsers.so`` for ``…/parsers.cpython-311-x86_64-linux-gnu.so``; empty for a program, or what says nothing."""
    name = Path(file).name
    return f"{name.partition('.')[0]}.so" if ".so" in name and not is_silent(file) else ""


def missing_hint() -> str:
    """What to install where no tracer is."""
    return f"for native stacks: {install_command('memray')} into the target's environment, or apt install heaptrack"


def memray_is_there() -> bool:
    """Whether this environment has it; nothing is imported."""
    try:
        return importlib.util.find_spec("memray") is not None
    except (ImportError, ValueError):
        return False


def traced(run: RunCycles, cycles: int) -> tuple[Totals, Totals]:
    """What n and what 2n cycles leave. Needs memray."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="footprint-") as folder:
        # The first cycle under the tracer makes what the tracer needs itself.
        _recorded(run, 1, f"{folder}/first")
        for number in (1, 2):
            _recorded(run, number * cycles, f"{folder}/{number}")
        return _read(f"{folder}/1"), _read(f"{folder}/2")


def _recorded(run: RunCycles, cycles: int, path: str) -> None:
    import memray

    with memray.Tracker(path, native_traces=True):
        run(cycles)


def _read(path: str) -> Totals:
    import memray

    mapped = {memray.AllocatorType.MMAP, memray.AllocatorType.MUNMAP}
    left: dict[NativeStack, tuple[int, int]] = defaultdict(lambda: (0, 0))
    with memray.FileReader(path) as reader:
        for record in reader.get_leaked_allocation_records(merge_threads=True):
            if record.allocator in mapped:
                continue
            stack = telling(record.hybrid_stack_trace())
            blocks, size = left[stack]
            left[stack] = blocks + record.n_allocations, size + record.size
    return dict(left)


def per_cycle(once: Totals, twice: Totals, cycles: int) -> dict[NativeStack, tuple[float, float]]:
    """Blocks and bytes that one cycle leaves, where n left `once` and 2n left `twice`: constants cancel.

    One or two blocks more say nothing about n cycles; they may be a table that grew.
    """
    grown = {}
    for stack, (blocks, size) in twice.items():
        fewer, smaller = once.get(stack, (0, 0))
        if blocks - fewer >= min(LEAST_LUMPS, cycles) and size > smaller:
            grown[stack] = (blocks - fewer) / cycles, (size - smaller) / cycles
    return grown


def taken(grown: Mapping[NativeStack, tuple[float, float]]) -> float:
    """Bytes of heap that these blocks take, with what glibc adds to them."""
    return sum(size + OVERHEAD * blocks for blocks, size in grown.values())


def places(
    grown: Mapping[NativeStack, tuple[float, float]],
    rates: Mapping[str, float],
    *,
    unplaced: str = UNPLACED,
    told: Container[str] = (),
) -> tuple[list[Place], float]:
    """A place for each stack with the metrics of `rates` that it explains, and the blocks per cycle of all.

    `unplaced` is what a place is called whose stack says nothing. What the interpreter asked for at one of the lines
    `told` is told already.
    """
    metrics = ("heap.bytes", "heap.blocks", *(["vm.bytes"] if "vm.bytes" in rates else []))
    every = [
        Place(
            PlaceKind.NATIVE, "" if stack else unplaced, metrics, f"{counted(blocks, 'block')}, {figure(size)} B",
            rate=size, unit="B", size=size, frames=stack,
        )
        for stack, (blocks, size) in grown.items()
        if not stack or stack[0] not in told
    ]  # fmt: skip
    return largest(every), exact(sum(blocks for blocks, _ in grown.values()))
