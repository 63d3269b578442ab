from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from mentionwatch.core.business_hours import Target
from mentionwatch.credentials import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """A table inside a channel's table."""

    match: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A channel with a field of every kind."""

    family: ClassVar[str] = "reviews"

    host: str
    token: Secret
    port: int = 993
    ratio: float = 1.0
    tls: bool = True
    mode: Literal["fast", "slow"] = "fast"
    folders: tuple[str, ...] = ("INBOX",)
    headers: Mapping[str, Secret] = field(default_factory=dict)
    map: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[Form, ...] = ()
    form: Form | None = None
    either: str | tuple[str, ...] = ""
    spare: Secret | None = None
    ca_file: Path | None = None
    folder: Path = Path("data")
    wait: timedelta = timedelta(0)
    own_accounts: tuple[str, ...] = ()
    timeout: float = 30.0

    def problems(self) -> Iterator[tuple[str, str]]:
        if self.host == "bad.example":
            yield "host", "is not a shop"


@pytest.fixture(autouse=True)
def _known(channel_type):
    channel_type("shop", Shop)


SHOP = '[channels.shop]\nhost = "shop.example"\ntoken = "env:SHOP_TOKEN"\n'


def test_fields_of_the_class_are_the_keys(loaded, tmp_path):
    (channel,) = loaded(
        SHOP
        + """\
port = 143
ratio = 2
tls = false
mode = "slow"
folders = ["INBOX", "Sent"]
headers = { X-Key = "env:KEY", Accept = "text/plain" }
map = { id = "Call ID", text = ["a", "b"], n = 1 }
forms = [{ match = "contact", labels = ["Name"] }]
form = { match = "x" }
either = ["a"]
spare = { cmd = ["pass", "x"] }
ca_file = "ca.pem"
wait = "2m"
"""
    ).channels
    shop = channel.channel
    assert isinstance(shop, Shop)
    assert (channel.name, channel.type, channel.family) == ("shop", "shop", "reviews")
    assert (shop.port, shop.ratio, shop.tls, shop.mode) == (143, 2.0, False, "slow")
    assert shop.folders == ("INBOX", "Sent")
    assert shop.token == Secret("env:SHOP_TOKEN")
    assert shop.token.key == "channels.shop.token"
    assert shop.headers["X-Key"].key == "channels.shop.headers.X-Key"
    assert shop.map == {"id": "Call ID", "text": ["a", "b"], "n": 1}
    assert shop.forms == (Form(match="contact", labels=("Name",)),)
    assert shop.form == Form(match="x")
    assert shop.either == ("a",)
    assert shop.spare is not None
    assert shop.spare.uses_command
    assert shop.ca_file == tmp_path / "ca.pem"
    assert shop.folder == tmp_path / "data"
    assert shop.wait == timedelta(minutes=2)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("port = true", "port", "whole number"),
        ('port = "143"', "port", "without quotes"),
        ("port = 0x" + "f" * 400, "port", "very large"),
        ("ratio = nan", "ratio", "number"),
        ("ratio = inf", "ratio", "number"),
        ('tls = "yes"', "tls", "true or false"),
        ('mode = "fats"', "mode", 'did you mean "fast"?'),
        ('folders = "INBOX"', "folders", '["INBOX"]'),
        ("folders = [1]", "folders[1]", "text in quotes"),
        ("headers = 1", "headers", "table"),
        ("headers = { a = 1 }", "headers.a", "text in quotes"),
        ("forms = [{}]", "forms[1].match", "is missing"),
        ('forms = [{ match = "x", label = [] }]', "forms[1].label", 'did you mean "labels"?'),
        ("form = []", "form", "table"),
        ("either = 1", "either", "a text in quotes or a list"),
        ("either = [1]", "either[1]", "text in quotes"),
        ("spare = 12345", "spare", "env:NAME"),
        ("ca_file = 1", "ca_file", "text"),
        ('ca_file = "~nobodyhere/x"', "ca_file", "home folder"),
        ("wait = 3", "wait", "duration"),
        ("wait = 1979-05-27", "wait", "duration"),
        ("prot = 143", "prot", 'did you mean "port"?'),
        ('targets = { normal = "1d" }', "targets.normal", "ambiguous"),
        ('targets = { norml = "1h" }', "targets.norml", 'did you mean "normal"?'),
        ('keep = "for ever"', "keep", "duration"),
        ("keep_raw = 1", "keep_raw", "true or false"),
        ('every = "0m"', "every", "longer than nothing"),
        ("timeout = 0", "timeout", "1 to 3600 seconds"),
        ("enabled = 0", "enabled", "true or false"),
        ("own_accounts = [1]", "own_accounts[1]", "text"),
    ],
)
def test_a_wrong_value_says_what_is_allowed(the_problem, text, key, words):
    problem = the_problem(SHOP + text)
    assert (problem.line, problem.key) == (6, f"channels.shop.{key}")
    assert words in str(problem)


def test_a_secret_never_stands_in_a_message(problems):
    text = '[channels.shop]\nhost = "h"\ntoken = 4711081547\nspare = ["hunter2secret"]\n'
    found = "\n".join(map(str, problems(text + 'headers = { A = ["hunter2secret"] }')))
    assert "4711081547" not in found
    assert "hunter2" not in found


def test_required_keys_say_what_they_must_be(problems):
    found = problems("[channels.shop]\n")
    assert [(problem.line, problem.key) for problem in found] == [
        (3, "channels.shop.host"),
        (3, "channels.shop.token"),
    ]
    assert "a text in quotes" in found[0].hint
    assert "env:NAME" in found[1].hint


def test_the_class_has_a_word_of_its_own(the_problem):
    problem = the_problem('[channels.shop]\nhost = "bad.example"\ntoken = "env:T"')
    assert (problem.line, problem.message) == (4, "is not a shop")


def test_keys_of_every_channel(loaded):
    (channel,) = loaded(
        SHOP.replace("channels.shop", "channels.till")
        + """\
