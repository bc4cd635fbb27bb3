"""The map-curve probe: what the n-th map of an engine cost, how that grows, and what each engine leaks."""

from __future__ import annotations

from statistics import fmean, median
from typing import Any

from footprint.recording.model import Number
from footprint.verdict.power_law import power_law

SMOOTHED = 0.1
"""Around the n-th map, this part of n is looked at on each side: a single map is noise."""
FIRST_FITTED = 50
"""From here on the curve is fitted: before, the fixed cost of a call hides the law."""


class MapCurveProbe:
    """Reads what :mod:`footprint.engines.map_curve` measured."""

    name = "map_curve"
    what = "time and memory of the n-th map of an engine, by its child process"

    def points(self, maps: int) -> list[int]:
        """The n at which the curve is read: 1, 2, 5, 10, … and the last."""
        steps = [factor * 10**power for power in range(7) for factor in (1, 2, 5)]
        return sorted({n for n in steps if n < maps} | {maps})

    def at(self, answer: dict[str, Any], n: int) -> dict[str, Number]:
        """Of all engines, the median around the `n`-th map, all maps up to it, and the memory that they took."""
        curves = answer["curves"]
        around = [_near(curve["seconds"], n) for curve in curves]
        first = [curve["resident"][0] for curve in curves]
        return {
            "unicorn.map.seconds": median(around),
            "unicorn.maps.seconds": fmean(sum(curve["seconds"][:n]) for curve in curves),
            "unicorn.maps.bytes": fmean(
                max(0, curve["resident"][n - 1] - start) for curve, start in zip(curves, first, strict=True)
            ),
        }

    def law(self, answer: dict[str, Any]) -> dict[str, Number]:
        """The exponent of the n-th map's time over n, with its interval, and the bytes that each engine leaks."""
        curves = answer["curves"]
        maps = len(curves[0]["seconds"])
        points = [n for n in self.points(maps) if n >= FIRST_FITTED]
        leak: dict[str, Number] = {"unicorn.leak.bytes": answer["leak"]}
        if len(points) < 2 or len(curves) < 2:
            return leak
        law = power_law(points, [[_near(curve["seconds"], n) for n in points] for curve in curves])
        return leak | {
            "unicorn.exponent": round(law.exponent, 4),
            "unicorn.exponent.low": round(law.low, 4),
            "unicorn.exponent.high": round(law.high, 4),
        }


def _near(seconds: list[float], n: int) -> float:
    """The median time of the maps around the `n`-th."""
    reach = int(n * SMOOTHED)
    return median(seconds[max(0, n - 1 - reach) : n + reach])
