"""
One run over a mailbox: watched folders, then Sent, then what the flags say about open mails.

What the pages hold is made in ``_mail_reading``; here is when to dial, and in which order to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mentionwatch.channels import Account, Query
from mentionwatch.channels._imap import Login, Mailbox
from mentionwatch.channels._imap_format import Folder
from mentionwatch.channels._imap_line import Dropped, Line, Server
from mentionwatch.channels._mail_reading import Reading
from mentionwatch.errors import NotFound, UnexpectedPayload
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels.email import Email

_SENT_NAMES = (
    "sent", "sent items", "sent messages", "sent mail", "inbox.sent", "inbox/sent",
    "inbox.sent messages", "inbox.sent items", "[gmail]/sent mail", "[google mail]/sent mail",
    "gesendet", "gesendete elemente", "gesendete objekte", "envoyés", "éléments envoyés",
    "messages envoyés", "enviados", "elementos enviados", "itens enviados", "inviati",
    "posta inviata", "inviata", "verzonden", "verzonden items", "skickat", "sendt", "wysłane",
    "отправленные", "lähetetyt",
)  # fmt: skip


_NO_SENT = (
    "no Sent folder was found, so your replies cannot be seen: name it in sent_folder, or mark "
    "conversations as done"
)


class MailSession:
    """One run; `abort` may be called from any thread, everything else from one."""

    def __init__(self, settings: Email, seconds: float) -> None:
        self._settings = settings
        self._line = Line(seconds)
        self._box: Mailbox | None = None

    def account(self) -> Account:
        box, one = self._mailbox(), self._settings
        folders = box.folders()
        sent = self._sent(folders)
        wanted = [name for name in dict.fromkeys((*one.folders, sent)) if name]
        there = [name for name in wanted if _is_listed(folders, name)]
        warnings = [
            f"there is no folder '{name}'; there are: {', '.join(list(folders)[:20])}"
            for name in wanted
            if name not in there
        ]
        if sent not in there:
            warnings.append(_NO_SENT)
        return Account(
            id=one.username.casefold() if "@" in one.username else f"{one.username}@{one.host}",
            names=(one.username,),
            summary=f"logged in as {one.username}; folders: {', '.join(there)}",
            warnings=tuple(warnings),
        )

    def pages(self, query: Query) -> Iterator[Page]:
        """
        Yield the pages of one run, oldest mails first.

        A line that drops is dialled once more, and the run goes on where it was.
        """
        reading = Reading(self._settings, query)
        try:
            yield from self._read(reading)
        except Dropped:
            if self._line.ended:
                raise
            self._hang_up()
            yield from self._read(reading)

    def abort(self) -> None:
        self._line.abort()

    def close(self) -> None:
        self._hang_up()
        self._line.close()

    def _hang_up(self) -> None:
        if self._box is not None:
            self._box.close()
            self._box = None

    def _mailbox(self) -> Mailbox:
        if self._box is None:
            one = self._settings
            server = Server(host=one.host, port=one.port, tls=one.tls, ca_file=one.ca_file)
            login = Login(
                username=one.username,
                password=one.password.reveal() if one.password else "",
                token=one.oauth2_token.reveal() if one.oauth2_token else "",
            )
            self._box = Mailbox(server, self._line, login)
        return self._box

    def _sent(self, folders: dict[str, Folder]) -> str:
        if self._settings.sent_folder:
            return self._settings.sent_folder
        flagged = [name for name, folder in folders.items() if "\\sent" in folder.flags]
        by_name = {name.casefold(): name for name in reversed(folders)}
        named = [by_name[name] for name in _SENT_NAMES if name in by_name]
        # Debian's own default marks two folders; the one with the plain name is in use.
        both = [name for name in named if name in flagged]
        return next(iter((*both, *flagged, *named)), "")

    def _read(self, reading: Reading) -> Iterator[Page]:
        reading.box = box = self._mailbox()
        reading.sent = sent = self._sent(box.folders())
        missing: list[NotFound] = []
        for name in dict.fromkeys((*self._settings.folders, sent)):
            try:
                if name:
                    yield from reading.folder(name)
            except NotFound as problem:
                missing.append(problem)
                reading.sent = "" if name == sent else reading.sent
        yield reading.revisit()
        if missing:
            raise missing[0]
        kept_back = {name: len(uids) for name, uids in reading.withheld.items() if uids}
        if kept_back:
            folders = ", ".join(f"'{name}': {count}" for name, count in kept_back.items())
            raise UnexpectedPayload(
                f"the server {self._settings.host} did not hand out all mails (in {folders})",
                "asked for again next time; if this stays, read or move them in a mail program",
            )


def _is_listed(folders: dict[str, Folder], name: str) -> bool:
    return name.upper() == "INBOX" or name.casefold() in {one.casefold() for one in folders}
