from __future__ import annotations

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from mentionwatch.config.lines import Key, key_lines
from mentionwatch.config.writing import quoted, value


def test_every_way_of_writing_a_key_has_its_line():
    text = """\
# a comment
top = 1
[a]
  b = "x"   # c = 3
  c.d = 1
  "quoted é" = 2
  'l.it' = 3
[a.e]
list = [
  "one",
  # not = "a key"
  { in = 1, "line" = [ 2,
     3 ] },
]
text = QQQ
fake = 1
[fake]
still QQ inside QQQ
after = '''
also = "fake"
'''
inline = { x = { y = 1 }, z = 2 }
[[t]]
k = 1
[[t]]
k = 2
[t.sub]
m = 1
[[t.deep]]
n = 1
[[t.deep]]
n = 2
last = 1979-05-27 07:32:00
""".replace("Q", '"')
    tomli.loads(text)
    lines = key_lines(text)
    expected: dict[Key, int] = {
        ("top",): 2,
        ("a",): 3,
        ("a", "b"): 4,
        ("a", "c"): 5,
        ("a", "c", "d"): 5,
        ("a", "quoted é"): 6,
        ("a", "l.it"): 7,
        ("a", "e"): 8,
        ("a", "e", "list", 0): 10,
        ("a", "e", "list", 1, "in"): 12,
        ("a", "e", "list", 1, "line", 1): 13,
        ("a", "e", "text"): 15,
        ("a", "e", "after"): 19,
        ("a", "e", "inline", "x", "y"): 22,
        ("a", "e", "inline", "z"): 22,
        ("t", 0): 23,
        ("t", 1): 25,
        ("t", 1, "k"): 26,
        ("t", 1, "sub", "m"): 28,
        ("t", 1, "deep", 0, "n"): 30,
        ("t", 1, "deep", 1, "n"): 32,
        ("t", 1, "deep", 1, "last"): 33,
    }
    assert {key: lines.get(key) for key in expected} == expected
    assert ("fake",) not in lines
    assert ("a", "e", "fake") not in lines


def test_escapes_in_keys_are_understood():
    assert key_lines('"a\\u00e9\\"b\\\\" = 1') == {('aé"b\\',): 1}


def test_windows_line_ends_count_once():
    assert key_lines("a = 1\r\nb = 2\r\n")[("b",)] == 2


def test_text_that_is_not_toml_gives_what_was_understood():
    assert key_lines("a = 1\n= = =\nb = 2") == {("a",): 1}


def keys_of(value: object, key: Key = ()) -> set[Key]:
    found = {key} if key else set()
    if isinstance(value, dict):
        for name, inside in value.items():
            found |= keys_of(inside, (*key, name))
    if isinstance(value, list):
        for index, inside in enumerate(value):
            found |= keys_of(inside, (*key, index))
    return found


KEYS = st.text(max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(-9, 9) | st.text(max_size=6) | st.dates(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(KEYS, inside, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_every_key_of_a_document_is_found(tree):
    text = "\n".join(f"{quoted(name)} = {value(one)}" for name, one in tree.items())
    assert keys_of(tomli.loads(text)) == set(key_lines(text))
