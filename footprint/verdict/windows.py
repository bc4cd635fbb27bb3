"""What was read of a target in windows, beside an empty one: which of its metrics leak, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from footprint.verdict.trend import Course, Decision, Series, Slope, course, decide, growth

FLOORS = {
    "heap.bytes": 0.3,
    "python.blocks": 0.005,
    "gc.objects": 0.005,
    "vm.bytes": 16.0,
    "maps": 0.005,
    "fds": 0.005,
    "threads": 0.005,
    "children": 0.005,
}
"""What decides, with the growth per cycle that is still noise: less than 64 bytes or one object in 1 % of cycles."""
CONFIRMING = {"uss.bytes": 1.0, "rss.bytes": 1.0}
"""Reported, never decides: pages are coarse, and the kernel's to give and take."""


class Evidence:
    """The windows of a target and of the empty one, by metric; of the deciding metrics only `judged` count (None: all).

    What the empty target grows by is taken off.
    """

    def __init__(self, judged: Iterable[str] | None = None) -> None:
        self._judged = frozenset(FLOORS if judged is None else judged)
        self._windows: dict[str, list[Series]] = {}
        self._quiet: dict[str, list[Series]] = {}

    def add(
        self, edges: Sequence[int], rows: Sequence[Mapping[str, float]], quiet: Sequence[Mapping[str, float]]
    ) -> None:
        """One more window: what was read after these cycles of it, of the target and of the empty one."""
        for readings, into in ((rows, self._windows), (quiet, self._quiet)):
            for name in readings[0]:
                into.setdefault(name, []).append(Series(tuple(edges), tuple(row[name] for row in readings)))

    @property
    def windows(self) -> int:
        """How many there are."""
        return max(map(len, self._windows.values()), default=0)

    def last_cycles(self, windows: int) -> int:
        """Cycles of the last so many windows."""
        return sum(window.cycles[-1] for window in next(iter(self._windows.values()), [])[-windows:])

    @property
    def readings(self) -> dict[tuple[str, str], tuple[Series, ...]]:
        """The windows of each metric, without what the empty target grows by, as a verdict has them."""
        return {("", name): tuple(self._adjusted(name)) for name in self._windows}

    @property
    def leaking(self) -> list[str]:
        """The metrics that leak."""
        return [name for name in self._windows if self.decide(name) == Decision.LEAK]

    @property
    def undecided(self) -> list[str]:
        """The metrics for which another window is needed."""
        return [name for name in self._windows if self.decide(name) == Decision.MORE]

    @property
    def agreeing(self) -> Iterator[str]:
        """The pages that grow, too."""
        for name, floor in CONFIRMING.items():
            if name in self._windows and course(self._adjusted(name)[-1], floor) in (
                Course.GROWS,
                Course.STEPS,
            ):
                yield name

    @property
    def rates(self) -> dict[str, Slope]:
        """What each metric grows by per cycle."""
        return {name: self.rate(name) for name in self._windows}

    def rate(self, name: str) -> Slope:
        """What `name` grows by per cycle."""
        return growth(self._adjusted(name))

    @property
    def grows_when_empty(self) -> list[str]:
        """The metrics that leak when nothing is run: then nothing can be told."""
        known = ((name, floor) for name, floor in FLOORS.items() if name in self._quiet)
        return [name for name, floor in known if decide(self._quiet[name], floor) == Decision.LEAK]

    def decide(self, name: str) -> Decision:
        """What the windows say of the metric `name`."""
        if name == "uss.bytes" and "heap.bytes" not in self._windows:
            # Pages decide nothing, but where the heap is not known they are a reason to look longer.
            is_clean = decide(self._adjusted(name), FLOORS["vm.bytes"]) == Decision.CLEAN
            return Decision.CLEAN if is_clean else Decision.MORE
        if name not in FLOORS or name not in self._judged:
            return Decision.CLEAN
        windows = self._adjusted(name)
        decision = decide(windows, FLOORS[name])
        # Address space is taken in large pieces; where the heap is known, only steady growth is more than that.
        is_coarse = name == "vm.bytes" and "heap.bytes" in self._windows
        return Decision.CLEAN if is_coarse and course(windows[-1], FLOORS[name]) == Course.STEPS else decision

    def _adjusted(self, name: str) -> list[Series]:
        """The target's windows of a metric, without the growth of the empty one, where that grows at all."""
        grown = growth(self._quiet.get(name, []))
        return [window.less(grown.per_cycle if grown.low > 0 else 0.0) for window in self._windows[name]]
