"""unicorn_maps on real wheels: the curve, its law, and the leak of each engine."""

import json

import pytest

from footprint.install import install_command


@pytest.fixture
def run(footprint, wheel):
    def recorded(*values):
        words = [word for value in values for word in ("-s", value)]
        done = footprint("run", "unicorn_maps", *words, "--json", PYTHONPATH=wheel("2.1.4"))
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return recorded


def test_a_thousand_maps_of_2_1_4_have_a_law_with_an_interval(run):
    recording = run("maps=1000", "engines=5")
    (measured,) = recording["runs"]
    last = measured["samples"][-1]["metrics"]
    assert measured["rules"] == "unicorn-2.1.4"
    assert [sample["cycle"] for sample in measured["samples"] if sample["mark"] == "mapped"] == [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000,
    ]  # fmt: skip
    assert last["unicorn.exponent.low"] <= last["unicorn.exponent"] <= last["unicorn.exponent.high"]
    # The thousandth map draws a thousand regions: dearer than the fiftieth, and not by more than their number squared.
    assert 0.2 < last["unicorn.exponent"] < 2
    assert "grows as n to the" in recording["answer"]


def test_the_leak_of_an_engine_stands_beside_it(run):
    clean, leaking = (run(f"arch={arch}", "maps=60", "engines=2") for arch in ("x86_64", "sparc64"))
    leak = [recording["runs"][0]["samples"][-1]["metrics"]["unicorn.leak.bytes"] for recording in (clean, leaking)]
    assert leak[0] == pytest.approx(0, abs=2000)
    assert leak[1] == pytest.approx(123_072, rel=0.02)


@pytest.mark.parametrize(("arch", "code"), [("x86_64", 0), ("sparc64", 1)])
def test_a_budget_holds_on_an_architecture_that_is_known_good_and_breaks_on_one_that_leaks(
    footprint, wheel, arch, code
):
    done = footprint("gate", "unicorn_maps", "-s", f"arch={arch}", "-s", "maps=60", "-s", "engines=2", "--mark", "built",
                     "--budget", "unicorn.leak.bytes<=4KiB", PYTHONPATH=wheel("2.1.4"))  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr


def test_without_unicorn_it_is_told_how_to_get_it(footprint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unicorn.py").write_text("raise ModuleNotFoundError(name='unicorn')\n")
    done = footprint("run", "unicorn_maps", "--json")
    assert done.returncode == 3
    assert install_command("unicorn") in done.stderr
