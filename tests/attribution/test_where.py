"""From the places to the verdict and its words: whatever happens while it is explained, the verdict is given."""

from contextlib import closing

import pytest

from footprint.leaks.measure import Options, measure
from footprint.leaks.plan import Plan
from footprint.leaks.subject import python_subject
from footprint.leaks.supervisor import Ended, Limits
from footprint.leaks.verdict_text import told
from tests.conftest import PROGRAMS

SHORT = Options(Plan(cycles=400))
TRACED = PROGRAMS / "traced.py"


@pytest.fixture
def app(tmp_path):
    def written(source):
        (tmp_path / "app.py").write_text(source)
        return f"{tmp_path}/app.py:cycle"

    return written


def test_unicorns_sparc64_leaves_twelve_blocks_a_cycle_beside_its_bytes(wheel, monkeypatch, path_without):
    monkeypatch.setenv("PYTHONPATH", wheel("2.1.4"))
    path_without("heaptrack", "valgrind")
    answer = measure("unicorn:sparc64", Options(Plan(cycles=60)))
    found = {one.metric: one for one in answer.findings}
    assert (found["heap.bytes"].slope.per_cycle, found["heap.blocks"].slope.per_cycle) == (123_072, 12)
    assert found["heap.blocks"].slope.low == found["heap.blocks"].slope.high == 12
    assert found["heap.blocks"].kind == "leak"
    for metric in ("heap.bytes", "heap.blocks"):
        assert "tlb_init_sparc64 ← cpu_sparc_init_sparc64" in found[metric].where[0].text


def test_a_target_that_raises_while_it_is_explained_keeps_its_verdict_and_says_so():
    answer = measure(f"{TRACED}:raises", SHORT)
    assert answer.verdict == "leak"
    assert any("KeyError: 'traced'" in hint for hint in answer.hints)


def test_a_target_that_dies_while_it_is_explained_keeps_its_verdict_and_says_so():
    answer = measure(f"{TRACED}:dies", SHORT)
    assert answer.verdict == "leak"
    assert any("killed by signal 6" in hint for hint in answer.hints)


def test_a_target_that_hangs_while_it_is_explained_is_given_up():
    with closing(python_subject(f"{TRACED}:hangs", Limits(100, cycle_seconds=0.3))) as subject:
        subject.ready()
        subject.run(20)
        with pytest.raises(Ended, match="hangs while its leak was traced"):
            subject.explain(5, {"python.blocks": 1.0})


def test_the_places_are_told_under_the_figures_the_amounts_in_one_column(app):
    answer = measure(app("keep = []\ndef cycle():\n    keep.append((object(), bytes(900)))\n"), SHORT)
    lines = list(told(answer))
    where = lines[lines.index("  where") + 1 :]
    assert where[0].startswith("    3 blocks, 1 005 B a cycle  keep.append((object(), bytes(900)))  app.py:3 in cycle")
    assert where[1].startswith("    1 tuple a cycle            held by list keep in module app (app.keep[")


def test_every_place_stands_with_the_metrics_that_it_explains(app):
    source = "import os\nkeep = []\ndef cycle():\n    keep.append(object())\n    os.open('/dev/null', 0)\n"
    answer = measure(app(source), SHORT)
    kinds = {one.metric: [place.kind for place in one.where] for one in answer.findings}
    assert kinds["fds"] == ["file"]
    assert set(kinds["python.blocks"]) == {"stack", "holder"}
    for one in answer.document()["findings"]:
        assert all({"metrics", "kind", "text", "per_cycle", "unit", "frames"} <= place.keys() for place in one["where"])
