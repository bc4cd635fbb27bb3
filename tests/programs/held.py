"""Cycles that keep a Session, each in a container of its own kind."""

import collections


class Session:
    pass


class App:
    every = []


KEEP, CACHE, SEEN, LAST, BY = [], {}, set(), collections.deque(), collections.defaultdict(list)
APP, NESTED = App(), {"a": (0, [])}
APP.sessions = {}


def in_list():
    KEEP.append(Session())


def in_dict():
    CACHE[len(CACHE)] = Session()


def in_set():
    SEEN.add(Session())


def in_deque():
    LAST.append(Session())


def in_defaultdict():
    BY[len(BY)] = Session()


def in_a_field():
    APP.sessions[len(APP.sessions)] = Session()


def in_a_class():
    App.every.append(Session())


def in_a_tuple_of_a_dict():
    NESTED["a"][1].append(Session())
