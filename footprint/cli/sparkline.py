"""Values in their order as one line of blocks, with the numbers of its steps below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from footprint.recording.model import Number

BLOCKS = "▁▂▃▄▅▆▇█"
DIGITS = "01234567"
"""The same where the output's encoding has no blocks."""


def sparkline(values: Sequence[Number], columns: int, ramp: str = BLOCKS) -> str:
    """One character a value, from the least to the greatest; of more than fit, the greatest of each column's."""
    parts = [values[n : n + share] for share in [share_of(values, columns)] for n in range(0, len(values), share)]
    tops = [max(part) for part in parts]
    low, high = min(tops), max(tops)
    if low == high:
        return ramp[0] * len(tops)
    return "".join(ramp[int((top - low) * (len(ramp) - 1) / (high - low))] for top in tops)


def step_line(numbers: Mapping[int, int], values: Sequence[Number], columns: int) -> str:
    """The line below: at the column of each value in `numbers` (index: number) that number's last digit."""
    share = share_of(values, columns)
    marks = {index // share: str(number % 10) for index, number in numbers.items()}
    return "".join(marks.get(column, " ") for column in range(max(marks, default=-1) + 1))


def share_of(values: Sequence[Number], columns: int) -> int:
    """How many values share a column."""
    return max(1, -(-len(values) // columns))
