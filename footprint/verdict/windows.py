"""What was read of a target in windows, beside an empty one: which of its metrics leak, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from footprint.verdict.hindsight import rate_so_far, unless_full, with_past, with_stairs
from footprint.verdict.past import Past
from footprint.verdict.trend import FADING, Course, Decision, Series, Slope, course, decide, growth, theil_sen

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
"""Reported with what leaks: pages are coarse, and the kernel's to give and take."""
PAGES, PAGES_FLOOR = "uss.bytes", 16.0
"""The pages that no other process has: they decide where nothing else grows, for memory of other allocators."""
PAGES_WINDOWS = 4
"""In each of so many windows pages must rise, block after block."""
CONTENT = "python.blocks"
"""What tables of Python hold, which take the heap in steps."""
EXACT = ("fds", "threads", "children")
"""Counts of the kernel that nothing but the target changes."""
LEAST_PIECE = 64 << 10
"""Bytes of pages or address space that a last step must have: less comes and goes for reasons of the kernel's."""
PIECES = 3
"""Steps that make a staircase of address space: two are an arena of Python's, and another."""


class Evidence:
    """The windows of a target and of the empty one, by metric; of the deciding metrics only `judged` count (None: all).

    What the empty target grows by is taken off. `past` has every reading since the process began, also those of the
    warm-up, and goes on while windows are added.
    """

    def __init__(self, judged: Iterable[str] | None = None, past: Mapping[str, Past] | None = None) -> None:
        self._judged = frozenset(FLOORS if judged is None else judged)
        self._is_all_judged = judged is None
        self._past: Mapping[str, Past] = {} if past is None else past
        self._windows: dict[str, list[Series]] = {}
        self._quiet: dict[str, list[Series]] = {}
        self._decided: dict[str, tuple[tuple[int, ...], Decision]] = {}

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
        return {("", name): tuple(self.adjusted(name)) for name in self._windows}

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
            if name not in self._windows or self.rate(name).low <= 0 or self.decide(name) == Decision.LEAK:
                continue
            if course(self.adjusted(name)[-1], floor) in (Course.GROWS, Course.STEPS):
                yield name

    def reads(self, name: str) -> bool:
        """Whether there are windows of it."""
        return name in self._windows

    @property
    def rates(self) -> dict[str, Slope]:
        """What each metric grows by per cycle."""
        return {name: self.rate(name) for name in self._windows}

    def rate(self, name: str) -> Slope:
        """What `name` grows by per cycle; what grows in ever larger steps, over the doublings of the cycles."""
        slope = growth(self.adjusted(name))
        if slope.low > 0 or name not in self._past or self.decide(name) != Decision.LEAK:
            return slope
        low, middle, high = self._past[name].doubling_rates()
        if low <= 0:
            low, high = self._past[name].staircase.rates
            middle = (low + high) / 2
        return Slope(middle, low, high)

    @property
    def grows_when_empty(self) -> list[str]:
        """The metrics that leak when nothing is run: then nothing can be told."""
        known = ((name, floor) for name, floor in FLOORS.items() if name in self._quiet)
        return [name for name, floor in known if decide(self._quiet[name], floor) == Decision.LEAK]

    def decide(self, name: str) -> Decision:
        """What the windows, and all that came before them, say of the metric `name`."""
        seen = (self.windows, *(len(past.cycles) for past in (self._past.get(name), self._past.get(CONTENT)) if past))
        if self._decided.get(name, ((), None))[0] != seen:
            self._decided[name] = (seen, self._decide(name))
        return self._decided[name][1]

    def _decide(self, name: str) -> Decision:
        if name == PAGES and "heap.bytes" not in self._windows:
            # Pages decide nothing, but where the heap is not known they are a reason to look longer.
            is_clean = decide(self.adjusted(name), FLOORS["vm.bytes"]) == Decision.CLEAN
            return Decision.CLEAN if is_clean else Decision.MORE
        if name == PAGES and self._is_all_judged:
            others = any(self.decide(other) == Decision.LEAK for other in FLOORS if other in self._windows)
            if others:
                return Decision.CLEAN
            decision = self.by_windows(PAGES)
            said = with_stairs(decision, self.past_of(PAGES), PAGES_FLOOR, LEAST_PIECE)
            return self._unless_full(PAGES, decision, said)
        if name not in FLOORS or name not in self._judged:
            return Decision.CLEAN
        windows, decision = self.adjusted(name), self.by_windows(name)
        if name == "vm.bytes" and "heap.bytes" in self._windows:
            said = with_stairs(decision, self.past_of(name), FLOORS[name], LEAST_PIECE, PIECES)
            return self._unless_full(name, decision, said)
        past = self.past_of(name)
        if past is None or len(windows) < 2:
            return decision
        start = self._windows[name][-2].values[0]
        said = with_past(decision, past, FLOORS[name], is_exact=name in EXACT, rate=windows[-1].mean, start=start)
        return self._unless_full(name, decision, said)

    def by_windows(self, name: str) -> Decision:
        """What the windows alone say of the metric `name`."""
        if name == PAGES:
            return self._decide_pages()
        windows = self.adjusted(name)
        # Address space is taken in large pieces; where the heap is known, only steady growth is more than that.
        is_taken = name == "vm.bytes" and "heap.bytes" in self._windows
        if is_taken and windows and course(windows[-1], FLOORS[name]) == Course.STEPS:
            return Decision.CLEAN
        return decide(windows, FLOORS[name])

    @property
    def in_steps(self) -> bool:
        """Whether all that leaks grows in steps so rare that the windows alone do not tell its rate."""
        leaking = self.leaking
        return bool(leaking) and all(growth(self.adjusted(name)).low <= 0 for name in leaking)

    @property
    def is_exact(self) -> bool:
        """Whether a count of the kernel leaks that rose by the same in every cycle, for more cycles than a pool has."""
        return any(name in EXACT and self.decide(name) == Decision.LEAK and self._rises(name) for name in self._windows)

    @property
    def so_far(self) -> dict[str, float]:
        """What the judged metrics grow by per cycle of late, or in stairs that go on; counts of the kernel first."""
        known = [name for name in (*EXACT, *FLOORS) if name in self._past and name in self._judged]
        rates = {name: rate_so_far(self._past[name], FLOORS[name]) for name in known}
        return {name: rate for name, rate in rates.items() if rate > FLOORS[name]}

    @property
    def judged(self) -> list[str]:
        """The metrics that were read and may decide."""
        names = [name for name in FLOORS if name in self._windows and name in self._judged]
        return [*names, PAGES] if PAGES in self._windows and self._is_all_judged else names

    def _rises(self, name: str) -> bool:
        return name in self._past and self._past[name].rises_exactly()

    def _unless_full(self, name: str, by_windows: Decision, said: Decision) -> Decision:
        past, content = self.past_of(name), self.past_of(CONTENT)
        if past is None or content is None or "bytes" not in name:
            return said
        return unless_full(said, by_windows, past, content)

    def _decide_pages(self) -> Decision:
        """Pages that rise in every block of four windows, not ever more slowly, are memory that nothing else sees."""
        windows = self.adjusted(PAGES)
        if len(windows) < 2:
            return Decision.MORE
        courses = [course(window, PAGES_FLOOR) for window in windows[-PAGES_WINDOWS:]]
        rising = [how in (Course.GROWS, Course.STEPS) for how in courses]
        if not all(rising[-2:]):
            # Noise that hides a growth from the rule of the blocks does not hide it from the slopes.
            slopes = all(theil_sen(window.values, window.cycles)[1] > PAGES_FLOOR for window in windows[-2:])
            return Decision.MORE if slopes else Decision.CLEAN
        steady = all(after.mean >= FADING * before.mean for before, after in pairwise(windows[-PAGES_WINDOWS:]))
        return Decision.LEAK if all(rising) and steady and len(rising) == PAGES_WINDOWS else Decision.MORE

    def past_of(self, name: str) -> Past | None:
        """All that was read of `name`, without the growth of the empty target."""
        grown = growth(self._quiet.get(name, []))
        past = self._past.get(name)
        return past.less(grown.per_cycle) if past is not None and grown.low > 0 else past

    def adjusted(self, name: str) -> list[Series]:
        """The target's windows of a metric, without the growth of the empty one, where that grows at all."""
        grown = growth(self._quiet.get(name, []))
        return [window.less(grown.per_cycle if grown.low > 0 else 0.0) for window in self._windows[name]]
