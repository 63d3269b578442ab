"""The digest, received by a real mail server and parsed again."""

from __future__ import annotations

import multiprocessing
import os
import re
import stat
import sys
from pathlib import Path

import pytest

from mentionwatch.errors import ExitCode
from mentionwatch.store import deliveries
from tests.delivery.conftest import digest_to
from tests.delivery.mailbox import Breaking, Mailbox, Received
from tests.server import Server, certificate_file
from tests.shop import Shop

pytestmark = pytest.mark.slow

SEND = ("digest", "--sync", "--send")


def test_the_mail_arrives_with_both_parts(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port)
    assert shop.run(*SEND, at="11:00").code == ExitCode.OK
    (mail,) = mailbox.mails
    assert (mail.sender, mail.recipients) == ("care@acme.example", ["owner@acme.example"])
    message = mail.message
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message["Subject"] == "1 reply overdue – Acme Coffee"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<digest.mentionwatch.localhost>"
    assert message["Message-ID"].endswith("@acme.example>")
    assert message["From"].addresses[0].display_name == "Acme"
    for part in (mail.text, mail.html):
        assert "Dana Reyes" in part
        assert "Where is my order?" in part
        assert "https://social.example/p1" in part
    assert mail.text.startswith("1 overdue, 0 due soon, 0 later.")


def test_lines_on_the_wire_are_short_ascii(shop: Shop, mailbox: Mailbox) -> None:
    shop.records("facebook", {"id": "p2", "author_id": "é", "text": "café " * 200, "at": "08:30"})
    shop.more = digest_to(mailbox.port)
    shop.run(*SEND, at="11:00")
    raw = mailbox.mails[0].raw
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78


def test_each_recipient_gets_a_mail_of_his_own(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port, "a@acme.example", "b@acme.example")
    shop.run(*SEND, at="11:00")
    assert [mail.recipients for mail in mailbox.mails] == [["a@acme.example"], ["b@acme.example"]]
    assert [mail.message["To"] for mail in mailbox.mails] == ["a@acme.example", "b@acme.example"]


def test_one_mail_in_each_period(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port)
    shop.run(*SEND, at="11:00")
    second = shop.run(*SEND, at="12:00")
    assert (second.code, len(mailbox.mails)) == (ExitCode.OK, 1)
    assert "has the digest of this period (2026-11-17) since 11:00" in second.err
    shop.run(*SEND, "--again", at="12:05")
    assert len(mailbox.mails) == 2
    shop.run(*SEND, at="wed 06:00")
    assert len(mailbox.mails) == 3


@pytest.mark.parametrize(
    ("period", "same", "next_"),
    [
        ("hour", "11:59", "12:00"),
        ("day", "23:59", "wed 00:00"),
        ("week", "sun 23:59", "mon2 00:00"),
    ],
)
def test_periods_end_when_the_calendar_says(
    shop: Shop, mailbox: Mailbox, period: str, same: str, next_: str
) -> None:
    shop.more = digest_to(mailbox.port, more=f'period = "{period}"')
    for at in ("11:00", same, next_):
        shop.run(*SEND, at=at)
    assert len(mailbox.mails) == 2


def test_the_day_is_that_of_the_owner(shop: Shop, mailbox: Mailbox) -> None:
    shop.hours = '[hours]\ntimezone = "Asia/Tokyo"'
    shop.more = digest_to(mailbox.port)
    shop.run(*SEND, at="14:59")  # 23:59 there
    shop.run(*SEND, at="15:00")
    assert len(mailbox.mails) == 2


def test_answers_since_the_last_mail_are_told(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port)
    shop.run(*SEND, at="11:00")
    shop.records(
        "facebook",
        {"id": "p1", "author_id": "dana", "text": "Where is my order?", "at": "08:00",
         "replied": True, "answered": "12:00"},
    )  # fmt: skip
    shop.run(*SEND, at="wed 07:00")
    text = mailbox.mails[1].text
    assert "ANSWERED SINCE Tue 11:00" in text
    assert "1 reply, half within 4 h, 1 too late." in text
    assert "Nothing is waiting. 1 channel read at 07:00." in text
    assert "1 reply, 0 in time, 0 still overdue, promise kept in 0 %" in text


# --- never silently not sent ------------------------------------------------------------------


