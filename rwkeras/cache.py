"""A bounded least-recently-used cache of what was built, for models and in general.

Compiled functions, copies of networks and tables are kept for the next call of the same sizes. A
process that sees ever new sizes, models or losses would keep ever more, so that all of it is in one
cache, `CACHE`, in which what was not asked for the longest goes first. What was built for a model
also goes when the model does.

It may be used from several threads: each value is made once, by one of them, and the others wait
for it. A value that goes from the cache while a thread works with it lives on until that is done.
"""

import functools
import gc
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, TypeVar

import numpy as np

_T = TypeVar("_T")

# How much is kept, by weight. That is in MiB, but for what is compiled an estimate: 40 MiB were
# measured for the functions of one size of images.
LIMIT = 512
# From which weight on what goes is worth the time to look through all objects for it.
_COLLECTED = 32
_MIB = 2**20


class _Key(NamedTuple):
    """Key of a cached value.

    Attributes:
        owner: The id of the model that it was built for, or None.
        key: Anything that can be hashed.
    """

    owner: int | None
    key: Hashable


class _Entry:
    """A value, or the place where one thread makes it."""

    def __init__(self, weight: int):
        self.weight = weight
        self.lock = threading.RLock()
        self.made = False
        self.value: Any = None


class Cache:
    """Values by owner and key, of a total weight; the least recently used go first.

    Args:
        limit: How much they weigh together at most. A value that alone weighs more is kept alone.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._lock = threading.Lock()
        self._entries = OrderedDict[_Key, _Entry]()
        self._owners = dict[int, weakref.ref]()
        # Owners are deleted at any time, and in any thread, maybe one that holds the lock.
        self._deleted = deque[int]()

    def __len__(self) -> int:
        """Returns how many values there are."""
        with self._lock:
            gone = self._pop_ownerless()
            count = len(self._entries)
        del gone
        return count

    def clear(self) -> None:
        """Removes all values."""
        with self._lock:
            gone = list(self._entries.values())
            self._entries.clear()
            self._owners.clear()
        del gone

    def get(
        self,
        owner: Any,
        key: Hashable,
        make: Callable[[], _T],
        weigh: Callable[[_T], int] | None = None,
    ) -> _T:
        """Returns a value, which is made if there is none.

        Args:
            owner: What it was built for and goes with, such as a model, to which it must not
                refer; None for nothing.
            key: What it is, among the owner's.
            make: Makes it. It may ask the cache for other values.
            weigh: Returns what it weighs; None for 1.
        """
        place = _Key(None if owner is None else id(owner), key)
        with self._lock:
            gone = self._pop_ownerless()
            entry = self._entries.get(place)
            if entry is None:
                entry = self._entries[place] = _Entry(1)
                self._track_owner(owner)
            self._entries.move_to_end(place)
            gone += self._evict()
        _free(gone)
        with entry.lock:
            if not entry.made:
                try:
                    entry.value = make()
                except BaseException:
                    self._drop(place, entry)
                    raise
                entry.made = True
                if weigh is not None:
                    self._weigh(entry, weigh(entry.value))
        return entry.value

    def take(self, key: Hashable) -> Any:
        """Returns a value of no owner and removes it, for one user alone; None if there is none."""
        with self._lock:
            entry = self._entries.pop(_Key(None, key), None)
        return None if entry is None or not entry.made else entry.value

    def put(self, key: Hashable, value: Any, weight: int = 1) -> None:
        """Stores a value of no owner, in place of another of the same key."""
        entry = _Entry(weight)
        entry.made, entry.value = True, value
        place = _Key(None, key)
        with self._lock:
            replaced = self._entries.pop(place, None)
            self._entries[place] = entry
            gone = self._evict()
        del replaced
        _free(gone)

    def _track_owner(self, owner: Any) -> None:
        """Registers an owner, whose values are removed when it is garbage collected."""
        if owner is None or id(owner) in self._owners:
            return
        number = id(owner)
        self._owners[number] = weakref.ref(owner, lambda _: self._owner_deleted(number))

    def _owner_deleted(self, number: int) -> None:
        """Marks an owner as deleted, and removes its values unless another thread has the lock."""
        self._deleted.append(number)
        if self._lock.acquire(blocking=False):
            try:
                gone = self._pop_ownerless()
            finally:
                self._lock.release()
            del gone

    def _pop_ownerless(self) -> list[_Entry]:
        """Removes and returns the entries of deleted owners."""
        gone = list[_Entry]()
        while self._deleted:
            number = self._deleted.popleft()
            reference = self._owners.get(number)
            if reference is None or reference() is not None:  # A new one has the number.
                continue
            del self._owners[number]
            places = [place for place in self._entries if place.owner == number]
            gone += [self._entries.pop(place) for place in places]
        return gone

    def _evict(self) -> list[_Entry]:
        """Removes the least recently used entries beyond the limit, never the newest."""
        gone = list[_Entry]()
        total = sum(entry.weight for entry in self._entries.values())
        while total > self._limit and len(self._entries) > 1:
            _, entry = self._entries.popitem(last=False)
            total -= entry.weight
            gone.append(entry)
        return gone

    def _weigh(self, entry: _Entry, weight: int) -> None:
        with self._lock:
            entry.weight = weight
            gone = self._evict()
        _free(gone)

    def _drop(self, place: _Key, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(place) is entry:
                del self._entries[place]


def _free(gone: list[_Entry]) -> None:
    """Frees removed entries, outside of the cache's lock, and empties the list.

    TensorFlow's graphs are cycles of objects, which else wait for the collector's oldest
    generation: hundreds of MiB were seen to.
    """
    weight = sum(entry.weight for entry in gone)
    gone.clear()
    if weight >= _COLLECTED:
        gc.collect()


CACHE = Cache(LIMIT)


def megabytes(size: int) -> int:
    """Returns what so many bytes weigh, in MiB, at least 1."""
    return 1 + size // _MIB


def kept(function: Callable[..., _T]) -> Callable[..., _T]:
    """Returns a function whose arrays are kept in `CACHE`, by its arguments.

    Args:
        function: Of arguments that can be hashed, to a NumPy array or a tuple of such.
    """

    @functools.wraps(function)
    def looked_up(*arguments: Hashable) -> _T:
        return CACHE.get(None, (function, arguments), lambda: function(*arguments), _array_weight)

    return looked_up


def _array_weight(arrays: Any) -> int:
    several = arrays if isinstance(arrays, tuple) else (arrays,)
    return megabytes(sum(np.asarray(array).nbytes for array in several))
