"""Numbers for people: bytes, counts, addresses."""

from __future__ import annotations

_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def bytes_text(n: float) -> str:
    """`n` bytes with a binary unit and at least three digits, grouped by plain spaces: ``17.1 GiB``, ``1 004 KiB``."""
    sign, value = ("−", -n) if n < 0 else ("", n)
    for unit in _BINARY:  # what would be rounded to 1 024 of a unit is 1.00 of the next
        if value < 1023.5 or unit == _BINARY[-1]:
            break
        value /= 1024
    if unit == "B":
        return f"{sign}{value:,.0f} B".replace(",", " ")
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{sign}{value:,.{digits}f} {unit}".replace(",", " ")


def count_text(n: float) -> str:
    """`n` with plain spaces between groups of three digits, as a terminal shows them: ``791 106``."""
    if isinstance(n, float) and not n.is_integer():
        return f"{n:,.2f}".replace(",", " ")
    return f"{int(n):,}".replace(",", " ")


def range_text(start: int, end: int) -> str:
    """The half-open range [start, end) in hex."""
    return f"[{start:#x}, {end:#x})"


def natural(text: str, *, least: int, most: int | None = None) -> int:
    """The whole number in `text`, in [least, most]; raises ValueError with what would be valid."""
    bound = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    try:
        value = int(text, 0)
    except ValueError:
        raise ValueError(f"{text!r} is not {bound}") from None
    if value < least or (most is not None and value > most):
        raise ValueError(f"{text!r} is not {bound}")
    return value


def times_text(more: float, less: float) -> str:
    """How many times as much `more` is as `less` (not 0): ``59``, ``2.4``."""
    rounded = round(more / less, 1)
    return count_text(round(more / less)) if rounded >= 10 else f"{rounded:g}"