type = "shop"
targets = { normal = "2h", low = "2bd" }
keep = "365d"
keep_raw = true
every = "1h"
enabled = false
timeout = "2m"
own_accounts = ["@us"]
"""
    ).channels
    assert (channel.name, channel.type) == ("till", "shop")
    assert channel.targets == {"normal": Target(minutes=120), "low": Target(business_days=2)}
    assert channel.keep == timedelta(days=365)
    assert channel.every == timedelta(hours=1)
    assert (channel.keep_raw, channel.enabled, channel.timeout) == (True, False, 120.0)
    assert channel.own_accounts == ("@us",)
    assert (channel.channel.own_accounts, channel.channel.timeout) == (("@us",), 120.0)


def test_own_targets_go_to_the_clock_under_the_channels_name(loaded):
    config = loaded(SHOP + 'targets = { normal = "2h" }')
    assert config.all_targets()["channel:shop"] == {"normal": Target(minutes=120)}
    assert set(config.all_targets()) == {"social", "direct", "reviews", "forums", "channel:shop"}


@pytest.mark.parametrize(
    ("header", "line", "key", "words"),
    [
        ("[channels.mastadon]", 3, "channels.mastadon", 'did you mean "mastodon"?'),
        ('[channels.x]\ntype = "shp"', 4, "channels.x.type", 'did you mean "shop"?'),
        ("[channels.manual]", 3, "channels.manual", "taken"),
        ('[channels."a/b\\n"]', 3, 'channels."a/b?"', "letters"),
        ("[channels]\nshop = 1", 4, "channels.shop", "table"),
        ("[channels.shop]\ntype = 1", 4, "channels.shop.type", "text"),
    ],
)
def test_names_and_types_are_checked(problems, header, line, key, words):
    problem = problems(header)[0]
    assert (problem.line, problem.key) == (line, key)
    assert words in str(problem)


def test_channels_keep_the_order_of_the_file(loaded):
    text = SHOP + SHOP.replace("channels.shop", "channels.b") + 'type = "shop"\n'
    assert [channel.name for channel in loaded(text).channels] == ["shop", "b"]


def package(folder: Path, name: str, body: str) -> None:
    """Install a third party's channel as nothing but a module and its metadata."""
    (folder / f"{name}_module.py").write_text(body)
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    entry = f"[mentionwatch.channels]\n{name} = {name}_module:Channel\n"
    (metadata / "entry_points.txt").write_text(entry)


@pytest.fixture
def installed(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return lambda name, body: package(folder, name, body)


GUESTBOOK = """
from dataclasses import dataclass

@dataclass(frozen=True, kw_only=True)
class Channel:
    url: str
    family = "forums"
"""


def test_a_third_party_channel_works_through_its_entry_point(loaded, problems, installed):
    installed("guestbook", GUESTBOOK)
    (channel,) = loaded('[channels.guestbook]\nurl = "https://acme.example/book"').channels
    assert channel.channel.url == "https://acme.example/book"
    assert channel.family == "forums"
    assert problems("[channels.guestbok]\n")[0].hint == 'did you mean "guestbook"?'


@pytest.mark.parametrize(
    ("name", "body", "words"),
    [
        ("broken1", "import a_module_that_is_not_there", "a_module_that_is_not_there"),
        ("broken2", "raise RuntimeError('on fire')", "on fire"),
        ("broken3", "Channel = 5", "cannot be used"),
        ("broken4", "class Other: pass", "Channel"),
        (
            "broken5",
            GUESTBOOK.replace("url: str", "url: 'Nowhere' = None"),
            "Nowhere",
        ),
        (
            "broken6",
            GUESTBOOK.replace("url: str", "url: str = ''") + "    def problems(self): return 1/0\n",
            "ZeroDivisionError",
        ),
    ],
)
def test_a_third_party_channel_that_is_broken_takes_nothing_with_it(
    loaded, installed, name, body, words
):
    installed(name, body)
    broken, shop = loaded(f"[channels.{name}]\n" + SHOP).channels
    assert broken.channel is None
    assert words in broken.problem
    assert shop.channel is not None


def test_a_built_in_class_that_is_misused_by_its_fields_is_a_problem(the_problem, channel_type):
    @dataclass(frozen=True, kw_only=True)
    class Picky:
        url: str

        def __post_init__(self) -> None:
            raise ValueError("no such address")

    channel_type("picky", Picky)
    assert the_problem('[channels.picky]\nurl = "x"').message == "no such address"


@pytest.mark.slow
def test_no_channel_type_is_imported_unless_it_is_configured(write):
    path = write('[brand]\nname = "A"\n[channels.calls]\ntype = "file"\npath = "calls.csv"\n')
    code = (
        "import sys, pathlib; from mentionwatch.config import load, Found;"
        f"load(Found(path=pathlib.Path({str(path)!r})), {{}});"
        "print([n for n in sys.modules if n.startswith('mentionwatch.channels.')"
        " and not n.startswith('mentionwatch.channels._')])"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert out.strip() == "['mentionwatch.channels.file']"
