"""A verdict in words: its figures as far as they are known, and no more places than one reads."""

from footprint.leaks.verdict_text import MOST_PLACES, told
from footprint.verdict.place import Place, PlaceKind
from footprint.verdict.trend import Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict


def text(slope, places=1, **how):
    where = tuple(Place(PlaceKind.NATIVE, f"line {n}", amount=f"{n} blocks", size=n) for n in range(1, places + 1))
    leak = Finding(FindingKind.LEAK, "heap.bytes", slope, where)
    answer = Verdict("app:cycle", Answer.LEAK, 2000, (leak,), warmup=100)
    return "\n".join(told(answer, **how))


def test_an_interval_is_told_by_its_ends():
    assert "heap.bytes    1 024 B   1 020 … 1 028" in text(Slope(1024, 1020, 1028))


def test_an_interval_without_width_is_exact_and_one_too_narrow_to_show_is_its_figure():
    assert "heap.bytes       32 B   exact" in text(Slope(32, 32, 32))
    assert text(Slope(32, 31.999, 32.001)).splitlines()[3].endswith("32 B   32")


def test_the_first_line_has_a_figure_that_is_exact_where_there_is_one():
    rough, exact = (
        Finding(FindingKind.LEAK, "heap.bytes", Slope(8.6, 5, 12)),
        Finding(FindingKind.LEAK, "python.blocks", Slope(4, 4, 4)),
    )
    assert next(told(Verdict("app:cycle", Answer.LEAK, 2000, (rough, exact)))) == "leak: app:cycle, 4 blocks a cycle"
    assert next(told(Verdict("app:cycle", Answer.LEAK, 2000, (rough,)))) == "leak: app:cycle, 8.6 B a cycle"
    close = Finding(FindingKind.LEAK, "python.blocks", Slope(5, 5, 5.01))
    pages = Finding(FindingKind.LEAK, "uss.bytes", Slope(433, 432.9, 433))
    known = Verdict("app:cycle", Answer.LEAK, 2000, (rough, close, pages))
    assert next(told(known)) == "leak: app:cycle, 5 blocks a cycle"


def test_most_of_the_blocks_are_told_before_the_few_of_the_heap():
    def first(heap, malloced, python):
        rates = {"heap.bytes": Slope(heap, heap, heap + 0.1), "heap.blocks": Slope(malloced, malloced, malloced)}
        rates["python.blocks"] = Slope(python, python, python)
        findings = tuple(Finding(FindingKind.LEAK, name, slope) for name, slope in rates.items())
        return next(told(Verdict("app:cycle", Answer.LEAK, 2000, findings)))

    assert first(48, 1, 10) == "leak: app:cycle, 10 blocks a cycle"
    assert first(4800, 1, 10) == first(48, 1, 1) == "leak: app:cycle, 1 block a cycle"


def test_of_many_places_the_largest_are_shown_and_the_rest_counted():
    said = text(Slope(32, 32, 32), places=MOST_PLACES + 3)
    assert said.count("blocks a cycle  line") == MOST_PLACES
    assert f"line {MOST_PLACES + 3}\n" in said and "line 3\n" not in said
    assert "and 3 more (--json)\n" in said
    assert "and 3 more\n" in text(Slope(32, 32, 32), places=MOST_PLACES + 3, more="")


def test_places_that_read_the_same_are_told_once_with_how_many_there_are():
    frames = [("take", "c2", "c3", inner, "c5", "c6", "call", "app.py:3 in cycle") for inner in ("add", "new")]
    where = tuple(Place(PlaceKind.NATIVE, amount="1 block, 16 B", size=16, frames=each) for each in frames)
    findings = tuple(Finding(FindingKind.LEAK, name, Slope(64, 64, 64), where) for name in ("heap.bytes", "vm.bytes"))
    said = "\n".join(told(Verdict("app:cycle", Answer.LEAK, 2000, findings)))
    assert said.count("take ←") == 1
    assert "2 × 1 block, 16 B a cycle  take ← c2 ← c3 ← … call ← app.py:3 in cycle" in said
