"""
All that a channel author imports.

A channel is a frozen dataclass whose fields are the keys of its ``[channels.NAME]`` table. It asks
and parses, nothing else: time-outs, retries, limits and error types belong to the client, storing
belongs to whoever consumes the pages.

Its module may also hold, for the owner to read: ``SETUP``, the steps to the credential; ``LOGIN``,
the keys that ``mentionwatch login`` asks for; and ``UNVERIFIED``, sentences about what the code
takes for granted of the platform though nobody could check it: "`field`: what is assumed; otherwise
what happens". None of them is read but where they are printed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.families import FAMILIES as FAMILIES
from mentionwatch.model.families import FAMILY_OF as FAMILY_OF
from mentionwatch.model.families import NO_JOINING as NO_JOINING

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.model.items import Page, StreamState

# type -> "module:class"; a static table, so that start-up reads no package metadata.
BUILTIN: dict[str, str] = {
    "app_store": "mentionwatch.channels.app_store:AppStore",
    "bluesky": "mentionwatch.channels.bluesky:Bluesky",
    "discord": "mentionwatch.channels.discord:Discord",
    "discourse": "mentionwatch.channels.discourse:Discourse",
    "email": "mentionwatch.channels.email:Email",
    "exec": "mentionwatch.channels.exec:Exec",
    "facebook": "mentionwatch.channels.facebook:Facebook",
    "file": "mentionwatch.channels.file:File",
    "google_business": "mentionwatch.channels.google_business:GoogleBusiness",
    "google_play": "mentionwatch.channels.google_play:GooglePlay",
    "hackernews": "mentionwatch.channels.hackernews:HackerNews",
    "helpdesk": "mentionwatch.channels.helpdesk:Helpdesk",
    "http_json": "mentionwatch.channels.http_json:HttpJson",
    "instagram": "mentionwatch.channels.instagram:Instagram",
    "lemmy": "mentionwatch.channels.lemmy:Lemmy",
    "linkedin": "mentionwatch.channels.linkedin:LinkedIn",
    "mastodon": "mentionwatch.channels.mastodon:Mastodon",
    "reddit": "mentionwatch.channels.reddit:Reddit",
    "rss": "mentionwatch.channels.rss:Rss",
    "sms_voice": "mentionwatch.channels.sms_voice:SmsVoice",
    "stackexchange": "mentionwatch.channels.stackexchange:StackExchange",
    "telegram": "mentionwatch.channels.telegram:Telegram",
    "threads": "mentionwatch.channels.threads:Threads",
    "tiktok": "mentionwatch.channels.tiktok:TikTok",
    "tripadvisor": "mentionwatch.channels.tripadvisor:Tripadvisor",
    "trustpilot": "mentionwatch.channels.trustpilot:Trustpilot",
    "whatsapp": "mentionwatch.channels.whatsapp:WhatsApp",
    "x": "mentionwatch.channels.x:X",
    "yelp": "mentionwatch.channels.yelp:Yelp",
    "youtube": "mentionwatch.channels.youtube:YouTube",
}

ENTRY_POINTS = "mentionwatch.channels"


@dataclass(frozen=True, kw_only=True, slots=True)
class Capabilities:
    """
    What a channel type can do; printed by ``mentionwatch channels``.

    ``history``: how far back a first run reaches, in words. ``private``: yields private messages.
    ``cost``: "free" or the price in words. ``limits``: sentences about what it cannot do.
    """

    finds_untagged: bool
    sees_own_replies: bool
    sees_edits: bool = False
    private: bool = False
    history: str = ""
    cost: str = "free"
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenItem:
    """A mention that still waits, to be revisited; given oldest due first."""

    external_id: str
    thread_id: str
    published: datetime
    author_id: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """
    What a channel is asked.

    ``terms`` as in the configuration (phrases, words, "@handles", "#hashtags", "/regex/"): search
    for those that the platform can search, loosely; matching is done again afterwards.
    ``since``: how far back a first run looks. ``now``: the clock of this run.
    ``streams``: the stored state of each of the channel's streams, by name.
    ``open``: the items that still wait here, oldest due first.
    ``known_own_ids``: external ids of our replies to those, to see whether they were deleted.
    ``channel``: what the owner calls the channel, for programs that are told so.
    """

    terms: tuple[str, ...]
    since: datetime
    now: datetime
    own_accounts: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    streams: Mapping[str, StreamState] = field(default_factory=dict)
    open: tuple[OpenItem, ...] = ()
    known_own_ids: tuple[str, ...] = ()
    channel: str = ""

    def state(self, stream: str) -> StreamState:
        """Return the stored state of a stream; a fresh one where there is none."""
        from mentionwatch.model.items import StreamState

        return self.streams.get(stream) or StreamState()


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """
    Who we are on a channel; the answer to one cheap request.

    ``id`` is stable ("mastodon.example:55"); when it changes, the channel's streams begin anew.
    ``names``: every id, handle, address or URL by which our own items are recognised.
    ``summary``: one line for ``doctor`` ("logged in as @acme@mastodon.example").
    ``warnings``: sentences for the owner (a token that ends soon, a filter that hides mentions).
    """

    id: str
    names: tuple[str, ...] = ()
    summary: str = ""
    warnings: tuple[str, ...] = ()


@runtime_checkable
class Channel(Protocol):
    """
    One configured channel over HTTP.

    ``name`` is not a field: a channel does not know what its owner calls it.
    """

    family: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    async def account(self, client: Client) -> Account:
        """Ask who we are, with one cheap request. Raises ChannelError."""
        ...

    def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        """Yield pages; each is stored before the next is asked for. Raises ChannelError."""
        ...


@runtime_checkable
class BlockingChannel(Protocol):
    """
    One configured channel whose work blocks: a mailbox, a program, a file.

    It runs in a daemon thread of its own. `connect` returns a session for one run.
    """

    family: ClassVar[str]
    capabilities: ClassVar[Capabilities]

    def connect(self, deadline: float) -> Session:
        """Return a session; ``deadline`` is the number of seconds that the run may take."""
        ...


class Session(Protocol):
    """One run of a blocking channel."""

    def account(self) -> Account: ...

    def pages(self, query: Query) -> Iterator[Page]: ...

    def abort(self) -> None:
        """End the work from another thread: close the socket, kill the process group."""
        ...

    def close(self) -> None: ...


@contextmanager
def reading(what: str) -> Iterator[None]:
    """
    Turn the errors of a payload with another shape into UnexpectedPayload.

    Args:
        what: Names the answer in the message: "the Hacker News search result".
    """
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise UnexpectedPayload(
            f"{what} has another shape than expected ({detail[:200]})",
            hint="the service may have changed; look for a newer mentionwatch",
        ) from error


def available() -> dict[str, str]:
    """Return every channel type with the object that serves it, built-in ones first."""
    from importlib.metadata import entry_points

    found = {point.name: point.value for point in entry_points(group=ENTRY_POINTS)}
    return {**found, **BUILTIN}


def load(type_name: str) -> type[Any]:
    """
    Return the settings class of a channel type; built-in ones without reading any metadata.

    Raises:
        KeyError: There is no such type.
        ImportError: A third party's channel does not load.
    """
    from importlib import import_module

    target = BUILTIN.get(type_name) or available()[type_name]
    module, _, attribute = target.partition(":")
    loaded: type[Any] = getattr(import_module(module), attribute)
    return loaded
