"""What a Unicorn engine goes through in one cycle: it is opened, and, as asked, given memory and run, and closed.

Since 2.0.0rc4 an engine is only built when memory is first mapped, so ``map`` is what tells most. 0x8000 is a base
that every target accepts.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import metadata
from typing import Any

from footprint.errors import MeasurementError, UnknownNameError
from footprint.install import install_command

BASE, SIZE = 0x8000, 2 << 20
"""What is mapped: 2 MiB at 0x8000."""
ENGINES: dict[str, tuple[str, tuple[str, ...], bytes]] = {
    "arm": ("ARM", ("ARM",), b"\x00\x00\xa0\xe1"),
    "arm64": ("ARM64", ("ARM",), b"\x1f\x20\x03\xd5"),
    "m68k": ("M68K", ("BIG_ENDIAN",), b"\x4e\x71"),
    "mips": ("MIPS", ("MIPS32", "BIG_ENDIAN"), bytes(4)),
    "mipsel": ("MIPS", ("MIPS32",), bytes(4)),
    "mips64": ("MIPS", ("MIPS64", "BIG_ENDIAN"), bytes(4)),
    "mips64el": ("MIPS", ("MIPS64",), bytes(4)),
    "ppc": ("PPC", ("PPC32", "BIG_ENDIAN"), b"\x60\x00\x00\x00"),
    "ppc64": ("PPC", ("PPC64", "BIG_ENDIAN"), b"\x60\x00\x00\x00"),
    "riscv32": ("RISCV", ("RISCV32",), b"\x13\x00\x00\x00"),
    "riscv64": ("RISCV", ("RISCV64",), b"\x13\x00\x00\x00"),
    "s390x": ("S390X", ("BIG_ENDIAN",), b"\x07\x07"),
    "sparc": ("SPARC", ("SPARC32", "BIG_ENDIAN"), b"\x01\x00\x00\x00"),
    "sparc64": ("SPARC", ("SPARC64", "BIG_ENDIAN"), b"\x01\x00\x00\x00"),
    "tricore": ("TRICORE", (), bytes(2)),
    "x86_16": ("X86", ("16",), b"\x90"),
    "x86": ("X86", ("32",), b"\x90"),
    "x86_64": ("X86", ("64",), b"\x90"),
}
"""By name: Unicorn's words for the architecture and its modes, and one instruction that does nothing."""
ALIASES = {
    "aarch64": "arm64", "i386": "x86", "x86_32": "x86", "mips32": "mips", "ppc32": "ppc", "sparc32": "sparc",
}  # fmt: skip
KINDS = ("open", "map", "run")


def cycles(words: str) -> tuple[Callable[[], None], str]:
    """What ``ARCH[:open|map|run]`` does in a cycle, and the release of Unicorn that does it.

    Raises UnknownNameError for what is no architecture or no kind, and MeasurementError where this Unicorn has it not.
    """
    arch, _, kind = words.partition(":")
    kind = kind or "map"
    _check(arch)
    if kind not in KINDS:
        raise UnknownNameError("cycle of Unicorn", kind, KINDS)
    make, release = engine_maker(arch)
    return _cycle(make, kind, ENGINES[ALIASES.get(arch, arch)][2]), release


def _check(arch: str) -> None:
    if ALIASES.get(arch, arch) not in ENGINES:
        raise UnknownNameError("architecture of Unicorn", arch, ENGINES)


def engine_maker(arch: str) -> tuple[Callable[[], Any], str]:
    """What opens an engine of `arch`, and the release of Unicorn; raises as :func:`cycles` does."""
    _check(arch)
    unicorn = _imported()
    # The module's own __version__ is wrong in some wheels.
    release = f"unicorn {metadata.version('unicorn')}"
    name, modes, _ = ENGINES[ALIASES.get(arch, arch)]
    constants = unicorn.unicorn_const
    try:
        number = getattr(constants, f"UC_ARCH_{name}")
        mode = sum(getattr(constants, f"UC_MODE_{word}") for word in modes)
    except AttributeError:
        raise MeasurementError(f"{release} has no {arch}") from None
    if not unicorn.uc_arch_supported(number):
        raise MeasurementError(f"{release} was built without {arch}")
    return functools.partial(unicorn.Uc, number, mode), release


def _cycle(make: Callable[[], Any], kind: str, code: bytes) -> Callable[[], None]:
    def opened() -> None:
        make()

    def mapped() -> None:
        make().mem_map(BASE, SIZE)

    def run() -> None:
        one = make()
        one.mem_map(BASE, SIZE)
        one.mem_write(BASE, code)
        one.emu_start(BASE, BASE + len(code))

    return {"open": opened, "map": mapped, "run": run}[kind]


def _imported() -> Any:
    try:
        import unicorn
    except ImportError as error:
        if error.name == "pkg_resources":
            raise MeasurementError(
                "this release of unicorn wants setuptools; install it with: pip install 'setuptools<81'"
            ) from None
        raise MeasurementError(f"unicorn is not installed; install it with: {install_command('unicorn')}") from None
    return unicorn
