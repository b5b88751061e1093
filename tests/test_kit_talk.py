"""What plugins print: kept and shown up to a limit."""

import io

from landscape.testing.talk import Brief, Kept


def test_what_is_kept_stops_growing():
    kept = Kept()
    for _ in range(5):
        assert kept.write("x" * 300_000) == 300_000
    assert kept.getvalue() == "x" * 1_000_000


def test_little_is_shown_as_it_is():
    stream = io.StringIO()
    brief = Brief(stream)
    print("hello", "there", file=brief)
    brief.writelines(["one\n", "two\n"])
    brief.end()
    assert stream.getvalue() == "hello there\none\ntwo\n"


def test_of_much_the_beginning_is_shown_and_the_rest_counted():
    stream = io.StringIO()
    brief = Brief(stream)
    for _ in range(1000):
        assert brief.write("12345\n") == 6
    brief.end()
    assert stream.getvalue() == ("12345\n" * 1000)[:2000] + "\n… and 4,000 more characters that the plugin printed\n"


def test_whatever_else_a_stream_has_is_that_of_the_stream():
    assert Brief(io.StringIO()).encoding == io.StringIO().encoding
    assert not Brief(io.StringIO()).isatty()
