"""What checks share: made once and kept while there is room, begun once and ended at the end."""

from contextlib import contextmanager

import pytest

from landscape.testing.sharing import begun, shared, sharing


def test_what_is_shared_is_made_once_inside_and_each_time_outside():
    made = []
    with sharing():
        for _ in range(3):
            shared("key", lambda: made.append(1))
        with sharing():
            shared("key", lambda: made.append(1))
    assert len(made) == 1
    shared("key", lambda: made.append(1))
    shared("key", lambda: made.append(1))
    assert len(made) == 3


def test_of_much_the_latest_is_kept():
    made = []

    def get(key, size):
        shared(key, lambda: made.append(key), lambda _: size)

    with sharing():
        get("small", 0)
        for key in ("a", "b", "a", "c", "a", "small"):
            get(key, 2**29)
        assert made == ["small", "a", "b", "c"]
        get("b", 2**29)
        assert made[4:] == ["b"]
        get("huge", 2**40)
        get("huge", 2**40)
        assert made[5:] == ["huge"]


def test_what_was_begun_is_ended_with_the_outermost_sharing():
    told = []

    @contextmanager
    def work(name):
        told.append(f"{name} begins")
        yield name
        told.append(f"{name} ends")

    with sharing():
        with sharing():
            assert begun("key", lambda: work("one")) == "one"
        assert begun("key", lambda: work("two")) == "one"
        assert told == ["one begins"]
    assert told == ["one begins", "one ends"]
    with pytest.raises(RuntimeError, match="nothing can be begun outside"):
        begun("key", lambda: work("three"))
