"""Bounded least-recently-used cache of compiled functions, copies of networks and tables.

Everything built for reuse is in one cache, `CACHE`, so that the memory of a process that sees ever
new sizes, models or losses stays bounded. Values built for a model are also removed when the model
is garbage collected.

The cache is thread-safe: one thread computes a value while others wait for it. A value evicted
while in use lives until its last user releases it.
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

# Maximum total weight, in MiB. Weights of compiled functions are estimates: 40 MiB were measured
# for the functions of one image size.
LIMIT = 512
# Evicted weight from which a full garbage collection is worth its time.
_COLLECTED = 32
_MIB = 2**20


class _Key(NamedTuple):
    """Key of a cached value.

    Attributes:
        owner: The id of the object that the value was built for, or None.
        key: Any hashable value.
    """

    owner: int | None
    key: Hashable


class _Entry:
    """A cached value, or a placeholder while one thread computes it."""

    def __init__(self, weight: int):
        self.weight = weight
        self.lock = threading.RLock()
        self.made = False
        self.value: Any = None


class Cache:
    """Thread-safe LRU cache of values by owner and key, bounded by total weight.

    Args:
        limit: Maximum total weight. A single value above it is kept, alone.
    """

    def __init__(self, limit: int):
        self._limit = limit
        self._lock = threading.Lock()
        self._entries = OrderedDict[_Key, _Entry]()
        self._owners = dict[int, weakref.ref]()
        # Owners may be deleted at any time and in any thread, even one that holds the lock.
        self._deleted = deque[int]()

    def __len__(self) -> int:
        """Returns the number of values."""
        with self._lock:
            removed = self._pop_ownerless()
            count = len(self._entries)
        del removed
        return count

    def clear(self) -> None:
        """Removes all values."""
        with self._lock:
            removed = list(self._entries.values())
            self._entries.clear()
            self._owners.clear()
        del removed

    def get(
        self,
        owner: Any,
        key: Hashable,
        make: Callable[[], _T],
        weigh: Callable[[_T], int] | None = None,
    ) -> _T:
        """Returns a cached value, computing it if missing.

        Args:
            owner: Object that the value is built for, such as a model; None for none. The value
                is removed with it, and must not refer to it.
            key: Key among the owner's values.
            make: Computes the value; may call `get` for other values.
            weigh: Returns the value's weight; None for 1.
        """
        place = _Key(None if owner is None else id(owner), key)
        with self._lock:
            removed = self._pop_ownerless()
            entry = self._entries.get(place)
            if entry is None:
                entry = self._entries[place] = _Entry(1)
                self._track_owner(owner)
            self._entries.move_to_end(place)
            removed += self._evict()
        _free(removed)
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
        """Removes and returns a value without owner, for exclusive use; None if there is none."""
        with self._lock:
            entry = self._entries.pop(_Key(None, key), None)
        return None if entry is None or not entry.made else entry.value

    def put(self, key: Hashable, value: Any, weight: int = 1) -> None:
        """Stores a value without owner, replacing any of the same key."""
        entry = _Entry(weight)
        entry.made, entry.value = True, value
        place = _Key(None, key)
        with self._lock:
            replaced = self._entries.pop(place, None)
            self._entries[place] = entry
            removed = self._evict()
        del replaced
        _free(removed)

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
                removed = self._pop_ownerless()
            finally:
                self._lock.release()
            del removed

    def _pop_ownerless(self) -> list[_Entry]:
        """Removes and returns the entries of deleted owners."""
        removed = list[_Entry]()
        while self._deleted:
            number = self._deleted.popleft()
            reference = self._owners.get(number)
            if reference is None or reference() is not None:  # A new owner has this id.
                continue
            del self._owners[number]
            places = [place for place in self._entries if place.owner == number]
            removed += [self._entries.pop(place) for place in places]
        return removed

    def _evict(self) -> list[_Entry]:
        """Removes the least recently used entries beyond the limit, never the newest."""
        removed = list[_Entry]()
        total = sum(entry.weight for entry in self._entries.values())
        while total > self._limit and len(self._entries) > 1:
            _, entry = self._entries.popitem(last=False)
            total -= entry.weight
            removed.append(entry)
        return removed

    def _weigh(self, entry: _Entry, weight: int) -> None:
        with self._lock:
            entry.weight = weight
            removed = self._evict()
        _free(removed)

    def _drop(self, place: _Key, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(place) is entry:
                del self._entries[place]


def _free(removed: list[_Entry]) -> None:
    """Frees removed entries and empties the list; call without holding the cache's lock.

    TensorFlow graphs contain reference cycles, which otherwise wait for a collection of the oldest
    generation; hundreds of MiB were observed to accumulate.
    """
    weight = sum(entry.weight for entry in removed)
    removed.clear()
    if weight >= _COLLECTED:
        gc.collect()


CACHE = Cache(LIMIT)


def megabytes(size: int) -> int:
    """Returns the weight of `size` bytes, in MiB, at least 1."""
    return 1 + size // _MIB


def cached(function: Callable[..., _T]) -> Callable[..., _T]:
    """Decorator that caches a function's results in `CACHE`, by its arguments.

    Args:
        function: Maps hashable arguments to a NumPy array or a tuple of arrays.
    """

    @functools.wraps(function)
    def lookup(*arguments: Hashable) -> _T:
        return CACHE.get(None, (function, arguments), lambda: function(*arguments), _array_weight)

    return lookup


def _array_weight(arrays: Any) -> int:
    several = arrays if isinstance(arrays, tuple) else (arrays,)
    return megabytes(sum(np.asarray(array).nbytes for array in several))
