"""The mailbox channel against a real IMAP server (Debian's dovecot-imapd) on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BlockingChannel, Query, _mail_reading
from mentionwatch.channels.email import Email
from mentionwatch.credentials import Secret
from mentionwatch.errors import CredentialsRefused, NotFound, TimedOut, Unreachable
from mentionwatch.model.items import Page
from tests.channels.contract import BlockingContract
from tests.channels.imap_script import HANG, scripted, settings
from tests.channels.mailbox import NOW, Inbox, imap_server, inbox, items

pytestmark = pytest.mark.slow

__all__ = ["imap_server", "inbox"]

DATA = Path(__file__).parent / "data" / "email"


class TestContract(BlockingContract):
    query = Query(terms=("Acme Coffee",), since=NOW - timedelta(days=30), now=NOW)
    expected = frozenset(
        {*(f"n{number}@post.example" for number in range(5)), "a@acmecoffee.example"}
    )

    @pytest.fixture
    def channel(self, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> Email:
        monkeypatch.setattr(_mail_reading, "PAGE", 2)
        for number in range(5):
            inbox.receive(f"n{number}", ago=5 - number)
        inbox.answer(In_Reply_To="<n3@post.example>")
        return inbox.settings

    @pytest.fixture
    def hanging(self) -> Iterator[Email]:
        with scripted(UID_SEARCH=HANG) as server:
            yield settings(server)


# --- what is read --------------------------------------------------------------------------------


def test_it_is_a_blocking_channel(inbox: Inbox) -> None:
    assert isinstance(inbox.settings, BlockingChannel)
    assert inbox.settings.capabilities.sees_own_replies
    assert list(inbox.settings.problems()) == []


def test_everything_is_read_once(inbox: Inbox) -> None:
    for name in (
        "customer",
        "newsletter",
        "voicemail_ringcentral",
        "form_contact_form_7",
        "digest",
    ):
        inbox.server.deliver(inbox.user, (DATA / f"{name}.eml").read_bytes(), at=NOW)
    inbox.sync()
    kinds = [(mention.kind, mention.skipped) for mention in inbox.mentions.values()]
    assert kinds == [("mail", ""), ("mail", "newsletter"), ("voicemail", ""), ("contact_form", "")]
    assert items(inbox.sync()) == []


def test_a_mail_that_came_later_is_read_alone(inbox: Inbox) -> None:
    inbox.receive("one")
    inbox.sync()
    inbox.receive("two", Reply_To="dana@home.example")
    assert [item.external_id for item in items(inbox.sync())] == ["two@post.example"]


def test_nothing_in_the_mailbox_changes(inbox: Inbox) -> None:
    inbox.receive("seen")
    inbox.receive("unseen")
    client = inbox.server.client(inbox.user)
    client.select("INBOX")
    client.store("1", "+FLAGS", "\\Seen \\Flagged")
    client.logout()
    before = inbox.server.flags(inbox.user)
    inbox.sync()
    inbox.sync()
    assert inbox.server.flags(inbox.user) == before
    assert len(before) == 2 and b"\\Seen" not in before[1]


def test_a_large_attachment_stays_where_it_is(inbox: Inbox) -> None:
    part = b"--b\r\nContent-Type: text/plain\r\n\r\nThe cup is broken, see the film.\r\n"
    film = b"--b\r\nContent-Type: video/mp4; name=film.mp4\r\n\r\n" + b"x" * 76 * 65_000
    lines = {"From": "dana@post.example", "Content-Type": "multipart/mixed; boundary=b"}
    inbox.put("INBOX", "film@post.example", lines, part + film, 1)
    with inbox.session() as session:
        found = items(list(session.pages(inbox.query())))
        assert session._line.received < 300_000
    assert [(one.text, one.media) for one in found] == [("The cup is broken, see the film.", 1)]


def test_what_arrived_before_the_first_window_is_not_read(inbox: Inbox) -> None:
    inbox.receive("old", ago=24 * 20)
    inbox.receive("young", ago=24 * 13)
    inbox.sync()
    assert list(inbox.mentions) == ["young@post.example"]
    inbox.receive("old, moved here", ago=24 * 19)
    assert items(inbox.sync()) == []


def test_an_empty_mailbox_begins_now(inbox: Inbox) -> None:
    inbox.sync()
    inbox.receive("first")
    inbox.sync()
    assert list(inbox.mentions) == ["first@post.example"]


def test_several_folders_are_read_by_their_plain_names(inbox: Inbox) -> None:
    client = inbox.server.client(inbox.user)
    client.create('"Anfragen f&APw-r uns"')
    client.logout()
    inbox.receive("in")
    raw = b"From: a@b.example\r\nMessage-ID: <x@b.example>\r\n\r\nHi"
    inbox.server.deliver(inbox.user, raw, "Anfragen f&APw-r uns", NOW)
    inbox.sync(folders=("inbox", "Anfragen für uns"))
    assert list(inbox.mentions) == ["in@post.example", "x@b.example"]
    assert set(inbox.streams) == {"folder:INBOX", "folder:Anfragen für uns", "folder:Sent"}


# --- cursors -------------------------------------------------------------------------------------


def test_a_run_killed_in_the_second_of_three_pages_goes_on(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_mail_reading, "PAGE", 2)
    for number in range(5):
        inbox.receive(f"n{number}", ago=5 - number)
    with inbox.session() as session:
        pages = session.pages(inbox.query())
        inbox.store(next(pages))
        next(pages)  # fetched, and killed before it was stored
    assert list(inbox.mentions) == ["n0@post.example", "n1@post.example"]
    rest = inbox.sync()
    assert [len(page.items) for page in rest[:2]] == [2, 1]
    assert len(inbox.mentions) == 5


def test_a_renumbered_folder_is_read_again_and_nothing_is_doubled(inbox: Inbox) -> None:
    client = inbox.server.client(inbox.user)
    client.create("Support")
    for name in ("one", "two", "three"):
        inbox.receive(name, folder="Support")
    inbox.sync(folders=("Support",))
    before = inbox.streams["folder:Support"]
    client.delete("Support")
    client.create("Support")
    client.logout()
    inbox.receive("two", folder="Support")
    inbox.receive("four", folder="Support")
    inbox.sync(folders=("Support",))
    assert list(inbox.mentions) == [
        f"{name}@post.example" for name in ("one", "two", "three", "four")
    ]
    after = inbox.streams["folder:Support"]
    assert after.extra["uidvalidity"] != before.extra["uidvalidity"]
    assert (before.cursor, after.cursor) == ("3", "2")
    assert items(inbox.sync(folders=("Support",))) == []


def test_a_deleted_or_moved_mail_goes_on_waiting(inbox: Inbox) -> None:
    inbox.receive("gone")
    inbox.sync()
    client = inbox.server.client(inbox.user)
    client.select("INBOX")
    client.copy("1", "Trash")
    client.store("1", "+FLAGS", "\\Deleted")
    client.expunge()
    client.logout()
    assert items(inbox.sync()) == []
    assert inbox.deleted == []
    inbox.answer(In_Reply_To="<gone@post.example>")
    inbox.sync()
    assert inbox.replies["a@acmecoffee.example"].certainty == "sure"


# --- the account, and what is wrong with it ------------------------------------------------------


def test_the_account_names_its_folders(inbox: Inbox) -> None:
    with inbox.session() as session:
        account = session.account()
    assert account.summary == f"logged in as {inbox.user}; folders: INBOX, Sent"
    assert (account.id, account.names, account.warnings) == (inbox.user, (inbox.user,), ())


def test_without_a_sent_folder_the_owner_is_told(inbox: Inbox) -> None:
    inbox.receive("m")
    read: list[Page] = []
    with inbox.session(sent_folder="Nowhere") as session:
        with pytest.raises(NotFound, match="no folder 'Nowhere'"):
            read.extend(session.pages(inbox.query()))  # what came before the error stays
        assert any("replies cannot be seen" in line for line in session.account().warnings)
    assert [item.external_id for item in items(read)] == ["m@post.example"]


def test_a_missing_folder_fails_after_the_others_were_read(inbox: Inbox) -> None:
    inbox.receive("m")
    with pytest.raises(NotFound) as caught:
        inbox.sync(folders=("Support", "INBOX"))
    assert caught.value.message == "there is no folder 'Support' in the mailbox"
    assert "INBOX" in caught.value.hint and "Sent" in caught.value.hint
    assert list(inbox.mentions) == ["m@post.example"]
    with inbox.session(folders=("Support", "INBOX")) as session:
        assert "there is no folder 'Support'" in session.account().warnings[0]


def test_a_wrong_password_is_tried_once(inbox: Inbox) -> None:
    begin = inbox.server.log().count("auth failed")
    with pytest.raises(CredentialsRefused) as caught:
        inbox.sync(password=Secret("wrong"))
    assert inbox.user in caught.value.message and "wrong" not in caught.value.message
    assert "app password" in caught.value.hint
    time.sleep(0.1)
    log = inbox.server.log()
    assert log.count("auth failed") == begin + 1
    assert "auth failed, 1 attempts" in log


@pytest.mark.parametrize(("tls", "port"), [("ssl", "tls_port"), ("starttls", "plain_port")])
def test_an_encrypted_line_is_verified(inbox: Inbox, tls: Any, port: str) -> None:
    inbox.receive("m")
    changes = {"tls": tls, "port": getattr(inbox.server, port)}
    with pytest.raises(Unreachable, match="is not trusted") as caught:
        inbox.sync(**changes)
    assert "ca_file" in caught.value.hint
    inbox.sync(**changes, ca_file=str(inbox.server.ca_file))
    assert list(inbox.mentions) == ["m@post.example"]


def test_a_certificate_for_another_name_is_refused(inbox: Inbox) -> None:
    changes = {"tls": "ssl", "port": inbox.server.tls_port, "host": "localhost"}
    with pytest.raises(Unreachable, match="not valid for 'localhost'"):
        inbox.sync(**changes, ca_file=str(inbox.server.ca_file))


def test_an_encrypted_port_spoken_to_in_the_clear_says_what_to_do(inbox: Inbox) -> None:
    with pytest.raises(Unreachable) as caught:
        inbox.sync(tls="ssl", port=inbox.server.plain_port)
    assert "993" in caught.value.hint


def test_a_ca_file_that_is_none_is_named(inbox: Inbox) -> None:
    with pytest.raises(Unreachable, match="cannot be read"):
        inbox.sync(tls="ssl", port=inbox.server.tls_port, ca_file=str(DATA / "customer.eml"))


def test_no_time_left_is_a_time_out(inbox: Inbox) -> None:
    session = inbox.settings.connect(0)
    with pytest.raises(TimedOut):
        session.account()
    session.close()