def test_a_broken_channel_is_mailed(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port)
    shop.channel("yelp")
    result = shop.run(*SEND, at="11:00")
    assert result.code == ExitCode.INCOMPLETE
    (mail,) = mailbox.mails
    first = mail.text.splitlines()[0]
    assert first == "1 overdue, 0 due soon, 0 later. Not complete: yelp could not be read."
    assert mail.message["Subject"] == "1 reply overdue, yelp could not be read – Acme Coffee"
    assert "BROKEN yelp: " in mail.text
    assert "Not complete: yelp could not be read." in mail.html


def test_when_every_channel_is_broken_the_mail_says_so(tmp_path: Path, mailbox: Mailbox) -> None:
    shop = Shop(tmp_path, more=digest_to(mailbox.port))
    shop.channel("yelp")
    assert shop.run(*SEND, at="11:00").code == ExitCode.UNAVAILABLE
    assert mailbox.mails[0].text.startswith("Whether somebody waits is not known. Not complete:")
    assert mailbox.mails[0].message["Subject"].startswith("not complete, yelp could not be read")


def test_a_stale_queue_is_mailed(shop: Shop, mailbox: Mailbox) -> None:
    shop.more = digest_to(mailbox.port)
    shop.run("sync", at="11:00")
    result = shop.run("digest", "--send", at="sun 11:00")
    assert result.code == ExitCode.INCOMPLETE
    assert "facebook was not read lately" in mailbox.mails[0].text.splitlines()[0]


def test_an_empty_queue_is_mailed(tmp_path: Path, mailbox: Mailbox) -> None:
    shop = Shop(tmp_path, more=digest_to(mailbox.port))
    shop.records("facebook", {"id": "1", "text": "Thanks!", "author_id": "a", "answered": "08:10",
                              "replied": True, "at": "08:00"})  # fmt: skip
    assert shop.run(*SEND, at="11:00").code == ExitCode.OK
    assert mailbox.mails[0].text.startswith("Nothing is waiting. 1 channel read at 11:00.")
    assert mailbox.mails[0].message["Subject"] == "nothing waiting – Acme Coffee"


def test_the_owner_may_do_without_empty_mails_but_not_without_bad_news(
    tmp_path: Path, mailbox: Mailbox
) -> None:
    shop = Shop(tmp_path, more=digest_to(mailbox.port, more="send_empty = false"))
    shop.records("facebook", {"id": "1", "text": "Thanks!", "author_id": "a", "answered": "08:10",
                              "replied": True, "at": "08:00"})  # fmt: skip
    assert "no mail was sent" in shop.run(*SEND, at="11:00").err
    assert mailbox.mails == []
    shop.channel("yelp")
    shop.run(*SEND, at="11:10")
    assert len(mailbox.mails) == 1


def test_while_another_run_fetches_the_mail_goes_out_and_says_it(
    shop: Shop, mailbox: Mailbox
) -> None:
    from mentionwatch.store.database import Store

    shop.more = digest_to(mailbox.port)
    shop.run("sync", at="11:00")
    with Store(shop.db) as store, store.lock():
        assert shop.run(*SEND, at="11:05").code == ExitCode.OK
    assert "another run is fetching just now" in mailbox.mails[0].text


# --- a mail server that does not want ---------------------------------------------------------


@pytest.mark.parametrize(
    "phase", ["greeting", "ehlo", "auth", "mail", "rcpt", "data", "body", "silent"]
)
def test_a_line_that_breaks_is_one_message_and_a_mail_next_time(
    shop: Shop, mailbox: Mailbox, phase: str, monkeypatch
) -> None:
    login = 'username = "owner@acme.example"\npassword = "literal:letmein"'
    timeout = login + "\n"
    with Breaking(phase) as server:
        shop.more = digest_to(server.port, smtp=timeout).replace("timeout = 5", "timeout = 1")
        result = shop.run(*SEND, at="11:00")
        assert server.mails == []
    assert result.code == ExitCode.UNAVAILABLE
    complaints = [line for line in result.err.splitlines() if line.startswith("mentionwatch:")]
    assert len(complaints) == 1
    assert f"the mail server 127.0.0.1:{server.port}" in complaints[0]
    assert "Traceback" not in result.err
    assert "letmein" not in result.err
    shop.more = digest_to(mailbox.port)
    assert shop.run("digest", "--send", at="11:30").code == ExitCode.OK
    assert len(mailbox.mails) == 1


def test_how_the_server_says_goodbye_does_not_matter(shop: Shop) -> None:
    with Breaking("goodbye") as server:
        shop.more = digest_to(server.port)
        assert shop.run(*SEND, at="11:00").code == ExitCode.OK
        assert shop.run(*SEND, at="11:01").code == ExitCode.OK
    assert len(server.mails) == 1


