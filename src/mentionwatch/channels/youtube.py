"""
YouTube: comments on your videos, your replies, and videos of others that name you.

API: https://developers.google.com/youtube/v3/docs
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.channels._values import table, text, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.channels._youtube_api import Api, day_of, parse_listing
from mentionwatch.channels._youtube_items import Us, identifier
from mentionwatch.channels._youtube_run import Run
from mentionwatch.channels._youtube_search import Finder
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.errors import ChannelError, NotFound
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client

SETUP = """\
Free, within a quota of 10,000 requests and 100 searches a day. No review, no bill.
1. At https://console.cloud.google.com make a project: "New project".
2. Under "APIs & Services" > "Library" find "YouTube Data API v3" and press "Enable".
3. Under "Credentials" > "Create credentials" choose "API key", and restrict it to this API.
4. Put handle = "@yourchannel" into [channels.youtube] (or channel_id, from YouTube Studio >
   Settings > Channel > Advanced), and run: mentionwatch login youtube (it asks for api_key).
   The key does not expire.
5. Only to see comments that are held for your approval: make an OAuth client of type "Desktop app"
   there, log in once with the scope https://www.googleapis.com/auth/youtube.force-ssl, and give
   client_id, client_secret and refresh_token. While the consent screen is in "Testing", that
   log-in ends after 7 days; publish the app to make it last.
