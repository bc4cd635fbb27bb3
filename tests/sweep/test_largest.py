"""The search for the largest machine, beside brute force."""

from hypothesis import given
from hypothesis import strategies as st

from footprint.gate.budget import Budget
from footprint.recording.sweep import Fit, Term
from footprint.sweep.largest import MOST_PLAYED, Search

LAW = Fit("flatviews.alive", "n", "r", 1, 1, 1, "linear", "exact", (Term(0.0), Term(3.0, 1)), {}, ((1, 3), (2, 6)))


def search(values, limit, *, least=0, most=None, known=(), fit=None):
    """What is found where n costs `values[n]`, and no larger machine can be built."""
    played = []

    def play(n):
        played.append(n)
        return values[n] if n < len(values) else None

    found = Search(Budget.parse(f"flatviews.alive<={limit}"), play, least, most)
    for n in known:
        found.know(n, values[n])
    found.run(fit)
    assert len(played) == len(set(played)), "no machine is played twice"
    return found


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=80),
    st.integers(0, 300),
    st.integers(0, 3),
    st.booleans(),
    st.data(),
)
def test_it_finds_what_trying_every_machine_finds(rises, limit, least, has_law, data):
    values = [sum(rises[: n + 1]) for n in range(len(rises))]
    most = data.draw(st.one_of(st.none(), st.integers(least, 100)))
    known = data.draw(st.lists(st.integers(least, max(least, len(values) - 1)), max_size=3))
    known = [n for n in known if n < len(values) and (most is None or n <= most)]
    found = search(values, limit, least=least, most=most, known=known, fit=LAW if has_law else None)
    end = len(values) if most is None else min(len(values), most + 1)
    fitting = [n for n in range(least, end) if values[n] <= limit]
    assert found.played < MOST_PLAYED
    assert (found.low[0] if found.low else None) == (fitting[-1] if fitting else None)


def test_a_law_that_is_right_is_confirmed_by_two_machines():
    found = search([3 * n for n in range(5000)], 3000, known=(1, 2), fit=LAW)
    assert (found.low, found.high, found.played) == ((1000, 3000), (1001, 3003), 2)


def test_a_law_that_is_wrong_costs_time_and_not_the_answer():
    found = search([n * n for n in range(5000)], 3000, known=(1, 2), fit=LAW)
    assert (found.low[0], found.high[0]) == (54, 55)
