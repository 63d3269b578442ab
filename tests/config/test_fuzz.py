"""Whatever stands in a file: it loads, or ConfigError says what is wrong."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentionwatch.config import Config, Found, load
from mentionwatch.config.showing import masked
from mentionwatch.config.writing import quoted, value
from mentionwatch.errors import ConfigError
from tests.config.example import sections

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BLOCKS = [
    *re.findall(r"```toml\n(.*?)```", (ROOT / "docs" / "config.md").read_text(), re.DOTALL),
    *(f"[brand]\nname = 'A'\n{section}" for section in sections()[1:]),
]
SECTIONS = [*Config._fields, "handoff", "replies", "zz"]
KEYS = [*sorted(set(re.findall(r"^([a-z_-]+) *=", "\n".join(BLOCKS), re.MULTILINE))), "", "é\x01"]
WORDS = [*sorted(set(re.findall(r'"([^"\\\n]+)"', "\n".join(BLOCKS)))), "", "env:", "cmd:x", "/(/"]

SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.text(max_size=8),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.dates(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inside, max_size=4)
    ),
    max_leaves=10,
)


def survives(data: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "acme.toml"
        path.write_bytes(data)
        path.chmod(0o600)
        with suppress(ConfigError):
            masked(load(Found(path=path), {}))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_random_bytes(data):
    survives(data)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(SECTIONS), VALUES, max_size=5))
def test_random_values(tree):
    text = "\n".join(f"{quoted(name)} = {value(one)}" for name, one in tree.items())
    survives(text.encode("utf-8", "replace"))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BLOCKS), st.data())
def test_one_value_of_a_good_file_replaced(block, data):
    lines = block.splitlines()
    spots = [index for index, line in enumerate(lines) if re.match(r"[\w-]+ *= ", line)]
    spot = data.draw(st.sampled_from(spots))
    lines[spot] = f"{lines[spot].partition('=')[0]}= {value(data.draw(VALUES))}"
    survives("\n".join(lines).encode("utf-8", "replace"))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(BLOCKS), st.data())
def test_a_good_file_with_a_piece_cut_out(block, data):
    start = data.draw(st.integers(0, len(block)))
    end = data.draw(st.integers(start, min(len(block), start + 40)))
    survives((block[:start] + block[end:]).encode())
