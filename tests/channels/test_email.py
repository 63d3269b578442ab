"""The mailbox channel against a real IMAP server (Debian's dovecot-imapd) on loopback."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from mentionwatch.channels import BlockingChannel, OpenItem, Query, _mail_reading
from mentionwatch.channels.email import Email
from mentionwatch.credentials import Secret
from mentionwatch.errors import CredentialsRefused, NotFound, TimedOut, Unreachable
from mentionwatch.model.items import Deletion, Mention, Page, Reply, StreamState
from tests.channels import dovecot

DATA = Path(__file__).parent / "data" / "email"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[dovecot.Dovecot]:
    if reason := dovecot.why_not():
        pytest.skip(reason)
    with dovecot.running() as running:
        yield running


@dataclass
class Inbox:
    """One user's mailbox, and what a store would know of it."""

    server: dovecot.Dovecot
    user: str
    settings: Email
    streams: dict[str, StreamState] = field(default_factory=dict)
    mentions: dict[str, Mention] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    deleted: list[Deletion] = field(default_factory=list)
    now: datetime = NOW

    def receive(
        self, name: str = "m", ago: float = 1, folder: str = "INBOX", **headers: str
    ) -> None:
        """A mail from Dana arrives, *ago* hours before now."""
        lines = {"From": "Dana <dana@post.example>", "To": self.user, **_named(headers)}
        self._put(folder, f"{name}@post.example", lines, b"Hello?", ago)

    def answer(
        self, name: str = "a", ago: float = 0.5, folder: str = "Sent", **headers: str
    ) -> None:
        """We write a mail to Dana with our own program."""
        lines = {"From": self.user, "To": "dana@post.example", **_named(headers)}
        self._put(folder, f"{name}@acmecoffee.example", lines, b"We are sorry.", ago)

    def _put(
        self, folder: str, mail_id: str, lines: dict[str, str], text: bytes, ago: float
    ) -> None:
        lines = {"Subject": "Order", "Message-ID": f"<{mail_id}>", **lines}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items()).encode()
        at = self.now - timedelta(hours=ago)
        self.server.deliver(self.user, head + b"\r\n" + text, folder, at)

    def query(self) -> Query:
        answered = {reply.parent_id for reply in self.replies.values() if reply.certainty == "sure"}
        waiting = [
            m for m in self.mentions.values() if not m.skipped and m.external_id not in answered
        ]
        return Query(
            terms=("Acme Coffee",), since=NOW - timedelta(days=30), now=self.now,
            own_accounts=("@acme@social.example", "ben@acmecoffee.example"),
            streams=dict(self.streams), open=tuple(_open(mention) for mention in waiting),
        )  # fmt: skip

    @contextlib.contextmanager
    def session(self, **changes: Any) -> Iterator[Any]:
        session = replace(self.settings, **changes).connect(20)
        try:
            yield session
        finally:
            session.close()

    def sync(self, pages: int | None = None, **changes: Any) -> list[Page]:
        """Read and store, all or the first *pages* pages."""
        with self.session(**changes) as session:
            read = []
            for page in islice(session.pages(self.query()), pages):
                self.store(page)
                read.append(page)
        return read

    def store(self, page: Page) -> None:
        for item in page.items:
            if isinstance(item, Mention):
                self.mentions[item.external_id] = item
            elif isinstance(item, Reply):
                self.replies[item.external_id] = item
            elif isinstance(item, Deletion):
                self.deleted.append(item)
        if page.state is not None:
            self.streams[page.stream] = page.state


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _open(mention: Mention) -> OpenItem:
    assert mention.published
    return OpenItem(
        external_id=mention.external_id, thread_id=mention.thread_id,
        published=mention.published, author_id=mention.author.id,
    )  # fmt: skip


def items(pages: list[Page]) -> list[Any]:
    return [item for page in pages for item in page.items]


@pytest.fixture
def inbox(server: dovecot.Dovecot) -> Inbox:
    user = f"hello{next(_numbers)}@acmecoffee.example"
    settings = Email(
        host="127.0.0.1", port=server.plain_port, tls="none", username=user,
        password=Secret(dovecot.PASSWORD),
    )  # fmt: skip
    return Inbox(server=server, user=user, settings=settings)


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
    inbox._put("INBOX", "film@post.example", lines, part + film, 1)
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


# --- our answers ---------------------------------------------------------------------------------