def test_nobody_listens(shop: Shop) -> None:
    with Breaking("silent") as server:
        port = server.port
    shop.more = digest_to(port)
    result = shop.run(*SEND, at="11:00")
    assert result.code == ExitCode.UNAVAILABLE
    assert "refused the connection" in result.err


def test_one_refused_recipient_does_not_stop_the_other(shop: Shop) -> None:
    with Mailbox(refuse={"a@acme.example": "550 no such user"}) as box:
        shop.more = digest_to(box.port, "a@acme.example", "b@acme.example")
        result = shop.run(*SEND, at="11:00")
        assert result.code == ExitCode.UNAVAILABLE
        assert "does not take mail for a@acme.example: 550 no such user" in result.err
        assert [mail.recipients for mail in box.mails] == [["b@acme.example"]]
        box.refuse.clear()
        shop.run(*SEND, at="11:10")
        assert [mail.recipients for mail in box.mails[1:]] == [["a@acme.example"]]


def test_a_refused_mail_is_sent_next_time(shop: Shop) -> None:
    answers = ["451 try later", None]
    with Mailbox(on_mail=lambda mail: answers.pop(0)) as box:
        shop.more = digest_to(box.port)
        refused = shop.run(*SEND, at="11:00")
        assert refused.code == ExitCode.UNAVAILABLE
        assert "451 try later" in refused.err
        assert shop.run(*SEND, at="11:10").code == ExitCode.OK
    assert len(box.mails) == 1


# The server cannot know that the line it is given is encrypted already.
AUTH_IN_CLEAR = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@AUTH_IN_CLEAR
@pytest.mark.parametrize("tls", ["ssl", "starttls"])
def test_encrypted_and_logged_in(shop: Shop, tls: str) -> None:
    with Mailbox(tls=tls, login=("owner@acme.example", "letmein!")) as box:
        login = (
            'username = "owner@acme.example"\npassword = "literal:letmein!"\n'
            f'ca_file = "{certificate_file()}"'
        )
        shop.more = digest_to(box.port, smtp=login).replace('tls = "none"', f'tls = "{tls}"')
        result = shop.run(*SEND, at="11:00")
        assert (result.code, result.err.count("digest sent")) == (ExitCode.OK, 1)
        assert len(box.mails) == 1


def test_a_certificate_of_nobody_is_not_trusted(shop: Shop) -> None:
    with Mailbox(tls="ssl") as box:
        shop.more = digest_to(box.port).replace('tls = "none"', 'tls = "ssl"')
        result = shop.run(*SEND, at="11:00")
        assert box.mails == []
    assert result.code == ExitCode.UNAVAILABLE
    assert "cannot be trusted" in result.err


def test_without_starttls_nothing_is_sent(shop: Shop) -> None:
    with Mailbox() as box:
        shop.more = digest_to(box.port).replace('tls = "none"', 'tls = "starttls"')
        result = shop.run(*SEND, at="11:00")
        assert box.mails == []
    assert "offers no STARTTLS; nothing was sent in clear" in result.err


@AUTH_IN_CLEAR
def test_a_wrong_password_is_said_and_not_shown(shop: Shop) -> None:
    with Mailbox(login=("owner@acme.example", "other")) as box:
        login = 'username = "owner@acme.example"\npassword = "literal:letmein!"'
        shop.more = digest_to(box.port, smtp=login)
        result = shop.run(*SEND, at="11:00")
    assert "does not accept the user name or the password: 535" in result.err
    assert "letmein!" not in result.err


def test_a_local_program_takes_it(shop: Shop, tmp_path: Path) -> None:
    taken = tmp_path / "taken.eml"
    shop.more = (
        '[digest]\nto = ["owner@acme.example"]\n'
        f'sendmail = ["{sys.executable}", "-c", "import sys; open({str(taken)!r}, \'wb\')'
        '.write(sys.stdin.buffer.read())"]\n'
    )
    assert shop.run(*SEND, at="11:00").code == ExitCode.OK
    mail = Received(sender="", recipients=[], raw=taken.read_bytes())
    assert mail.message["To"] == "owner@acme.example"
    assert "Dana Reyes" in mail.text
    assert b"\r\n" not in mail.raw


def test_a_local_program_that_fails_is_named(shop: Shop) -> None:
    shop.more = '[digest]\nto = ["owner@acme.example"]\nsendmail = ["/bin/false"]\n'
    result = shop.run(*SEND, at="11:00")
    assert result.code == ExitCode.UNAVAILABLE
    assert "/bin/false ended with 1" in result.err


