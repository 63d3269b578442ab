"""
WhatsApp chats that you export from the app, or that a webhook of yours has stored.

WhatsApp offers no way to ask for messages: https://developers.facebook.com/docs/whatsapp
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from mentionwatch.channels import Capabilities
from mentionwatch.channels import _whatsapp_export as export
from mentionwatch.channels import _whatsapp_webhook as webhook
from mentionwatch.channels._json_lines import lines as json_lines
from mentionwatch.channels._records import RecordDefaults
from mentionwatch.channels._source import Decoder, Numbered
from mentionwatch.channels._times import instant, zone
from mentionwatch.channels.file import FileSession
from mentionwatch.errors import SourceUnreadable, TooLarge

SETUP = """\
WhatsApp gives messages to nobody who asks for them; programs that drive WhatsApp Web get numbers
banned. What remains is free:
 1. In the app, in the chat with the customer: menu > More > Export chat > Without media. Send the
    file to yourself, and put it into a folder on this computer. Export it again whenever there is
    something new; what was read before is not doubled.
 2. In the configuration: path = "~/whatsapp" and me = ["Acme Coffee"], your name in these chats.
    Where day and month could be mistaken for one another: date_order = "dmy".
 3. With the Business Platform and a web server of your own: store each webhook body as one line
    of a file that ends in .jsonl, and let path name it. With the field smb_message_echoes also the
    answers from your telephone are in it."""
LOGIN: tuple[str, ...] = ()
UNVERIFIED: tuple[str, ...] = (
    "the form of an exported chat is documented nowhere: date, time, a dash or brackets, name, "
    "colon; otherwise the file is refused, or a line belongs to the one above",
    "an iPhone marks what WhatsApp itself says by an invisible sign, and pictures by words in "
    "angle brackets; otherwise such a note waits as a message",
    "deleted messages say so in English or German; otherwise that note waits as a message",
    "`message_echoes` and `from_user_id` of a webhook are named so; otherwise answers from the "
    "telephone are not seen, or a sender has no name",
    "`statuses` with `sent` tells that something was answered: it counts as likely; otherwise the "
    "row leaves too early and can be reopened",
    "`https://wa.me/` with a number opens the chat; otherwise the link leads to WhatsApp's page",
    "`button_reply`, `list_reply`, `recipient_user_id` and `to_user_id` of a webhook are named so; "
    "otherwise a pressed button has no words, or an answer belongs to no conversation",
)

MOST = 100_000_000  # bytes of one chat
_SPOOL = (".jsonl", ".ndjson")
_NAMES = ("WhatsApp Chat with ", "WhatsApp Chat - ", "WhatsApp Chat mit ", "Chat de WhatsApp con ")


@dataclass(frozen=True, kw_only=True)
class WhatsApp:
    """
    The keys of ``[channels.whatsapp]``.

    ``path``: a file, a pattern or a folder of exported chats (.txt, .zip) or stored webhook bodies
    (.jsonl). ``me``: your names in the chats. ``tz``: the zone of the telephone that exported.
    """

    path: Path
    me: tuple[str, ...] = ()
    tz: str = ""
    date_order: Literal["", "dmy", "mdy", "ymd"] = ""
    settle: float = 2.0

    family: ClassVar[str] = "direct"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".zip", *_SPOOL)
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        private=True,
        history="all of the exported chat",
        limits=(
            "reads only what you export from the app, or what your webhook has stored",
            "of what the Business Platform sends only that it was sent is known: perhaps answered",
        ),
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        if not any(one.strip() for one in self.me) and self.path.suffix.lower() not in _SPOOL:
            yield "me", 'must say who you are in the chats: me = ["Acme Coffee"]'
        try:
            zone(self.tz)
        except ValueError as error:
            yield "tz", str(error)

    @property
    def reading(self) -> dict[str, Any]:
        return {"me": self.me, "tz": self.tz, "date_order": self.date_order}

    @property
    def defaults(self) -> RecordDefaults:
        return RecordDefaults(private=True, kind="message", tz=self.tz)

    def connect(self, deadline: float) -> FileSession:
        return FileSession(self, deadline)

    def records(self, path: Path, offset: int, line: int) -> Iterator[Numbered]:
        """Yield the records of one file. Raises SourceUnreadable, TooLarge."""
        if path.suffix.lower() in _SPOOL:
            return _stored(path, offset, line)
        return self._exported(path)

    def _exported(self, path: Path) -> Iterator[Numbered]:
        text = _text_of(path)
        found = list(export.parse_lines(io.StringIO(text)))
        if not found:
            if text.strip():
                hint = "export the chat anew: More > Export chat > Without media"
                raise SourceUnreadable(f"{path.name}: is no exported WhatsApp chat", hint=hint)
            yield Numbered(line=0, warning="the file is empty")
            return
        me = frozenset(name.strip().lower() for name in self.me)
        chat = export.Chat(name=chat_name(path), me=me, order=self._order(path, found))
        for line in found:
            try:
                record = chat.record(line)
                if record is not None:
                    record["created_at"] = instant(record["created_at"], tz=self.tz)
                    yield Numbered(line=line.number, record=record)
            except ValueError as error:
                yield Numbered(line=line.number, problem=f"its date is none ({error})")
        people = sorted({said[0] for one in found if (said := export.sender_of(one))})
        if people and not any(name.lower() in me for name in people):
            listed = ", ".join(people[:5])
            told = f"nobody in it is called {' or '.join(self.me)}; your answers are not seen. "
            yield Numbered(line=1, warning=f"{told}There are: {listed}")

    def _order(self, path: Path, found: list[export.Line]) -> str:
        if self.date_order:
            return self.date_order
        try:
            return export.order_of(found)
        except export.UnknownOrder as error:
            hint = 'date_order = "dmy" for 20/11/2026, "mdy" for 11/20/2026'
            raise SourceUnreadable(f"{path.name}: {error}", hint=hint) from None


def chat_name(path: Path) -> str:
    """Return the name of a chat: that of its file, which for a copy has "(1)" behind it."""
    stem = path.stem if path.stem != "_chat" else path.parent.name
    for beginning in _NAMES:
        stem = stem.removeprefix(beginning)
    return re.sub(r"\s?\(\d{1,3}\)$", "", stem).strip() or path.name


def _text_of(path: Path) -> str:
    try:
        if path.suffix.lower() == ".zip":
            data = _unpacked(path)
        else:
            with path.open("rb") as file:
                data = file.read(MOST + 1)
    except OSError as error:
        raise SourceUnreadable(f"{path.name}: {error.strerror or error}") from error
    if len(data) > MOST:
        raise TooLarge(f"{path.name}: a chat of more than {MOST // 1_000_000} MB")
    return Decoder()(data.removeprefix(b"\xef\xbb\xbf"))


def _unpacked(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [one for one in archive.infolist() if one.filename.endswith(".txt")]
            if not inside:
                raise SourceUnreadable(f"{path.name}: no chat is in it")
            with archive.open(inside[0]) as file:
                return file.read(MOST + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError) as error:
        raise SourceUnreadable(f"{path.name}: cannot be unpacked: {error}") from error


def _stored(path: Path, offset: int, line: int) -> Iterator[Numbered]:
    decoder = Decoder()
    with path.open("rb") as stream:
        stream.seek(offset)
        for one in json_lines(stream, decoder, offset=offset, line=line, growing=True):
            if one.record is None:
                yield one
                continue
            for record in webhook.records(one.record):
                yield Numbered(line=one.line, record=record)
            # A body stands for several records: only behind the last one may a later run go on.
            yield Numbered(line=one.line, offset=one.offset)
