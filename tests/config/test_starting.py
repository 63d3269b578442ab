from __future__ import annotations

import os
import stat
from dataclasses import dataclass

import pytest

from mentionwatch.config.starting import Answers, ChannelAnswer, starter, write_new
from mentionwatch.credentials import Secret
from mentionwatch.errors import ConfigError, ExportError


@dataclass(frozen=True, kw_only=True)
class Shop:
    host: str
    token: Secret
    port: int = 443
    spare: Secret | None = None


@pytest.fixture(autouse=True)
def _known(channel_type):
    channel_type("shop", Shop)


ANSWERS = Answers(
    brand='Acme "Coffee" \\ Söhne',
    terms=("Acme", "#acme", "/ac.?me/"),
    domains=("acme.example",),
    own_accounts=("care@acme.example",),
    timezone="Europe/London",
    hours={"mon-fri": ("09:00-12:00", "13:00-17:00"), "sat,sun": ("10:00-12:00",)},
    holidays="GB-ENG",
    channels=(
        ChannelAnswer(type="shop", name="my till", values={"host": "shop.example"}),
        ChannelAnswer(type="shop"),
        ChannelAnswer(type="file", name="calls", values={"path": "calls.csv"}),
    ),
)


def test_what_init_writes_loads(loaded):
    config = loaded(starter(ANSWERS))
    assert config.brand.name == ANSWERS.brand
    assert config.brand.terms == ANSWERS.terms
    assert config.hours.days[5] == ((600, 720),)
    till, calls = config.channels
    assert (till.name, till.type, till.channel.host) == ("my till", "shop", "shop.example")
    assert till.channel.token == Secret("env:MENTIONWATCH_MY_TILL_TOKEN")
    assert calls.channel.path.name == "calls.csv"


def test_one_answer_is_enough(loaded):
    config = loaded(starter(Answers(brand="Acme")))
    assert config.brand.terms == ("Acme",)
    assert config.hours.always_open


def test_what_nobody_can_guess_is_left_to_fill_in(loaded):
    text = starter(Answers(brand="Acme", channels=(ChannelAnswer(type="shop"),)))
    assert loaded(text).channels == ()
    assert "Fill in host" in text
    filled = text.replace('# host = "…"', 'host = "shop.example"')
    filled = filled.replace("# [channels.shop]", "[channels.shop]").replace("# token", "token")
    assert loaded(filled).channels[0].channel.host == "shop.example"


def test_optional_keys_are_named_with_their_defaults():
    text = starter(Answers(brand="Acme", channels=(ChannelAnswer(type="shop"),)))
    assert "#   port = 443" in text
    assert '#   spare = "env:MENTIONWATCH_SHOP_SPARE"' in text


def test_a_new_file_is_for_its_owner_only_and_never_replaces_another(tmp_path):
    path = tmp_path / "new" / "config.toml"
    old = os.umask(0)
    try:
        write_new(path, "é\n")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert path.read_bytes() == "é\n".encode()
    with pytest.raises(ConfigError, match="exists already"):
        write_new(path, "other")
    assert path.read_bytes() == "é\n".encode()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"file: cannot be made \(File exists\)"):
        write_new(tmp_path / "file" / "config.toml", "x")
