"""
Text messages, missed calls and voicemail of your telephone number, through Twilio.

API: https://www.twilio.com/docs/usage/api; SignalWire and Telnyx offer the same.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote, urlsplit

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._phone_numbers import plain
from mentionwatch.channels._twilio_items import (
    Listing,
    Reader,
    in_words,
    moment,
    read_page,
    read_recordings,
    read_transcripts,
)
from mentionwatch.channels._values import table, web
from mentionwatch.channels._walk import Deferred, Listed, floor, newest_first, position
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Item, Page
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Reading your own messages and calls costs nothing; Twilio charges for sending and transcribing.
 1. console.twilio.com > Account Info: copy the Account SID (AC...).
 2. Account > API keys & tokens > Create API key. A restricted key needs read access to Messages,
    Calls and Recordings (and Transcriptions for transcriptions = true). Copy its SID (SK...) and,
    shown once, its secret. The account's auth token works too, but can do everything.
 3. In the configuration: account_sid = "AC...", api_key = "SK..." (leave api_key out with the auth
    token), numbers = ["+18005550100"].
 4. Run: mentionwatch login CHANNEL, and give the secret of the key (or the auth token).
Keys do not expire. Providers that copy this API: set base_url, for SignalWire
"https://SPACE.signalwire.com/api/laml/2010-04-01". Any other telephone system that mails its
voicemail: use a channel of the type email with a form of the kind "voicemail"."""
LOGIN: tuple[str, ...] = ("auth_token",)
UNVERIFIED: tuple[str, ...] = (
    "lists begin with the newest; otherwise a run reads more pages than it needs",
    "withheld callers come as numbers that spell a word; otherwise they are shown as these numbers",
    "`next_page_uri` may not outlive its run: on 404 or 400 the list begins anew; otherwise the "
    "refusal is said",
    "SignalWire and Telnyx answer as Twilio does; otherwise the error says which part has another "
    "shape",
    "`DateSent>`, `StartTime>` and `DateCreated>` count whole days: a day of overlap is read; "
    "otherwise more is read than needed",
    "`outbound-reply` is written by an automatic responder; otherwise set `count_auto_replies`",
    "`answered_by` tells a machine, `parent_call_sid` the second leg of a call; otherwise a call "
    "that somebody took counts as missed, or the reverse",
    "`trunk_sid`, `caller_name` and `trunking-originating` are named so; otherwise calls by a "
    "trunk count as missed, and callers have no name",
    "`transcription_text` may end with the older transcriptions: a failure is a warning; otherwise "
    "nothing changes",
    "`partially_delivered` and `read` mean that a text arrived, `failed`, `undelivered` and "
    "`canceled` that it did not; otherwise a text counts as an answer, or not, against the truth",
)

WAY_OUT = "check account_sid, api_key and auth_token: console.twilio.com > Account Info"
NO_ACCOUNT = "check account_sid (AC...) and base_url"
NO_RIGHT = "the API key may not read this: give it read access to messages, calls and recordings"
PER_PAGE = 1000
PAGES = 10
SIDE_PAGES = 5
OVERLAP = timedelta(days=1)  # dates are filtered by the day, and what is sent changes its status
_SOFT = (PermissionMissing, NotFound, RequestRefused, UnexpectedPayload)


