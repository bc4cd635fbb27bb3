"""When a program that is sent lines has answered."""

import pytest

from footprint.errors import RequestError
from footprint.leaks.line_answer import AnswerRule

MONITOR = "QEMU 11.1.2 monitor - type 'help' for more information\r\n(qemu) "


def test_a_line_is_the_answer_to_a_line():
    rule = AnswerRule().after_start("")
    assert not rule.is_answered("half a li", 1, 9)
    assert rule.is_answered("a line\n", 1, 0)
    assert not rule.is_answered("a line\n", 2, 0)


def test_a_program_that_begins_with_a_prompt_has_answered_when_it_shows_it_again():
    rule = AnswerRule().after_start(MONITOR)
    echo = "d\x1b[K\x1b[Ddevice_del x\x1b[K\r\n"
    assert not rule.is_answered(echo, 1, 9)
    assert rule.is_answered(f"{echo}(qemu) ", 1, 0)
    assert not rule.is_answered(f"{echo}(qemu) ", 2, 0)
    assert rule.is_answered(f"{echo}(qemu) {echo}(qemu) ", 2, 0)


def test_what_a_monitor_calls_an_error_is_one():
    rule = AnswerRule().after_start(MONITOR)
    assert rule.error_in("device_add x\r\nError: 'x' is not a valid device model name\r\n(qemu) ").startswith(
        "Error: 'x'"
    )
    assert not rule.error_in("info status\r\nVM status: paused\r\n(qemu) ")


def test_another_rule_may_be_given():
    assert AnswerRule(lines=3).is_answered("1\n2\n3\n", 1, 0)
    assert not AnswerRule(lines=3).is_answered("1\n2\n", 1, 0)
    assert AnswerRule(idle=0.5).is_answered("what ever", 1, 0.6)
    assert not AnswerRule(idle=0.5).is_answered("what\never", 1, 0.4)
    assert AnswerRule(prompt=r"\w+> ").after_start("old> ").is_answered("x\nnew> ", 1, 0)
    assert AnswerRule(fails="(?i)no such").error_in("a\nb: No such thing\n") == "b: No such thing"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AnswerRule(prompt="a", lines=2), "--prompt and --answer-lines are two ways to know an answer; give one"),
        (AnswerRule(prompt="("), r"--prompt '\(' is no regular expression"),
        (AnswerRule(fails="["), r"--fails '\[' is no regular expression"),
    ],
)
def test_what_is_no_rule_is_told(rule, words):
    with pytest.raises(RequestError, match=words):
        rule.checked()
