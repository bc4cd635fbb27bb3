"""A place renders itself, and comes back from the pipe as it went."""

import json

import pytest

from footprint.verdict.place import Explanation, Place, PlaceKind, counted, figure, largest

FRAMES = tuple(f"app.py:{line} in f{line}" for line in range(1, 8))
STACK = Place(PlaceKind.STACK, "keep.append(x)", ("python.blocks",), "1 block, 16 B", 1, "blocks", 16, FRAMES[:2])


def test_the_line_of_python_that_called_into_c_is_told_before_the_targets_own():
    c = ("f1", "f2", "f3", "f4", "f5", "f6")
    own = Place(PlaceKind.NATIVE, frames=(*c, "app.py:9 in cycle"))
    assert own.where_text == "f1 ← f2 ← f3 ← … f6 ← app.py:9 in cycle"
    called = Place(PlaceKind.NATIVE, frames=(*c, "app.py:4 in helper", "app.py:9 in cycle"))
    assert called.where_text == "f1 ← f2 ← f3 ← … f6 ← app.py:4 in helper ← app.py:9 in cycle"
    deep = Place(PlaceKind.NATIVE, frames=(*c, "app.py:4 in helper", "app.py:6 in middle", "app.py:9 in cycle"))
    assert deep.where_text == "f1 ← f2 ← f3 ← … f6 ← app.py:4 in helper ← … app.py:9 in cycle"


def test_a_place_is_told_with_its_amount_its_name_and_the_first_frames():
    assert STACK.text == "1 block, 16 B a cycle  keep.append(x)  app.py:1 in f1 ← app.py:2 in f2"
    assert (STACK.amount_text, STACK.where_text) == (
        "1 block, 16 B a cycle",
        "keep.append(x)  app.py:1 in f1 ← app.py:2 in f2",
    )
    assert Place(PlaceKind.NATIVE, amount="1 block", frames=FRAMES).text.count(" ← ") == 4


def test_what_a_place_lacks_leaves_no_gap():
    assert Place(PlaceKind.REMAINS, "left").text == "left"
    assert Place(PlaceKind.NATIVE, amount="1 block", frames=("malloc_it",)).text == "1 block a cycle  malloc_it"
    assert Place(PlaceKind.NATIVE).text == ""


def test_a_name_with_wide_gaps_stays_in_its_own_column():
    odd = Place(PlaceKind.FILE, "/tmp/two  blanks", amount="1 descriptor")
    assert odd.amount_text == "1 descriptor a cycle"
    assert odd.where_text == "/tmp/two  blanks"


def test_the_document_has_what_the_contract_names():
    assert STACK.document() == {
        "metrics": ["python.blocks"],
        "kind": "stack",
        "text": STACK.text,
        "per_cycle": 1,
        "unit": "blocks",
        "frames": ["app.py:1 in f1", "app.py:2 in f2"],
        "bytes": 16,
    }


@pytest.mark.parametrize("kind", PlaceKind)
def test_an_explanation_comes_back_from_the_pipe_as_it_went(kind):
    place = Place(kind, "there", ("heap.bytes", "maps"), "2 things", 2.5, "things", 0.1, FRAMES)
    went = Explanation((place, STACK), {"heap.blocks": 3.0}, "a cache", ("a hint", "another"), 7.5)
    came = Explanation.from_pipe(json.loads(json.dumps(went.to_pipe())))
    assert came == went
    assert isinstance(came.places[0].kind, PlaceKind)


def test_native_places_come_first_and_explain_what_was_untraced():
    native = Place(PlaceKind.NATIVE, "malloc_it", ("heap.bytes", "heap.blocks"), size=48)
    explanation = Explanation((STACK,), untraced=64).with_native([native], 1)
    assert explanation.places == (native, STACK)
    assert (explanation.rates, explanation.untraced) == ({"heap.blocks": 1}, 0)
    assert explanation.of_metric("heap.blocks") == (native,)
    assert Explanation().with_native([native], 0.5).rates == {}


def test_the_largest_are_told_first_and_no_more_than_are_read():
    places = [Place(PlaceKind.FILE, str(number), size=number) for number in range(50)]
    assert [place.where for place in largest(places)] == [str(number) for number in range(49, 37, -1)]


def test_what_is_counted_has_its_number_and_its_plural():
    assert [counted(n, "process", "processes") for n in (1, 2, 0.02)] == ["1 process", "2 processes", "0.02 processes"]
    assert counted(1234567, "block") == "1 234 567 blocks"


