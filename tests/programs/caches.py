"""Cycles that put an entry into something that keeps it: with a bound that is far away, without one, or beside a leak."""

import collections
import functools

FAR = 1_000_000
COUNT = {"cycles": 0}


class Bounded(dict):
    maxsize = FAR


class Namespace:
    maxsize = FAR
    entries = []


DEQUE, ENDLESS_DEQUE = collections.deque(maxlen=FAR), collections.deque()
BOUNDED, ENTRIES, LAST_HUNDRED = Bounded(), [], {}


@functools.lru_cache(maxsize=FAR)
def remembered(number):
    return (number,)


@functools.cache
def remembered_for_ever(number):
    return (number,)


def counted():
    COUNT["cycles"] += 1
    return COUNT["cycles"]


def lru_cache():
    remembered(counted())


def deque():
    number = counted()
    DEQUE.append((number, str(number)))


def own_class():
    number = counted()
    BOUNDED[number] = (number, str(number))


def lru_cache_without_bound():
    remembered_for_ever(counted())


def deque_without_bound():
    number = counted()
    ENDLESS_DEQUE.append((number, str(number)))


def leak_beside_a_cache():
    number = counted()
    remembered(number)
    ENTRIES.append([str(number), object()])


def namespace_with_a_maxsize():
    number = counted()
    Namespace.entries.append((number, str(number)))


def full():
    number = counted()
    LAST_HUNDRED[number] = str(number)
    LAST_HUNDRED.pop(number - 100, None)
