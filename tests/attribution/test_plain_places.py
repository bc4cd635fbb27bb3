"""The lines that a Python before 3.11 tells, here told by this one, in a process that does nothing else."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.conftest import ROOT

EXPLAIN = """
import json, sys
from functools import partial
from footprint.attribution.plain_places import plain_explanation
from footprint.leaks.measured_process import run
sys.path.insert(0, sys.argv[1])
import app
print(json.dumps(plain_explanation(partial(run, app.cycle), 20, json.loads(sys.argv[2]))))
"""


@pytest.fixture
def told(tmp_path):
    """The explanation of the cycles of `source`."""

    def explain(source, **rates):
        (tmp_path / "app.py").write_text(dedent(source))
        known = {name.replace("_", "."): rate for name, rate in rates.items()}
        words = [sys.executable, "-c", EXPLAIN, tmp_path, json.dumps(known)]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    return explain


def test_what_was_made_once_or_waits_for_the_collector_is_no_place(told):
    explanation = told(
        """
        kept, number = [], 0
        def cycle():
            global number
            number += 1
            garbage = []
            garbage.append(garbage)
            kept.append(object())
            if number in (10, 40):
                kept.append([str(n) for n in range(1000, 1010 if number == 10 else 1001)])
        """,
        python_blocks=1.0,
    )
    assert [(place["where"], place["rate"]) for place in explanation["places"]] == [("kept.append(object())", 1)]


def test_the_line_is_the_innermost_outside_of_the_standard_library(told):
    explanation = told(
        """
        import copy
        kept, template = [], {"a": [1.5]}
        def cycle():
            kept.append(copy.deepcopy(template))
        """,
        python_blocks=4.0,
    )
    assert [place["where"] for place in explanation["places"]] == ["kept.append(copy.deepcopy(template))"]


def test_a_ring_that_is_filled_again_is_said_to_be_too_much(told):
    ring = """
        kept, ring, numbers = [], [str(n) for n in range(1000)], iter(range(1000))
        def cycle():
            number = next(numbers)
            ring[number] = str(number)
            kept.append(object())
        """
    first, *hints = told(ring, python_blocks=1.0)["hints"]
    assert [hint.split(":")[0] for hint in hints] == ["these lines made 2 blocks a cycle, but only 1 stays"]
    kept_only = told("kept = []\ndef cycle():\n    kept.append(object())\n", python_blocks=1.0)["hints"]
    assert kept_only == [first]