@pytest.mark.parametrize(("number", "text"), [(0.0645, "0.0645"), (999.4, "999"), (999.7, "1 000"), (4229.16, "4 229")])
def test_a_figure_has_three_digits_or_all_before_the_point(number, text):
    assert figure(number) == text


def test_of_many_frames_the_last_are_the_call_into_c_and_the_targets_own_line():
    def told(native, python):
        frames = (*(f"c{n}" for n in range(1, native + 1)), *FRAMES[:python])
        return Place(PlaceKind.NATIVE, frames=frames).text

    assert told(0, 7) == " ← ".join([*FRAMES[:4], f"… {FRAMES[6]}"])
    assert told(2, 5) == " ← ".join(["c1", "c2", *FRAMES[:2], f"… {FRAMES[4]}"])
    assert told(4, 1) == " ← ".join(["c1", "c2", "c3", "c4", FRAMES[0]])
    assert told(4, 3) == " ← ".join(["c1", "c2", "c3", "c4", FRAMES[0], f"… {FRAMES[2]}"])
    assert told(7, 1) == " ← ".join(["c1", "c2", "c3", "… c7", FRAMES[0]])
    assert told(7, 3) == " ← ".join(["c1", "c2", "c3", "… c7", FRAMES[0], f"… {FRAMES[2]}"])


def test_of_several_lines_a_native_place_gets_the_one_that_takes_as_many_bytes():
    lines = [
        Place(PlaceKind.STACK, f"call_{size}()", size=size, frames=(f"app.py:{size} in f",)) for size in (864, 192)
    ]
    natives = [Place(PlaceKind.NATIVE, size=size, frames=(f"c{size}",)) for size in (848, 184, 500)]
    told = Explanation(lines=tuple(lines)).with_native(natives, 3)
    assert [place.frames for place in told.places] == [
        ("c848", "app.py:864 in f"),
        ("c184", "app.py:192 in f"),
        ("c500",),
    ]


LINES = tuple(
    Place(PlaceKind.STACK, f"call_{size}()", ("heap.bytes",), f"{size} B", size, "B", size, (f"app.py:{size} in f",))
    for size in (864, 192)
)


def test_a_native_place_to_which_several_lines_led_is_shared_by_them():
    native = Place(PlaceKind.NATIVE, "", ("heap.blocks",), "3 blocks, 500 B", 500, "B", 500, ("c500",))
    places = Explanation(lines=LINES).with_native([native], 3).places
    assert [place.text for place in places] == [
        "409 B a cycle  c500 ← app.py:864 in f", "90.9 B a cycle  c500 ← app.py:192 in f",
    ]  # fmt: skip
    assert sum(place.size for place in places) == 500
    assert {place.metrics for place in places} == {("heap.blocks",)}


@pytest.mark.parametrize("lines", [LINES, LINES[:1]])
def test_a_stack_that_says_nothing_is_told_by_its_lines_and_not_beside_them(lines):
    native = Place(PlaceKind.NATIVE, "the interpreter", ("heap.blocks",), "6 blocks, 1 000 B", 1000, "B", 1000)
    places = Explanation(lines=lines).with_native([native], 6).places
    assert [place.text for place in places] == [line.text for line in lines]
    assert {place.metrics for place in places} == {("heap.blocks",)}


def test_the_only_line_tells_what_the_interpreter_took_where_that_is_no_more():
    native = Place(PlaceKind.NATIVE, "the interpreter", ("heap.blocks",), "6 blocks, 800 B", 800, "B", 800)
    (place,) = Explanation(lines=LINES[:1]).with_native([native], 6).places
    assert place.text == "6 blocks, 800 B a cycle  call_864()  app.py:864 in f"


def test_where_it_is_open_which_line_led_to_which_native_place_lines_repeat_no_bytes():
    natives = [Place(PlaceKind.NATIVE, amount=f"{size} B", size=size, frames=(f"c{size}",)) for size in (500, 400)]
    places = Explanation(lines=LINES).with_native(natives, 2).places
    assert [place.text for place in places] == [
        "500 B a cycle  c500", "400 B a cycle  c400",
        "call_864()  app.py:864 in f", "call_192()  app.py:192 in f",
    ]  # fmt: skip
    assert sum(place.size for place in places) == 900