6. Test it: mentionwatch doctor youtube
YouTube asks that its texts are refreshed or deleted after 30 days: keep = "30d" in its section."""
LOGIN = ("api_key", "client_id", "client_secret", "refresh_token")
UNVERIFIED: tuple[str, ...] = (
    "the address of a comment on the channel itself is `/community?lc=`; otherwise the link leads "
    "to the channel's posts",
    "50 ids in one request are taken by `/commentThreads` and `/comments` (a most is not "
    "documented); otherwise the refusal is said and those threads are not looked at again",
    "`q` understands `|` and quotes; otherwise a search finds less, or more that is sorted out "
    "here",
    "the reasons of a key's restrictions (`ipRefererBlocked`, `API_KEY_`) are general knowledge; "
    "otherwise the hint speaks of the channel's owner",
    "threads that are held for review cannot be read by `id`: they are never taken for deleted; "
    "otherwise a deleted one waits until it is marked",
    "the key may stand in the header `X-Goog-Api-Key`; otherwise every request is refused, which "
    "is said",
    "`authorDisplayName` is the handle, so an answer that begins with it names its comment; "
    "otherwise it counts for the top comment",
    "ids of comments begin with `Ug`; otherwise what waits is not looked at again",
    "`totalReplyCount` may count replies that are never shown; otherwise nothing changes, as a "
    "thread is asked for once",
    "`customUrl` is the handle of the channel; otherwise it is missing among our names, and the "
    "channel's id is enough",
    "comments that `/comments` leaves out were deleted or hidden; otherwise they leave the queue "
    "too early",
    "a key that ended is refused with `keyExpired` or `API_KEY_EXPIRED`; otherwise Google's own "
    "words are shown, without the way out",
)

TOKENS = "https://oauth2.googleapis.com/token"
_LONGEST = 400  # characters of one search
_DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class YouTube:
    """
    The keys of ``[channels.youtube]``.

    ``channel_id`` ("UC…") or ``handle``: your channel. ``search_queries``: instead of the brand's
    terms. ``reply_check_days``: how long a thread is looked at for new replies.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        history="all public comments on your videos; videos of others as far as YouTube finds them",
        limits=(
            "comments on videos of others only with watch_comments_of_found_videos = true",
            "comments held for review only with the log-in of the channel's owner",
            "a heart or a pin is no answer that can be seen; posts and live chat cannot be read",
        ),
    )

    api_key: Secret
    channel_id: str = ""
    handle: str = ""
    search: bool = True
    search_queries: tuple[str, ...] = ()
    watch_comments_of_found_videos: bool = False
    reply_check_days: int = 14
    units_per_day: int = 9000
    searches_per_day: int = 90
    client_id: Secret = NO_SECRET
    client_secret: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET
    base_url: str = "https://www.googleapis.com/youtube/v3"
    token_url: str = TOKENS

    def problems(self) -> Iterator[tuple[str, str]]:
        for key in ("base_url", "token_url"):
            if not web(getattr(self, key)):
                yield key, "must be the address of a server"
        if bool(self.channel_id) == bool(self.handle):
            yield "handle", 'give your handle, such as "@acmecoffee", or channel_id'
        if self.channel_id and not _is_channel(self.channel_id):
            yield "channel_id", 'must be an id such as "UC…", of 24 characters'
        login = (self.client_id, self.client_secret, self.refresh_token)
        if any(login) and not all(login):
            yield "refresh_token", "client_id, client_secret and refresh_token belong together"
        if self.searches_per_day < 1 or self.units_per_day < 1:
            yield "", "units_per_day and searches_per_day must be at least 1"
        if not 0 <= self.reply_check_days <= 365:
            yield "reply_check_days", "must be 0 to 365"

    async def account(self, client: Client) -> Account:
        """Ask for our channel: one unit of the quota."""
        found = await self._channel(client, self._api(client))
        with reading("the YouTube channel"):
            channel_id = identifier(found["id"])
            snippet = table(found.get("snippet"))
            title, handle = text(snippet.get("title")), text(snippet.get("customUrl"))
        page = f"https://www.youtube.com/channel/{channel_id}"
        names = (channel_id, handle, page, f"https://www.youtube.com/{handle}" if handle else "")
        access = self._access(client)
        warnings = () if access is None else await self._login_warnings(access)
        return Account(
            id=channel_id,
            names=tuple(name for name in names if name),
            summary=f"reads the channel {title or channel_id}",
            warnings=warnings,
        )

    async def _login_warnings(self, access: Access) -> tuple[str, ...]:
        from datetime import UTC, datetime
        from time import time

        return await access.warnings(datetime.fromtimestamp(time(), UTC))

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        ledger = Ledger(query, day_of(query.now))
        api = self._api(client, ledger)
        channel_id = await self._id(client, api)
        others = (name for name in query.own_accounts if _is_channel(name))
        run = Run(
            api=api,
            query=query,
            us=Us(channels=tuple(dict.fromkeys((channel_id, *others)))),
            ledger=ledger,
            reply_days=self.reply_check_days,
            login=self._access(client),
        )
        deferred = Deferred()
        try:
            for part in self._parts(run, query):
                async with aclosing(deferred.pages(part)) as pages:
                    async for page in pages:
                        yield page
        except ChannelError:
            for page in ledger.page():
                yield page
            raise
        for page in ledger.page():
            yield page
        deferred.settle()

    def _parts(self, run: Run, query: Query) -> list[AsyncGenerator[Page, None]]:
        parts = [run.comments()]
        if run.login is not None:
            parts.append(run.held())
        parts += [run.revisit(), run.own_videos()]
        words = self.search_queries
        if not words:
            words = tuple(searches(query.terms, query.domains)) if self.search else ()
        rest = _DAY / self.searches_per_day * len(words)
        finder = Finder(run=run)
        for one in words:
            stream = f"search:{sha256(one.encode()).hexdigest()[:12]}"
            parts.append(finder.search(stream, one, rest))
            if self.watch_comments_of_found_videos:
                parts.append(finder.found_comments(stream))
        return parts

    # --- who we are -----------------------------------------------------------------------------

    def _api(self, client: Client, ledger: Ledger | None = None) -> Api:
        return Api(
            client=client,
            base_url=self.base_url.rstrip("/"),
            key=self.api_key,
            ledger=ledger,
            units=self.units_per_day,
            searches=self.searches_per_day,
        )

    def _access(self, client: Client) -> Access | None:
        if not self.refresh_token:
            return None
        grant = Grant(
            url=self.token_url,
            form={
                "grant_type": "refresh_token",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "refresh_token": self.refresh_token,
            },
            way_out="log in once more: mentionwatch channels setup youtube, step 5",
        )
        return Access(client=client, grant=grant)

    async def _channel(self, client: Client, api: Api) -> dict[str, Any]:
        """Return our channel, and keep its id."""
        wanted: dict[str, Any] = {"part": "id,snippet"}
        handle = "@" + self.handle.strip().lstrip("@")
        wanted |= {"id": self.channel_id} if self.channel_id else {"forHandle": handle}
        things = parse_listing(await api.get("/channels", wanted)).things
        if not things:
            named = self.channel_id or handle
            raise NotFound(
                f"YouTube knows no channel {named}", "check channel_id or handle", 404, ""
            )
        with reading("the YouTube channel"):
            channel_id = identifier(things[0].get("id"))
        async with client.renewing() as kept:
            found = {"handle": self.handle, "channel_id": channel_id}
            if {**kept, **found} != kept:
                client.tokens.put(client.channel, {**kept, **found})
        return things[0]

    async def _id(self, client: Client, api: Api) -> str:
        if self.channel_id:
            return self.channel_id
        kept = client.tokens.get(client.channel)
        if kept.get("handle") == self.handle and text(kept.get("channel_id")):
            return text(kept["channel_id"])
        return identifier((await self._channel(client, api)).get("id"))


def _is_channel(name: str) -> bool:
    return len(name) == 24 and name.startswith("UC") and name.replace("-", "_").isidentifier()


def searches(terms: Sequence[str], domains: Sequence[str]) -> list[str]:
    """Return as few searches as name all terms and domains; patterns cannot be searched."""
    words = [*map(_word, terms), *(f'"{domain}"' for domain in domains if domain.strip())]
    found: list[str] = []
    for word in dict.fromkeys(filter(None, words)):
        joined = f"{found[-1]}|{word}" if found else word
        if found and len(joined) <= _LONGEST:
            found[-1] = joined
        elif len(word) <= _LONGEST:
            found.append(word)
    return found


def _word(term: str) -> str:
    plain = " ".join(term.replace('"', " ").replace("|", " ").split())
    if len(plain) > 2 and plain.startswith("/") and plain.endswith("/"):
        return ""
    plain = plain.lstrip("@#-")
    return plain if plain.isalnum() else f'"{plain}"' if plain else ""
