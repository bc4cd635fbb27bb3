"""The course of a start-up, commit by commit, in a bounded number of points."""

from __future__ import annotations

from typing import NamedTuple

MOST_POINTS = 400


class Moment(NamedTuple):
    """After `commit` commits: views in use, views waiting for the grace period, bytes allocated for all."""

    commit: int
    alive: int
    waiting: int
    bytes: int


class History:
    """Moments at every `stride`-th commit; the stride doubles when there are too many."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.stride = 1

    def wants(self, commit: int) -> bool:
        """Whether this commit is one of those to note."""
        return commit % self.stride == 0

    def note(self, commit: int, alive: int, waiting: int, weight: int) -> None:
        """Keep this moment. Those noted between strides (before and after a grace period) stay."""
        self.moments.append(Moment(commit, alive, waiting, weight))
        if len(self.moments) > MOST_POINTS:
            self.stride *= 2
            first, last = self.moments[0], self.moments[-1]
            kept = [moment for moment in self.moments[1:-1] if moment.commit % self.stride == 0]
            self.moments = [first, *kept, last]
