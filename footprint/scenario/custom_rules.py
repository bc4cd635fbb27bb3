"""Rules by name, or somebody's own from a file: ``v7.2.0,empty_view=off``, ``./my_rule.py:MyRule``."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from footprint.errors import UnknownNameError
from footprint.memory.policies import NodeReserve, OwnRules
from footprint.memory.render import MergeRule
from footprint.memory.roots import SharingRule
from footprint.memory.rules import HISTORY, RuleSet, changed, rule_set
from footprint.recording.model import ALL_RULES
from footprint.scripts import load


def find_rules(word: str) -> RuleSet:
    """The rule set that `word` means: a name, or ``FILE.py:CLASS`` for a rule of one's own.

    ``,feature=value`` may follow either. Raises UnknownNameError, RequestError or InputFileError.
    """
    if ".py:" not in word:
        return rule_set(word)
    named, _, changes = word.partition(",")
    path, _, name = named.rpartition(":")
    return changed(_own_rules(Path(path), name, named), word, changes)


def find_rule_sets(words: Iterable[str]) -> tuple[RuleSet, ...]:
    """The rule sets that `words` mean, each once; ``all`` is the whole history. Raises as :func:`find_rules` does."""
    names = dict.fromkeys(name for word in words for name in (HISTORY if word == ALL_RULES else (word,)))
    return tuple(find_rules(name) for name in names)


def _own_rules(path: Path, name: str, word: str) -> RuleSet:
    """The class `name` of the script at `path`, in place of what its `base` rule set has."""
    module = load(path)
    classes = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, _OWN) and value.__module__ == module.__name__
    }
    if name not in classes:
        raise UnknownNameError(f"rule in {path}", name, classes)
    own = classes[name]
    base = rule_set(getattr(own, "base", DEFAULT_BASE))
    replaced = OwnRules(
        sharing=own if issubclass(own, SharingRule) else None,
        merge=own if issubclass(own, MergeRule) else None,
        reserve=own if issubclass(own, NodeReserve) else None,
    )
    words = (own.__doc__ or "a rule of one's own").strip().splitlines()[0]
    return RuleSet(word, base.features, base.layout, f"on {base.name}: {words}", base.since, replaced)


DEFAULT_BASE = "v7.2.0"
"""The rule set that a rule of one's own changes, unless its class says ``base = …``."""

_OWN = (SharingRule, MergeRule, NodeReserve)
"""What a rule of one's own can be; a class may be several."""