@dataclass(frozen=True, kw_only=True, slots=True)
class SmsVoice:
    """
    The keys of ``[channels.NAME]`` with ``type = "sms_voice"``.

    ``auth_token`` is that of the account, or the secret of ``api_key``. ``numbers``: yours that are
    watched, all when empty. ``country`` such as "+1" completes numbers without one.
    ``allow_senders``: short codes that are people. ``answered_seconds``: shorter calls of yours do
    not count as an answer. ``machine_answers``: false where people take every call that is
    completed.
    """

    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=False,
        private=True,
        history="30 days at the first run",
        limits=(
            "a call back from a telephone that does not go through the provider is not seen",
            "a call that only a machine took counts as missed",
            "texts sent by an automatic responder do not count as an answer",
        ),
    )

    account_sid: str
    auth_token: Secret
    api_key: str = ""
    numbers: tuple[str, ...] = ()
    country: str = ""
    calls: bool = True
    transcriptions: bool = False
    allow_senders: tuple[str, ...] = ()
    answered_seconds: int = 20
    machine_answers: bool = True
    count_auto_replies: bool = False
    honour_redaction: bool = False
    base_url: str = "https://api.twilio.com/2010-04-01"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.account_sid.strip() or "/" in self.account_sid:
            yield "account_sid", 'must be such as "AC…", from the first page of the console'
        if self.country and not (self.country[:1] == "+" and self.country[1:].isdecimal()):
            yield "country", 'must be such as "+1"'
        if self.answered_seconds < 0:
            yield "answered_seconds", "must be 0 or more"
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    async def account(self, client: Client) -> Account:
        await _Asked(self, client).get("Messages", {"PageSize": 1})
        numbers = tuple(plain(one, self.country) for one in self.numbers)
        which = ", ".join(numbers) or "all numbers"
        return Account(
            id=self.account_sid, names=numbers, summary=f"messages of {which} can be read"
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        run = _Run(_Asked(self, client), query)
        deferred = Deferred()
        for part in (run.messages(), run.calls()) if self.calls else (run.messages(),):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()


Read = Callable[[tuple[Mapping[str, Any], ...]], tuple[tuple[Item, ...], tuple[str, ...]]]


class _Asked:
    """Requests about one account."""

    def __init__(self, channel: SmsVoice, client: Client) -> None:
        self.channel = channel
        self.client = client

    async def get(self, resource: str, params: Mapping[str, Any]) -> Listing:
        account = quote(self.channel.account_sid, safe="")
        return await self._ask(
            f"{self.channel.base_url}/Accounts/{account}/{resource}.json", params, resource
        )

    async def following(self, address: str, resource: str) -> Listing:
        """Ask for a further page; its address is taken as it was given."""
        parts = urlsplit(self.channel.base_url)
        account = f"/Accounts/{quote(self.channel.account_sid, safe='')}/"
        if not address.startswith("/") or address.startswith("//") or account not in address:
            raise UnexpectedPayload(
                f"{parts.hostname} says that its next page is somewhere else",
                hint="check base_url and account_sid",
            )
        return await self._ask(f"{parts.scheme}://{parts.netloc}{address}", {}, resource)

    async def _ask(self, url: str, params: Mapping[str, Any], resource: str) -> Listing:
        channel = self.channel
        try:
            payload = await self.client.get_json(
                url,
                params=params,
                auth=(channel.api_key or channel.account_sid, channel.auth_token),
            )
        except CredentialsRefused as error:
            raise _with_hint(error, WAY_OUT) from error
        except PermissionMissing as error:
            raise _with_hint(error, NO_RIGHT) from error
        except NotFound as error:
            raise _with_hint(error, NO_ACCOUNT) from error
        return read_page(payload, resource.lower())


class _Run:
    """One run over one account."""

    def __init__(self, asked: _Asked, query: Query) -> None:
        self.asked = asked
        self.channel = asked.channel
        self.query = query

    def _reader(self, stream: str, **more: Any) -> Reader:
        channel = self.channel
        cursor = self.query.state(stream).cursor
        return Reader(
            country=channel.country,
            numbers=tuple(plain(one, channel.country) for one in channel.numbers),
            allowed=tuple(plain(one, channel.country) for one in channel.allow_senders),
            count_auto_replies=channel.count_auto_replies,
            honour_redaction=channel.honour_redaction,
            answered_seconds=channel.answered_seconds,
            machine_answers=channel.machine_answers,
            before=floor(cursor, self.query.since, timedelta()) if cursor else None,
            **more,
        )

    def _lowest(self, stream: str) -> datetime:
        return floor(self.query.state(stream).cursor, self.query.since, OVERLAP)

    async def messages(self) -> AsyncGenerator[Page, None]:
        reader = self._reader("messages")
        async with aclosing(self._walk("Messages", "DateSent>", reader.messages)) as pages:
            async for page in pages:
                yield page

    async def calls(self) -> AsyncGenerator[Page, None]:
        voicemails, warnings = await self._voicemails()
        if warnings:
            yield Page(stream="calls", warnings=warnings)
        reader = self._reader("calls", voicemails=voicemails)
        async with aclosing(self._walk("Calls", "StartTime>", reader.calls)) as pages:
            async for page in pages:
                yield page

    async def _walk(
        self, resource: str, filter_name: str, read: Read
    ) -> AsyncGenerator[Page, None]:
        """Walk back to the cursor, which is the newest date of creation that was read."""
        stream = resource.lower()

        async def ask(resume: str, cursor: str) -> Listed:
            lowest = floor(cursor, self.query.since, OVERLAP)
            listing = await self._page(resource, filter_name, resume, lowest)
            items, warnings = read(listing.things)
            made = [moment(table(one).get("date_created")) for one in listing.things]
            times = [one for one in made if one]
            return Listed(
                items=items,
                newest=position(times, self.query.now),
                following=listing.following,
                past=bool(times) and max(times) < lowest - OVERLAP,
                warnings=warnings,
            )

        walk = newest_first(stream, self.query.state(stream), ask, pages=PAGES)
        async with aclosing(walk) as pages:
            async for page in pages:
                yield page

    async def _page(
        self, resource: str, filter_name: str, resume: str, lowest: datetime
    ) -> Listing:
        first = {filter_name: iso(lowest), "PageSize": PER_PAGE}
        if not resume:
            return await self.asked.get(resource, first)
        try:
            return await self.asked.following(resume, resource)
        except (NotFound, RequestRefused):
            # The address of a page may not outlive its run: then from the top again.
            return await self.asked.get(resource, first)

    async def _voicemails(self) -> tuple[dict[str, str], tuple[str, ...]]:
        """Return call -> words of its voicemail; what cannot be had is a warning."""
        since = iso(self._lowest("calls"))
        warnings: list[str] = []
        recordings = await self._soft("Recordings", {"DateCreated>": since}, warnings)
        transcripts: tuple[Mapping[str, Any], ...] = ()
        if self.channel.transcriptions and recordings:
            transcripts = await self._soft("Transcriptions", {}, warnings)
        found = in_words(read_recordings(recordings), read_transcripts(transcripts))
        return found, tuple(warnings)

    async def _soft(
        self, resource: str, params: Mapping[str, Any], warnings: list[str]
    ) -> tuple[Mapping[str, Any], ...]:
        found: tuple[Mapping[str, Any], ...] = ()
        try:
            listing = await self.asked.get(resource, {**params, "PageSize": PER_PAGE})
            found += listing.things
            for _ in range(SIDE_PAGES - 1):
                if not listing.following:
                    break
                listing = await self.asked.following(listing.following, resource)
                found += listing.things
        except _SOFT as error:
            warnings.append(f"{resource.lower()} cannot be read: {error.message}")
        return found


def _with_hint(error: AnswerRefused, hint: str) -> AnswerRefused:
    return type(error)(error.message, hint, error.status, error.body)