def test_without_recipients_it_is_the_configuration_that_is_wrong(shop: Shop) -> None:
    result = shop.run(*SEND, at="11:00")
    assert result.code == ExitCode.CONFIG
    assert "digest.to: is missing" in result.err
    with shop.sql() as connection:
        assert connection.execute("SELECT count(*) FROM mention").fetchone()[0] == 0


# --- races and crashes ------------------------------------------------------------------------


def _send(folder: str, more: str, at: str) -> None:
    shop = Shop(Path(folder), more=more)
    shop.channel("facebook")
    shop.write_config = lambda: None  # type: ignore[method-assign]
    os._exit(int(shop.run("digest", "--send", at=at).code))


def _started(shop: Shop, at: str) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(
        target=_send, args=(str(shop.folder), shop.more, at)
    )
    process.start()
    return process


def test_two_digests_racing_send_one(shop: Shop) -> None:
    with Mailbox() as box:
        shop.more = digest_to(box.port)
        shop.run("sync", at="11:00")
        running = [_started(shop, "11:01") for _ in range(4)]
        for process in running:
            process.join(30)
        assert [process.exitcode for process in running] == [0] * 4
        assert len(box.mails) == 1


def test_a_crash_between_sending_and_recording_repeats_the_same_mail(
    shop: Shop, mailbox: Mailbox, monkeypatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    shop.more = digest_to(mailbox.port)
    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "confirm_digest", die)
        with pytest.raises(Killed):
            shop.run(*SEND, at="11:00")
    result = shop.run("digest", "--send", at="11:01")
    assert "may come twice" in result.err
    first, second = mailbox.mails
    # By this a mail program knows that it is the same mail.
    assert first.message["Message-ID"] == second.message["Message-ID"]
    shop.run("digest", "--send", at="11:02")
    assert len(mailbox.mails) == 2


def test_a_mail_once_confirmed_is_not_sent_again_after_a_failed_one(shop: Shop) -> None:
    with Mailbox(refuse={"b@acme.example": "450 later"}) as box:
        shop.more = digest_to(box.port, "a@acme.example", "b@acme.example")
        for at in ("11:00", "11:10", "11:20"):
            shop.run(*SEND, at=at)
        assert [mail.recipients for mail in box.mails] == [["a@acme.example"]]


# --- who misses it is warned ------------------------------------------------------------------


def test_the_ping_tells_that_the_mail_is_out(
    shop: Shop, mailbox: Mailbox, http_server: Server
) -> None:
    http_server.reply("GET", "/ping/1", body="ok")
    shop.more = digest_to(mailbox.port, more=f'ping = "{http_server.url}/ping/1"')
    shop.run(*SEND, at="11:00")
    assert len(http_server.requests) == 1


def test_without_the_mail_there_is_no_ping(shop: Shop, http_server: Server) -> None:
    with Breaking("mail") as server:
        shop.more = digest_to(server.port, more=f'ping = "{http_server.url}/ping/1"')
        shop.run(*SEND, at="11:00")
    assert http_server.requests == []


def test_a_ping_that_fails_is_said_without_its_address(
    shop: Shop, mailbox: Mailbox, http_server: Server
) -> None:
    http_server.reply("GET", "/ping/verysecret", 404)
    shop.more = digest_to(mailbox.port, more=f'ping = "{http_server.url}/ping/verysecret"')
    result = shop.run(*SEND, at="11:00")
    assert result.code == ExitCode.OK
    assert "the ping address did not take the call" in result.err
    assert "verysecret" not in result.err


# --- what is printed instead ------------------------------------------------------------------


def test_the_mail_can_be_looked_at_without_sending(shop: Shop) -> None:
    shop.run("sync", at="11:00")
    text = shop.run("digest", at="11:01").out
    assert text.startswith("1 overdue, 0 due soon, 0 later.")
    eml = Received(
        sender="", recipients=[], raw=shop.run("digest", "--format", "eml", at="11:01").out.encode()
    )
    assert "".join(eml.text.split()) == "".join(text.split())
    assert shop.run("digest", "--format", "pdf", at="11:01").code == ExitCode.USAGE


def test_it_is_written_as_a_whole_and_for_the_owner_only(shop: Shop, tmp_path: Path) -> None:
    shop.run("sync", at="11:00")
    target = tmp_path / "digest.html"
    shop.run("digest", "--format", "html", "--output", str(target), at="11:01")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert re.search("Where is my order", target.read_text())
