"""What a file that somebody else wrote, or can write, is not allowed to do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import ClassVar

import pytest

from mentionwatch.config import Found, load
from mentionwatch.errors import ConfigError

SMTP = '[digest]\nto = ["o@acme.example"]\nsmtp = { host = "h", username = "u", password = PW }\n'
PROGRAMS = [
    SMTP.replace("PW", '"cmd:pass mail"'),
    SMTP.replace("PW", '{ cmd = ["pass", "mail"] }'),
    '[digest]\nto = ["o@acme.example"]\nsendmail = ["sendmail", "-t"]\n',
    '[[notify]]\nto = "slack"\nwhen = ["spike"]\nurl = "cmd:pass hook"\n',
    '[[notify]]\nto = "apprise"\nwhen = ["spike"]\nurls = ["cmd:pass hook"]\n',
    '[[notify]]\nto = "webhook"\nwhen = []\nurl = "env:X"\nheaders = { A = "cmd:pass hook" }\n',
    '[handoff.desk]\nurl = "https://x.example"\nauth = { type = "bearer", token = "cmd:pass x" }\n',
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_file_of_the_current_folder_runs_no_programs(loaded, the_problem, text):
    assert loaded(text)
    problem = the_problem(text, from_cwd=True)
    assert "found in the current folder" in problem.message
    assert "--config acme.toml" in problem.hint


@pytest.mark.parametrize("text", PROGRAMS)
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_runs_no_programs(the_problem, text, mode):
    problem = the_problem(text, mode=mode)
    assert f"others can write the file (mode {mode:04o})" in problem.message
    assert "chmod 600" in problem.hint


def test_a_channel_that_runs_programs_is_refused_too(loaded, the_problem, channel_type):
    @dataclass(frozen=True, kw_only=True)
    class Exec:
        command: tuple[str, ...]

    @dataclass(frozen=True, kw_only=True)
    class Script(Exec):
        runs_programs: ClassVar[bool] = True

    channel_type("exec", Exec)
    channel_type("script", Script)
    for kind in ("exec", "script"):
        text = f'[channels.{kind}]\ncommand = ["x"]\n'
        assert loaded(text).channels[0].channel.command == ("x",)
        assert kind in the_problem(text, from_cwd=True).message
        assert kind in the_problem(text, mode=0o660).message


def test_without_programs_a_file_of_the_current_folder_is_welcome(loaded):
    assert loaded(SMTP.replace("PW", '"env:PW"'), from_cwd=True).digest is not None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_plain_secrets_that_others_can_read_are_a_warning(loaded, mode):
    text = SMTP.replace("PW", '"hunter2secret"')
    assert loaded(text).warnings == ()
    config = loaded(text, mode=mode)
    assert config.plain_secrets
    (warning,) = config.warnings
    assert "digest.smtp.password" in warning
    assert "chmod 600" in warning
    assert "hunter2" not in warning


@pytest.mark.parametrize("password", ['"env:PW"', '"file:~/pw"', '"keyring:a/b"'])
def test_secrets_that_stand_elsewhere_need_no_warning(loaded, password):
    config = loaded(SMTP.replace("PW", password), mode=0o644)
    assert not config.plain_secrets
    assert config.warnings == ()


@pytest.mark.parametrize(
    "password", ['"env:"', '"cmd:  "', '"cmd:\'open"', '"keyring:x"', '""', "{}"]
)
def test_a_secret_that_is_written_wrongly_is_a_problem(problems, password):
    found = problems(SMTP.replace("PW", password))
    assert {problem.key for problem in found} == {"digest.smtp.password"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_somebody_else_in_the_current_folder_is_not_read(write):
    path = write('[brand]\nname = "Acme"\n')
    os.chown(path, 12345, 12345)
    assert load(Found(path=path), {})
    with pytest.raises(ConfigError, match="belongs to another user"):
        load(Found(path=path, from_cwd=True), {})
