import functools
import gc
import threading

import numpy as np
import pytest

from rwkeras.cache import Cache, cached


class Owner:
    pass


def get_recorded(cache, made, key, owner=None):
    """Gets a value equal to its key, and records the key if the value had to be made."""
    return cache.get(owner, key, lambda: made.append(key) or key)


def test_the_least_recently_used_goes_first():
    cache, made = Cache(3), []
    for key in (1, 2, 3, 1, 4, 1, 2):
        assert get_recorded(cache, made, key) == key
        assert len(cache) <= 3
    # 4 evicted 2, and then 2 evicted 3.
    assert made == [1, 2, 3, 4, 2]


def test_there_are_never_more_than_the_limit_of_any_owners():
    cache, owners = Cache(5), [Owner() for _ in range(4)]
    for n in range(60):
        cache.get(owners[n % 4], n, object)
        assert len(cache) <= 5


def test_what_weighs_more_leaves_less_room():
    cache, made = Cache(4), []
    for key in (1, 2, 3, 4):
        get_recorded(cache, made, key)
    cache.get(None, "heavy", object, lambda _: 3)
    assert len(cache) == 2
    cache.get(None, "too heavy", object, lambda _: 9)
    assert len(cache) == 1


@pytest.mark.parametrize("put", [False, True])
def test_evicted_reference_cycles_are_freed_immediately(put):
    class ReferenceCycle:
        def __init__(self):
            self.own = self

    cache = Cache(100)
    gc.disable()
    try:
        for n in range(5):
            if put:
                cache.put(n, ReferenceCycle(), 60)
            else:
                cache.get(None, n, ReferenceCycle, lambda _: 60)
        values = [value for value in gc.get_objects() if isinstance(value, ReferenceCycle)]
    finally:
        gc.enable()
    assert len(values) == 1


def test_values_go_with_their_owner():
    cache, owner, other = Cache(9), Owner(), Owner()
    for n in range(3):
        cache.get(owner, n, object)
    cache.get(other, 0, object)
    value = cache.get(None, 0, object)
    del owner
    gc.collect()
    assert len(cache) == 2
    assert cache.get(None, 0, object) is value


def test_owners_with_reused_ids_are_distinguished():
    cache, made = Cache(9), []
    for _ in range(20):  # Each owner may get the id of the previous one.
        owner = Owner()
        get_recorded(cache, made, "key", owner)
        del owner
    assert len(made) == 20


def test_a_value_that_cannot_be_made_is_asked_for_again():
    cache = Cache(3)

    def fail():
        raise ValueError("not yet")

    with pytest.raises(ValueError, match="not yet"):
        cache.get(None, "key", fail)
    assert len(cache) == 0
    assert cache.get(None, "key", lambda: 7) == 7


def test_a_value_may_need_others():
    cache = Cache(3)
    nested = functools.partial(cache.get, None, "outer", lambda: cache.get(None, "inner", list))
    assert nested() is nested() is cache.get(None, "inner", dict)


def test_a_value_is_for_one_user_alone_while_it_is_taken():
    cache = Cache(10)
    cache.put("key", value := object(), weight=4)
    assert cache.take("key") is value
    assert cache.take("key") is None
    for n in range(3):
        cache.put(n, n, weight=4)
    assert len(cache) == 2


def test_values_are_made_once_for_all_threads():
    cache, made, found = Cache(50), [], [[] for _ in range(8)]
    together = threading.Barrier(8)

    def ask(n):
        together.wait()
        for key in range(40):
            found[n].append(get_recorded(cache, made, key))

    threads = [threading.Thread(target=ask, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(made) == list(range(40))
    assert all(values == list(range(40)) for values in found)


def test_threads_that_crowd_the_cache_get_the_right_values():
    cache, wrong = Cache(4), []

    def ask(n):
        random = np.random.default_rng(n)
        for _ in range(300):
            owner, key = Owner(), int(random.integers(9))
            if cache.get(None, key, lambda key=key: key) != key or len(cache) > 4:
                wrong.append(key)
            cache.get(owner, key, object)

    threads = [threading.Thread(target=ask, args=[n]) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong


def test_tables_are_kept_by_their_arguments(monkeypatch):
    monkeypatch.setattr("rwkeras.cache.CACHE", cache := Cache(10))
    monkeypatch.setattr("rwkeras.cache._MIB", 1024)

    @cached
    def table(rows, columns):
        calls.append((rows, columns))
        return np.zeros((rows, columns))

    calls = []
    assert table(2, 3) is table(2, 3)
    assert table(3, 2).shape == (3, 2)
    assert calls == [(2, 3), (3, 2)]
    for columns in range(4, 10):
        table(2, columns)
    assert len(cache) == 8
    table(32, 24)  # 6 KiB, which weighs as much as 7 small tables.
    assert len(cache) == 4
