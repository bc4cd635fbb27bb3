"""A line that only replaces what was there before tracing is not blamed for a leak beside it."""

import pytest

BLOCKS = {"python.blocks": 1.0}
RENEWED = {
    "ring": ("ring = [b'%0450d' % i for i in range(5000)]", "ring[n % 5000] = b'%0450d' % n"),
    "ring_of_pairs": ("ring = [[str(i)] for i in range(5000)]", "ring[n % 5000] = [str(n)]"),
    "ring_of_tables": ("ring = [{'n': str(i)} for i in range(5000)]", "ring[n % 5000] = {'n': str(n)}"),
    "dict": ("values = {i: b'%0450d' % i for i in range(5000)}", "values[n % 5000] = b'%0450d' % n"),
    "deque": (
        "from collections import deque\nlast = deque((str(i) for i in range(5000)), maxlen=5000)",
        "last.append(b'%0450d' % n)",
    ),
    "ring_of_objects": (
        "class Page:\n    def __init__(self): self.text = str(id(self))\nring = [Page() for _ in range(5000)]",
        "ring[n % 5000] = Page()",
    ),
    "fields": (
        "class Slot: __slots__ = 'text'\nring = [Slot() for _ in range(5000)]\nfor slot in ring: slot.text = str(id(slot))",
        "ring[n % 5000].text = b'%0450d' % n",
    ),
    "lru_cache": (
        "from functools import lru_cache\n"
        "page = lru_cache(5000)(lambda k: b'<p>%0400d</p>' % k)\n"
        "for i in range(5000): page(-i)",
        "page(n)",
    ),
}
HOLD = "import ctypes\nhold = ctypes.pythonapi.Py_IncRef\nhold.argtypes = [ctypes.py_object]"
LEAK = "kept.append(object())"


def target(fills, renews, leaks=LEAK):
    body = "\n".join(f"    {line}" for line in filter(None, (renews, leaks)))
    return f"{fills}\nn, kept = 1000, []\ndef cycle():\n    global n\n    n += 1\n{body}\n"


def lines(explanation):
    return [f"{place.amount}  {place.where}" for place in explanation.places if place.kind == "stack"]


@pytest.mark.parametrize("kind", RENEWED)
def test_what_is_full_and_filled_again_is_not_told_beside_a_leak(explained, kind):
    explanation = explained(target(*RENEWED[kind]), BLOCKS)
    assert lines(explanation) == [f"1 block, 16 B  {LEAK}"]
    assert [place.amount for place in explanation.places if place.kind == "holder"] == ["1 object"]
    assert explanation.hints == ()


def test_objects_that_only_replace_others_are_no_type_of_which_there_are_more(explained):
    fills = "class Page:\n    __slots__ = 'text'\nring = [Page() for _ in range(5000)]"
    explanation = explained(target(fills, "ring[n % 5000] = Page()"), {**BLOCKS, "gc.objects": 1.0})
    assert [place.kind for place in explanation.places] == ["stack", "holder"]


def test_of_two_classes_the_one_is_told_of_which_there_are_more(explained):
    fills = "class Page: pass\nclass Session: pass\nring = [Page() for _ in range(5000)]"
    explanation = explained(target(fills, "ring[n % 5000] = Page()", "kept.append(Session())"), BLOCKS)
    assert [line.split("  ")[1] for line in lines(explanation)] == ["kept.append(Session())"]
    assert explanation.hints == ()


def test_of_one_line_only_what_stays_is_told(explained):
    fills, renews = RENEWED["ring"]
    explanation = explained(target(fills, f"{renews}; {LEAK}", ""), BLOCKS)
    assert lines(explanation) == [f"1 block, 16 B  {renews}; {LEAK}"]


def test_a_leak_of_many_blocks_keeps_all_of_them_beside_a_ring_of_larger_ones(explained):
    leak = "kept.append([str(k) for k in range(n * 50, n * 50 + 50)])"
    explanation = explained(target(*RENEWED["ring"], leak), {"python.blocks": 52.0})
    (line,) = lines(explanation)
    assert line.startswith("52 blocks, ") and leak[:40] in line


def test_a_leak_that_no_container_holds_stays_beside_a_ring(explained):
    leak = "hold(str(n))"
    fills = f"{RENEWED['ring'][0]}\n{HOLD}"
    explanation = explained(target(fills, RENEWED["ring"][1], leak), BLOCKS)
    (line,) = lines(explanation)
    assert line.startswith("1 block, ") and line.endswith(leak)


def test_a_chain_that_grows_at_one_end_stays_beside_a_ring(explained):
    leak = "ends['last'] = (ends['last'], n)"
    fills = f"{RENEWED['ring'][0]}\nends = dict.fromkeys(['first', 'last'])"
    explanation = explained(target(fills, RENEWED["ring"][1], leak), {"python.blocks": 2.0, "gc.objects": 1.0})
    assert lines(explanation) == ["1 block, 56 B  " + leak, "1 block, 32 B  n += 1"]


@pytest.mark.parametrize("rates", [{"fds": 1.0}, {"heap.bytes": 40.0}, {"gc.objects": 1.0}], ids=list)
def test_a_ring_alone_is_no_place_of_what_else_grows(explained, rates):
    explanation = explained(
        target("ring = [bytes(5000 + i % 2) for i in range(2000)]", "ring[n % 2000] = bytes(5000 + n % 2)", ""), rates
    )
    assert lines(explanation) == []


def test_what_cannot_be_told_apart_is_all_told_and_said_to_be_too_much(explained):
    fills, renews = RENEWED["fields"]
    explanation = explained(target(f"{fills}\n{HOLD}", renews, "hold(str(n))"), BLOCKS)
    assert lines(explanation) == [f"1 block, 483 B  {renews}", "1 block, 53 B  hold(str(n))"]
    (hint,) = explanation.hints
    assert hint.startswith("these lines made 2 blocks a cycle, but only 1 stays")


@pytest.mark.parametrize("leak", [LEAK, "kept.append({'a': [n], 'b': str(n)})", "kept.extend([n, str(n)])"])
def test_a_list_that_was_made_long_and_fills_now_keeps_its_line(explained, leak):
    explanation = explained(target("slots = [None] * 5000", "slots[n] = bytes(99)", leak), {"python.blocks": 2.0})
    assert "1 block, 132 B  slots[n] = bytes(99)" in lines(explanation)
    assert explanation.hints == ()


def test_nor_is_it_taken_for_one_that_is_full_where_another_is(explained):
    fills, renews = RENEWED["fields"]
    source = target(f"{fills}\n{HOLD}\nslots = [None] * 5000", f"{renews}\n    slots[n] = bytes(99)", "hold(str(n))")
    assert "1 block, 132 B  slots[n] = bytes(99)" in lines(explained(source, {"python.blocks": 2.0}))


def test_a_rare_leak_beside_a_ring_of_many_blocks_keeps_its_line(explained):
    leak = "n % 8 or hold(str(n))"
    renews = "for k in range(60): ring[(n * 60 + k) % 90_000] = str(-n * k - 1)"
    explanation = explained(
        target(f"ring = [str(-n - 1) for n in range(90_000)]\n{HOLD}", renews, leak), {"python.blocks": 0.125}
    )
    assert any(line.endswith(leak) for line in lines(explanation))
