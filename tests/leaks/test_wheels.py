"""Unicorn's releases, each in an environment of its own: what every one leaks, and what it does not."""

import json

import pytest

from footprint.install import install_command
from tests.conftest import PROGRAMS

CASES = [
    # wheel, target, metric, bytes per cycle, blocks of the heap per cycle
    ("2.1.4", "arm", "", 0, None),
    ("2.1.4", "x86_64:run", "", 0, None),
    ("2.1.4", "sparc64", "heap.bytes", 123_072, 12),
    ("2.0.0rc7", "arm", "", 0, None),
    ("1.0.3", "sparc64:open", "heap.bytes", 7_865_170, 27),
]


def rates(document, kind="leak"):
    return {one["metric"]: one["per_cycle"] for one in document["findings"] if one["kind"] == kind}


@pytest.mark.parametrize(("version", "target", "metric", "per_cycle", "blocks"), CASES)
def test_every_release_gets_its_verdict_and_its_rate(footprint, wheel, version, target, metric, per_cycle, blocks):
    done = footprint("leaks", f"unicorn:{target}", "--json", PYTHONPATH=wheel(version))
    document = json.loads(done.stdout)
    found = rates(document)
    assert document["what"] == f"unicorn {version}"
    assert (done.returncode, document["verdict"]) == ((1, "leak") if metric else (0, "clean"))
    assert found.get("heap.blocks") == blocks
    if metric:
        assert found[metric] == pytest.approx(per_cycle, rel=0.01)
    else:
        assert found == {}


def test_the_release_that_keeps_address_space_shows_nothing_in_the_heap(footprint, wheel):
    done = footprint("leaks", "unicorn:arm", "--json", PYTHONPATH=wheel("2.0.0rc6"))
    document = json.loads(done.stdout)
    found = rates(document)
    assert (done.returncode, document["verdict"], document["ended"]) == (1, "leak", "")
    assert found["vm.bytes"] == pytest.approx(1 << 30, rel=0.001)
    assert ("heap.bytes" in found, found["maps"]) == (False, 2)
    assert found["rss.bytes"] == pytest.approx(2 << 20, rel=0.01)
    assert any("1.00 GiB" in place["text"] for one in document["findings"] for place in one["where"])


def test_an_engine_with_a_python_hook_is_retained_until_it_is_collected(footprint, wheel):
    done = footprint("leaks", f"{PROGRAMS}/hooked.py:cycle", "--json", PYTHONPATH=wheel("2.1.4"))
    document = json.loads(done.stdout)
    assert (done.returncode, rates(document)) == (0, {})
    kept = rates(document, "retained")
    assert kept["heap.bytes"] == pytest.approx(943_000, rel=0.01)
    assert kept["vm.bytes"] == pytest.approx(1 << 30, rel=0.01)


@pytest.mark.parametrize(("target", "words"), [("sparc64:run", "hangs in cycle 1"), ("ppc64:run", "raises")])
def test_an_emulation_that_hangs_or_raises_is_reported_as_that(footprint, wheel, target, words):
    done = footprint("leaks", f"unicorn:{target}", "--json", "--seconds", "4", PYTHONPATH=wheel("2.1.4"))
    assert done.returncode == 3
    assert words in json.loads(done.stdout)["ended"]


def test_without_unicorn_it_is_told_how_to_get_it(footprint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unicorn.py").write_text("raise ModuleNotFoundError(name='unicorn')\n")
    done = footprint("leaks", "unicorn:arm")
    assert (done.returncode, done.stdout) == (3, "")
    assert install_command("unicorn") in done.stderr
