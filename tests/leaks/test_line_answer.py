"""When a program that is sent lines has answered."""

import re

import pytest

from footprint.errors import RequestError
from footprint.leaks.line_answer import AnswerRule, Speech, plain

GREETING = "(qemu) "
ECHO = "d\x1b[K\x1b[Dde\x1b[K\x1b[D\x1b[Ddevice_del x\x1b[K\r\n"


def heard(rule, *chunks):
    speech = Speech(rule)
    for chunk in chunks:
        speech.hear(chunk)
    return speech


def monitor(*chunks):
    return heard(AnswerRule().after_start(GREETING), *chunks)


def test_lines_count_when_they_have_an_end():
    assert heard(AnswerRule(), "half a li").lines == 0
    assert heard(AnswerRule(), "half a li", "ne\nmore").lines == 1


def test_a_program_that_begins_with_a_prompt_waits_when_it_shows_it_again():
    assert not monitor(ECHO).is_waiting
    assert monitor(ECHO, GREETING).is_waiting
    assert monitor(ECHO, GREETING, ECHO, GREETING).prompts == 2


def test_a_prompt_may_come_in_pieces_and_between_what_steers_a_terminal():
    for cut in range(1, len(GREETING)):
        speech = monitor(ECHO, GREETING[:cut])
        assert not speech.is_waiting
        speech.hear(GREETING[cut:])
        assert speech.is_waiting and speech.prompts == 1
    assert not monitor(ECHO, "\x1b[?2004h\x1b]0;a title\x07(qe\x1b[1mmu\x1b[0m) \x1b[").is_waiting
    assert monitor(ECHO, "\x1b[?2004h\x1b]0;a title\x07(qe\x1b[1mmu\x1b[0m) ").is_waiting


def test_a_line_that_a_terminal_draws_again_is_one_line():
    assert monitor(ECHO, "(qemu) \r(qemu) ").prompts == 1
    assert plain("(qemu) inf\r\x1b[K(qemu) info\r") == "(qemu) info"


def test_prompts_of_lines_without_an_answer_stand_one_after_the_other():
    assert heard(AnswerRule().after_start("(gdb) "), "(gdb) ", "(gdb) ").prompts == 2


def test_what_an_answer_says_of_a_prompt_is_none():
    speech = monitor(ECHO, "it shows (qemu) when it is ready\n", "(qemu) info is the command to\n")
    assert not speech.is_waiting
    assert not monitor(ECHO, "(qemu) and more").is_waiting


@pytest.mark.parametrize(
    ("prompt", "said", "error"),
    [
        (GREETING, f"{ECHO}Error: 'x' is not a valid device model name\r\n(qemu) ", "Error: 'x' is not a valid"),
        (GREETING, f"{ECHO}unknown command: 'dvice_add'\r\n(qemu) ", "unknown command: 'dvice_add'"),
        (GREETING, f"{ECHO}VM status: paused (Error: none)\r\n(qemu) ", ""),
        (">>> ", "Traceback (most recent call last):\n  File \"x\"\nStopIteration\n>>> ", "StopIteration"),
        (">>> ", "an Error: is no error\n>>> ", ""),
        ("sqlite> ", 'Parse error: near "x": syntax error\n  x;\n  ^--- error here\n', "Parse error: near"),
        ("(gdb) ", 'No symbol "x" in current context.\n', "No symbol"),
        ("# ", "sh: 3: nosuch: not found\n", "sh: 3: nosuch: not found"),
    ],
)  # fmt: skip
def test_what_a_known_program_calls_an_error_is_one(prompt, said, error):
    told = heard(AnswerRule().after_start(prompt), said).error
    assert told.startswith(error) and bool(told) == bool(error)


def test_what_an_error_is_may_be_said():
    assert heard(AnswerRule(fails="(?i)no such"), "a\nb: No such thing\nc\n").error == "b: No such thing"


def test_a_rule_that_was_given_stays_whatever_the_program_shows():
    for rule in (AnswerRule(prompt=r"\w+> "), AnswerRule(lines=3), AnswerRule(idle=0.5)):
        assert rule.after_start("old> ") == rule
    assert heard(AnswerRule(prompt=r"\w+> "), "x\nnew> ").is_waiting
    assert AnswerRule().after_start("  ") == AnswerRule()


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (AnswerRule(prompt="a", lines=2), "--prompt and --answer-lines are two ways to know an answer; give one"),
        (AnswerRule(prompt="("), r"--prompt '(' is no regular expression"),
        (AnswerRule(fails="["), r"--fails '[' is no regular expression"),
        (AnswerRule(prompt="x*"), r"--prompt 'x*' matches an empty line"),
    ],
)
def test_what_is_no_rule_is_told(rule, words):
    with pytest.raises(RequestError, match=re.escape(words)):
        rule.checked()
