r"""
A mailbox, read without leaving a trace (RFC 3501).

Folders are opened with EXAMINE and bodies fetched with BODY.PEEK, both: a server may take either
alone as leave to set \Seen. On ``imaplib`` and not on imap-tools: its ``fetch`` always loads the
whole mail and never asks for INTERNALDATE, so an attachment could not be left where it is, and
the time of arrival could not be told; what remained would be the login.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from mentionwatch.channels._imap_format import (
    Fetched,
    Folder,
    has_special,
    listed,
    parse_fetch,
    quoted,
    ranges,
)
from mentionwatch.channels._imap_line import (
    Dropped,
    Line,
    Server,
    Wire,
    busy,
    connect,
    talking,
    words_of,
)
from mentionwatch.errors import (
    ChannelError,
    CredentialsRefused,
    NotFound,
    ServerFailed,
    UnexpectedPayload,
    Unreachable,
)

HEADER_BYTES = 64 * 1024
_MESSAGES_PER_SEARCH = 50_000  # imaplib reads lines of a million bytes, a uid takes up to 11
_IDS_PER_SEARCH = 10
_SEARCHABLE = re.compile(r"[!-~]{1,250}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """A folder that is open. ``uidnext`` 0: the server does not say."""

    name: str
    uidvalidity: str
    uidnext: int
    messages: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """Who we are; ``token`` is an OAuth2 access token, used instead of the password."""

    username: str
    password: str = ""
    token: str = ""


class Mailbox:
    """A logged-in session that only reads."""

    def __init__(self, server: Server, line: Line, login: Login) -> None:
        self._server = server
        self._line = line
        self._wire = connect(server, line)
        self._open: Opened | None = None
        try:
            with talking(server, line):
                _log_in(self._wire, server, login)
                # What is offered changes with the login, and imaplib does not ask again.
                answer = self._wire.capability()[1]
        except ChannelError as error:
            self.close()
            if isinstance(error, Dropped):  # may be a refusal too: not to be tried again
                raise Unreachable(f"{error.message} at login", error.hint) from error
            raise
        self.capabilities = frozenset(
            (answer[-1] or b"").decode("ascii", "replace").upper().split()
        )
        self._folders: dict[str, Folder] | None = None

    def folders(self) -> dict[str, Folder]:
        """Return the folders of the account by name."""
        if self._folders is None:
            with talking(self._server, self._line):
                found = listed(self._wire.list()[1])
                if "SPECIAL-USE" in self.capabilities and not has_special(found.values()):
                    # Some say by the way that the mailbox may only be read: so do we.
                    with suppress(imaplib.IMAP4.readonly):
                        special = listed(self._wire.list('(SPECIAL-USE) ""')[1])
                        found.update({name: special[name] for name in special if name in found})
            self._folders = found
        return self._folders

    @property
    def current(self) -> Opened | None:
        """The folder that is open."""
        return self._open

    def open(self, name: str) -> Opened:
        """
        Open a folder for reading only.

        Raises:
            NotFound: There is no such folder, or it cannot be opened.
        """
        folder = self._find(name)
        if self._open is not None and self._open.name == folder.name:
            return self._open
        self._open = None
        with talking(self._server, self._line):
            answer, data = self._wire.select(quoted(folder.wire), readonly=True)
            if answer != "OK":
                text = (data[-1] or b"").decode("utf-8", "replace")
                if busy(text):
                    raise ServerFailed(f"the folder '{name}' cannot be opened now: {text}")
                raise NotFound(f"the folder '{name}' cannot be opened: {text[:200]}")
            self._open = Opened(
                name=folder.name,
                uidvalidity=str(self._number("UIDVALIDITY")),
                uidnext=self._number("UIDNEXT"),
                messages=int(data[-1] or 0),
            )
        return self._open

    def search(self, *criteria: str) -> list[int]:
        """Return the uids in the open folder that fit, ascending."""
        found: set[int] = set()
        messages = self._open.messages if self._open else 0
        for first in range(1, messages + 1, _MESSAGES_PER_SEARCH):
            # In slices of the folder: one answer must fit the line that imaplib reads.
            part = f"{first}:{min(first + _MESSAGES_PER_SEARCH - 1, messages)}"
            with talking(self._server, self._line):
                answer, data = self._wire.uid("SEARCH", part, *criteria)
                if answer != "OK":
                    raise UnexpectedPayload(f"{self._server} refused a search: {_said(data)}")
                found.update(int(word) for line in data for word in (line or b"").split())
        return sorted(found)

    def fetch_headers(self, uids: Sequence[int]) -> dict[int, Fetched]:
        """Return the headers of mails by uid, cut at `HEADER_BYTES`; what is gone is left out."""
        return self._fetch(uids, f"BODY.PEEK[HEADER]<0.{HEADER_BYTES}>")

    def fetch_starts(self, uids: Sequence[int], limit: int) -> Iterator[Fetched]:
        """Yield the first *limit* bytes of each mail, a few mails at a time."""
        at_once = max(1, 2 * 1024 * 1024 // limit)
        for start in range(0, len(uids), at_once):
            yield from self._fetch(
                uids[start : start + at_once], f"BODY.PEEK[]<0.{limit}>"
            ).values()

    def find(self, ids: Sequence[str], *, header: str = "MESSAGE-ID", flag: str = "") -> list[int]:
        """
        Return the uids in the open folder whose header names one of these ids; perhaps some more.

        A server compares parts of words, so the caller looks at the ids again.
        """
        usable = [one for one in dict.fromkeys(ids) if _SEARCHABLE.fullmatch(one)]
        found: set[int] = set()
        for start in range(0, len(usable), _IDS_PER_SEARCH):
            terms = [f"HEADER {header} {quoted(one)}" for one in usable[start : start + 10]]
            either = "OR " * (len(terms) - 1) + " ".join(terms)
            found.update(self.search(*([flag] if flag else []), either))
        return sorted(found)

    def close(self) -> None:
        """Say goodbye if there is time for it, and end the connection."""
        with suppress(imaplib.IMAP4.error, OSError, ValueError):
            if not self._line.ended:
                self._wire.socket().settimeout(2)
                self._wire.logout()
        with suppress(imaplib.IMAP4.error, OSError, ValueError):
            self._wire.shutdown()

    def _find(self, name: str) -> Folder:
        folders = self.folders()
        wanted = "INBOX" if name.upper() == "INBOX" else name
        folder = folders.get(wanted) or next(
            (one for key, one in folders.items() if key.casefold() == wanted.casefold()), None
        )
        if folder is None and wanted == "INBOX":
            return Folder(name="INBOX", wire="INBOX", flags=frozenset())
        if folder is None or folder.flags & {"\\noselect", "\\nonexistent"}:
            there = ", ".join(list(folders)[:20]) or "none"
            raise NotFound(f"there is no folder '{name}' in the mailbox", f"there are: {there}")
        return folder

    def _number(self, name: str) -> int:
        data = self._wire.response(name)[1]
        return int(data[-1]) if data and data[-1] else 0

    def _fetch(self, uids: Sequence[int], part: str) -> dict[int, Fetched]:
        if not uids:
            return {}
        with talking(self._server, self._line):
            answer, data = self._wire.uid(
                "FETCH", ranges(uids), f"(UID INTERNALDATE RFC822.SIZE FLAGS {part})"
            )
        if answer == "OK":
            wanted = set(uids)
            return {one.uid: one for one in parse_fetch(data) if one.uid in wanted}
        if len(uids) == 1:
            return {}
        # One broken mail makes some servers refuse all that were asked for with it.
        middle = len(uids) // 2
        return {**self._fetch(uids[:middle], part), **self._fetch(uids[middle:], part)}


def _log_in(wire: Wire, server: Server, login: Login) -> None:
    """Log in with one try: accounts get locked after a few. Raises CredentialsRefused."""
    secret = login.token or login.password
    if not secret:
        raise CredentialsRefused("no password is configured", "set password or oauth2_token")
    if re.search(r"[\x00\r\n]", login.username + secret):
        raise CredentialsRefused("the user name or the password holds a line break")
    try:
        if login.token:
            wire.authenticate("XOAUTH2", _xoauth2(login))
        elif "AUTH=PLAIN" in wire.capabilities or not (login.username + secret).isascii():
            plain = f"\0{login.username}\0{secret}".encode()
            wire.authenticate("PLAIN", lambda _: plain)
        else:
            wire.login(quoted(login.username), secret)
    except imaplib.IMAP4.abort as error:
        if "socket error" in (text := words_of(error)):
            raise
        raise _refused(server, login, text) from None
    except imaplib.IMAP4.error as error:
        raise _refused(server, login, words_of(error)) from None


def _xoauth2(login: Login) -> Callable[[bytes], bytes]:
    """Answer the first challenge with the token; a second one is the server's error as JSON."""
    first = f"user={login.username}\x01auth=Bearer {login.token}\x01\x01".encode()
    answers = iter((first,))
    return lambda _: next(answers, b"")


def _refused(server: Server, login: Login, text: str) -> ChannelError:
    for secret in (login.password, login.token):
        text = text.replace(secret, "***") if secret else text
    if busy(text):
        return ServerFailed(f"{server} cannot serve this mailbox now: {text}")
    return CredentialsRefused(
        f"{server} refused the login of {login.username}: {text}", _hint(server, login)
    )


def _hint(server: Server, login: Login) -> str:
    place = f"{server.host} {login.username}".lower()
    if login.token:
        return "the access token may have ended; run the command that renews it"
    if "gmail" in place or "google" in place:
        return (
            "Gmail wants an app password: switch on 2-step verification, then make one at "
            "https://myaccount.google.com/apppasswords"
        )
    if any(name in place for name in ("outlook", "office365", "hotmail", "@live.")):
        return "Microsoft takes no passwords for IMAP any more: use oauth2_token"
    return "look at username and password; many providers want an app password here"


def _said(data: Sequence[Any]) -> str:
    return b" ".join(one for one in data if isinstance(one, bytes)).decode("utf-8", "replace")[:200]
