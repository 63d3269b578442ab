from __future__ import annotations

from pathlib import Path

import pytest

from mentionwatch.config import Found, database_path, find, finding
from mentionwatch.errors import ConfigError


@pytest.fixture
def default(tmp_path, monkeypatch):
    path = tmp_path / "platform" / "config.toml"
    path.parent.mkdir()
    monkeypatch.setattr(finding, "default_path", lambda: path)
    return path


@pytest.fixture
def cwd(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def test_the_option_wins_over_all(default, cwd):
    for path in (default, cwd / "mentionwatch.toml", cwd / "a.toml", cwd / "b.toml"):
        path.touch()
    found = find(Path("a.toml"), {"MENTIONWATCH_CONFIG": "b.toml"}, cwd)
    assert found == Found(path=cwd / "a.toml")
    found = find(None, {"MENTIONWATCH_CONFIG": "b.toml"}, cwd)
    assert found == Found(path=cwd / "b.toml")
    found = find(None, {"MENTIONWATCH_CONFIG": " "}, cwd)
    assert found == Found(path=cwd / "mentionwatch.toml", from_cwd=True)
    (cwd / "mentionwatch.toml").unlink()
    assert find(None, {}, cwd) == Found(path=default)


def test_a_file_of_the_current_folder_that_is_named_is_trusted(default, cwd):
    (cwd / "mentionwatch.toml").touch()
    assert not find(Path("mentionwatch.toml"), {}, cwd).from_cwd


@pytest.mark.parametrize(
    ("explicit", "environ", "words"),
    [
        (Path("gone.toml"), {}, r"gone.toml: no such file \(named by --config\)"),
        (None, {"MENTIONWATCH_CONFIG": "gone.toml"}, r"named by \$MENTIONWATCH_CONFIG"),
        (None, {"MENTIONWATCH_CONFIG": "~nobodyhere/x.toml"}, "no such file"),
        (None, {}, "no such file, and no mentionwatch.toml in this folder"),
    ],
)
def test_nothing_found_names_two_ways_out(default, cwd, explicit, environ, words):
    with pytest.raises(ConfigError, match=words) as caught:
        find(explicit, environ, cwd)
    assert "mentionwatch init" in caught.value.hint
    assert "mentionwatch demo" in caught.value.hint


def test_two_businesses_never_share_a_database(default, cwd):
    default.touch()
    acme = database_path(None, Found(path=cwd / "acme.toml"), {})
    beta = database_path(None, Found(path=cwd / "beta.toml"), {})
    own = database_path(None, Found(path=default), {})
    assert (acme, beta) == (cwd / "acme.db", cwd / "beta.db")
    assert own.name == "mentions.db"
    assert "mentionwatch" in own.parts


def test_the_database_can_be_named(default, cwd, monkeypatch):
    monkeypatch.chdir(cwd)
    found = Found(path=cwd / "acme.toml")
    assert database_path(Path("x.db"), found, {"MENTIONWATCH_DB": "y.db"}) == cwd / "x.db"
    assert database_path(None, found, {"MENTIONWATCH_DB": "y.db"}) == cwd / "y.db"
    assert database_path(None, found, {"MENTIONWATCH_DB": ""}) == cwd / "acme.db"


def test_the_platforms_folder_is_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert finding.default_path().name == "config.toml"
    assert "mentionwatch" in finding.default_path().parts