def test_an_answer_in_sent_is_found_however_old_the_mention_is(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    young = inbox.mentions["m@post.example"]
    inbox.mentions["m@post.example"] = replace(young, published=NOW - timedelta(days=400))
    inbox.answer(In_Reply_To="<m@post.example>", References="<m@post.example>")
    inbox.sync()
    reply = inbox.replies["a@acmecoffee.example"]
    assert (reply.parent_id, reply.thread_id) == ("m@post.example", "m@post.example")
    assert reply.published == NOW - timedelta(minutes=30)
    assert (reply.text, reply.certainty, reply.private) == ("We are sorry.", "sure", True)


def test_a_colleague_who_answers_with_a_copy_to_the_inbox_is_seen(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(
        "c", folder="INBOX", From="Ben <ben@acmecoffee.example>", Cc=inbox.user,
        In_Reply_To="<m@post.example>",
    )  # fmt: skip
    inbox.sync()
    assert inbox.replies["c@acmecoffee.example"].parent_id == "m@post.example"
    assert list(inbox.mentions) == ["m@post.example"]


def test_a_fresh_mail_to_the_customer_is_a_likely_answer(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    inbox.answer("before", ago=5)
    inbox.answer("after")
    inbox.answer("stranger", To="somebody@else.example")
    inbox.sync()
    assert list(inbox.replies) == ["after@acmecoffee.example"]
    reply = inbox.replies["after@acmecoffee.example"]
    assert (reply.certainty, reply.thread_id) == ("likely", "")
    assert reply.to == ("dana@post.example",)


def test_an_answer_to_the_address_in_reply_to_is_sure(inbox: Inbox) -> None:
    inbox.receive("m", Reply_To="dana@home.example")
    inbox.sync()
    inbox.answer(To="dana@home.example", In_Reply_To="<m@post.example>")
    inbox.sync()
    assert inbox.replies["a@acmecoffee.example"].certainty == "sure"


def test_a_forward_to_a_colleague_answers_nobody(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.sync()
    inbox.answer(To="ben@acmecoffee.example", In_Reply_To="<m@post.example>", Subject="Fwd: Order")
    inbox.sync()
    assert inbox.replies["a@acmecoffee.example"].certainty == "likely"


def test_the_answered_flag_alone_is_an_answer_of_now(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.receive("other")
    inbox.sync()
    _mark_answered(inbox, "1")
    inbox.now += timedelta(hours=1)
    pages = inbox.sync()
    reply = inbox.replies["m@post.example#answered"]
    assert (reply.parent_id, reply.certainty, reply.published) == (
        "m@post.example",
        "sure",
        inbox.now,
    )
    assert list(inbox.replies) == ["m@post.example#answered"]
    assert pages[-1].checked == ("m@post.example", "other@post.example")
    assert items(inbox.sync()) == []


def test_the_answer_itself_tells_more_than_the_flag(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(In_Reply_To="<m@post.example>")
    _mark_answered(inbox, "1")
    inbox.sync()
    assert list(inbox.replies) == ["a@acmecoffee.example"]
    inbox.replies.clear()  # a reply from before our first window, or lost with a renumbered folder
    inbox.sync()
    assert list(inbox.replies) == ["a@acmecoffee.example"]


def test_an_answer_that_is_known_is_not_told_again_by_the_flag(inbox: Inbox) -> None:
    inbox.receive("m")
    inbox.answer(In_Reply_To="<m@post.example>")
    _mark_answered(inbox, "1")
    inbox.sync()
    query = replace(inbox.query(), known_own_ids=("a@acmecoffee.example",))
    query = replace(query, open=(_open(inbox.mentions["m@post.example"]),))  # waits for a follow-up
    with inbox.session() as session:
        assert items(list(session.pages(query))) == []


def _mark_answered(inbox: Inbox, number: str) -> None:
    client = inbox.server.client(inbox.user)
    client.select("INBOX")
    client.store(number, "+FLAGS", "\\Answered")
    client.logout()


def test_who_answers_us_through_a_mass_mailer_is_heard(inbox: Inbox) -> None:
    inbox.answer("ours", ago=30)
    inbox.receive(
        "crm", In_Reply_To="<ours@acmecoffee.example>", List_Unsubscribe="<https://c.example>"
    )
    inbox.receive(
        "mass", In_Reply_To="<other@list.example>", List_Unsubscribe="<https://c.example>"
    )
    inbox.sync()
    skipped = {name: mention.skipped for name, mention in inbox.mentions.items()}
    assert skipped == {"crm@post.example": "", "mass@post.example": "newsletter"}


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
    assert "your replies cannot be seen" in read[-1].warnings[0]


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
