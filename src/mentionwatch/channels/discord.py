"""
Discord servers in which your bot is: searched for your name, your own channels read whole.

API: https://docs.discord.com/developers/reference
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch import __version__
from mentionwatch.channels import Account, Capabilities, OpenItem, Query
from mentionwatch.channels._discord_items import UNVERIFIED as UNVERIFIED
from mentionwatch.channels._discord_items import (
    Batch,
    Reader,
    active_threads,
    earlier,
    is_id,
    read_application,
    read_list,
    read_search,
    snowflake,
    text_channels,
    waits_for_index,
)
from mentionwatch.channels._values import web
from mentionwatch.channels._walk import Deferred, in_turn
from mentionwatch.errors import AnswerRefused, CredentialsRefused, NotFound, PermissionMissing
from mentionwatch.model.items import Deletion, Item, Mention, Page, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Free. A bot reads only servers to which their administrator invited it; direct messages to it
cannot be read this way.
 1. discord.com/developers/applications > New Application > Bot > Reset Token: copy the token.
 2. On the same page switch on "Message Content Intent"; without it texts come empty.
 3. OAuth2 > URL Generator: scope bot, permissions View Channels and Read Message History. Open the
    address, and choose the server.
 4. In Discord: Settings > Advanced > Developer Mode. Then right-click a server, channel or person
    and choose Copy ID, for guild_ids, own_channel_ids and own_user_ids.
 5. Run: mentionwatch login CHANNEL, and give the token.
The token does not expire."""
LOGIN: tuple[str, ...] = ("bot_token",)

WAY_OUT = "copy the token again: discord.com/developers/applications > Bot > Reset Token"
NO_RIGHT = "invite the bot, and give it View Channels and Read Message History there"
NO_PLACE = "check guild_ids and the ids of the channels"
USER_AGENT = f"DiscordBot (https://mentionwatch.example, {__version__})"
PER_SEARCH, PER_PAGE = 25, 100
PAGES = 20  # of one stream in one run
INDEX_LAG = timedelta(minutes=10)
THREADS = 40
LOOKS = 30
ALWAYS = 10
INDEX_TRIES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Discord:
    """
    The keys of ``[channels.discord]``.

    ``guild_ids``: the servers. ``channel_ids``: only these channels of them are searched.
    ``own_channel_ids``: channels of yours, where everything is said to you. ``search`` false reads
    the channels instead of searching them.
    """

    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        history="30 days at the first run",
        limits=(
            "direct messages to the bot cannot be read",
            "your words count as an answer when they use Discord's reply, stand in a thread, or "
            "name the person",
            "edits and deletions are seen while the message waits",
        ),
    )

    bot_token: Secret
    guild_ids: tuple[str, ...]
    channel_ids: tuple[str, ...] = ()
    own_channel_ids: tuple[str, ...] = ()
    own_user_ids: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    search: bool = True
    base_url: str = "https://discord.com/api/v10"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.guild_ids:
            yield "guild_ids", "must name a server at least"
        for key in ("guild_ids", "channel_ids", "own_channel_ids", "own_user_ids"):
            if wrong := [one for one in getattr(self, key) if not is_id(one)]:
                yield key, f'"{wrong[0]}" is no id; it is a long number in quotes'
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    async def account(self, client: Client) -> Account:
        payload = await _Asked(self, client).get("/applications/@me")
        number, name, sees_texts = read_application(payload)
        warnings = () if sees_texts else (
            'the bot may not see what messages say: switch on "Message Content Intent" '
            "(discord.com/developers/applications > Bot)",
        )  # fmt: skip
        return Account(
            id=number,
            names=(number, *self.own_user_ids),
            summary=f"reads as {name or number}",
            warnings=warnings,
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        asked = _Asked(self, client)
        bot = query.state("bot").extra.get("id", "")
        if not bot:
            bot, _, _ = read_application(await asked.get("/applications/@me"))
            yield Page(stream="bot", state=StreamState(extra={"id": bot}))
        run = _Run(asked, query, bot)
        deferred = Deferred()
        parts = [part for guild in self.guild_ids for part in run.guild(guild)]
        for part in (*parts, run.again()):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()


class _Asked:
    """Requests, with the name that Discord prescribes for programs."""

    def __init__(self, channel: Discord, client: Client) -> None:
        self.channel = channel
        self.client = client

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        try:
            return await self.client.get_json(
                f"{self.channel.base_url}{path}",
                params=params,
                headers={
                    "Authorization": ("Bot ", self.channel.bot_token),
                    "User-Agent": USER_AGENT,
                },
            )
        except CredentialsRefused as error:
            raise _with_hint(error, WAY_OUT) from error
        except PermissionMissing as error:
            raise _with_hint(error, NO_RIGHT) from error
        except NotFound as error:
            raise _with_hint(error, NO_PLACE) from error


def _with_hint(error: AnswerRefused, hint: str) -> AnswerRefused:
    return type(error)(error.message, hint, error.status, error.body)


class _Run:
    """One run over the servers."""

    def __init__(self, asked: _Asked, query: Query, bot: str) -> None:
        self.asked = asked
        self.channel = asked.channel
        self.query = query
        self.bot = bot
        self.ours = frozenset((bot, *asked.channel.own_user_ids))
        self.seen: set[str] = set()
        self.unready: set[str] = set()

    def reader(self, guild: str, **more: Any) -> Reader:
        return Reader(guild=guild, ours=self.ours, bot=self.bot, **more)

    def guild(self, guild: str) -> list[AsyncGenerator[Page, None]]:
        """Return the streams of one server."""
        parts = [self.own_channels(guild)] if self.channel.own_channel_ids else []
        if not self.channel.search:
            return [*parts, self.all_channels(guild)]
        us = sorted(self.ours, key=int)
        wanted: list[tuple[str, dict[str, Any], bool]] = [
            ("mentions", {"mentions": us}, True),
            ("answers", {"replied_to_user_id": us}, True),
            ("own", {"author_id": us}, True),
        ]
        for term in self.channel.search_terms or self.query.terms:
            words = term.strip("/#@") if term[:1] in "#@" else term
            if not (term.startswith("/") and term.endswith("/")):
                found = {"content": words[:1024], "author_type": ["-bot", "-webhook"]}
                wanted.append((f"term:{term}", found, False))
        parts += [self.searched(guild, *one) for one in wanted]
        return parts

    # --- searching ----------------------------------------------------------------------------

    async def searched(
        self, guild: str, name: str, wanted: Mapping[str, Any], to_us: bool
    ) -> AsyncGenerator[Page, None]:
        """Search oldest first; the cursor is the highest id that was found."""
        if guild in self.unready:
            return
        stream = f"{name}:{guild}"
        state, lowest = self._begin(stream)
        for left in reversed(range(PAGES)):
            params = {
                **wanted, "min_id": lowest, "sort_by": "timestamp", "sort_order": "asc",
                "limit": PER_SEARCH, "channel_id": list(self.channel.channel_ids) or None,
            }  # fmt: skip
            found = await self._search(guild, params)
            if found is None:
                self.unready.add(guild)
                told = f"Discord is still building the search of server {guild}; a later run reads"
                yield Page(stream=stream, warnings=(told,))
                return
            things, threads = read_search(found)
            batch = self.reader(guild, threads=threads, to_us=to_us).messages(things)
            if not batch.newest or int(batch.newest) <= int(lowest):
                yield self._page(stream, batch, state, searched=not to_us)
                return
            lowest = batch.newest
            state = _onward(state, batch.newest)
            yield self._page(stream, batch, state, searched=not to_us, more=not left)

    async def _search(self, guild: str, params: Mapping[str, Any]) -> Any:
        """Return the result; None while the server's index is being built."""
        for _ in range(INDEX_TRIES):
            payload = await self.asked.get(f"/guilds/{guild}/messages/search", params)
            wait = waits_for_index(payload)
            if wait is None:
                return payload
            if wait >= min(30.0, self.asked.client.remaining()):
                return None
            await self.asked.client.pause(wait)
        return None

    # --- reading channels ---------------------------------------------------------------------

    async def own_channels(self, guild: str) -> AsyncGenerator[Page, None]:
        """Read the owner's channels, and the threads in them."""
        own = set(self.channel.own_channel_ids)
        theirs = text_channels(await self.asked.get(f"/guilds/{guild}/channels"))
        for channel in [one for one in theirs if one in own]:
            async with aclosing(self.listed(guild, channel, to_us=True)) as pages:
                async for page in pages:
                    yield page
        async with aclosing(self._threads(guild, own, to_us=True)) as pages:
            async for page in pages:
                yield page

    async def all_channels(self, guild: str) -> AsyncGenerator[Page, None]:
        """Read every channel that may be searched; for servers without a search."""
        found = text_channels(await self.asked.get(f"/guilds/{guild}/channels"))
        wanted = set(self.channel.channel_ids or found) - set(self.channel.own_channel_ids)
        for channel in [one for one in found if one in wanted]:
            async with aclosing(self.listed(guild, channel, to_us=False)) as pages:
                async for page in pages:
                    yield page
        async with aclosing(self._threads(guild, wanted, to_us=False)) as pages:
            async for page in pages:
                yield page

    async def _threads(
        self, guild: str, channels: set[str], *, to_us: bool
    ) -> AsyncGenerator[Page, None]:
        """Read the threads in which something was written since."""
        found = active_threads(await self.asked.get(f"/guilds/{guild}/threads/active"))
        fresh = []
        for thread, parent, newest in found:
            _, lowest = self._begin(f"channel:{thread}")
            cursor = self.query.state(f"channel:{thread}").cursor or lowest
            if parent in channels and is_id(newest) and int(newest) > int(cursor):
                fresh.append(thread)
        if len(fresh) > THREADS:
            told = f"{len(fresh) - THREADS} threads of server {guild} are left for the next run"
            yield Page(stream=f"threads:{guild}", warnings=(told,))
        for thread in fresh[:THREADS]:
            reading = self.listed(guild, thread, to_us=to_us, thread=True)
            async with aclosing(reading) as pages:
                async for page in pages:
                    yield page

    async def listed(
        self, guild: str, channel: str, *, to_us: bool, thread: bool = False
    ) -> AsyncGenerator[Page, None]:
        """Read one channel or thread, oldest first."""
        stream = f"channel:{channel}"
        state = self.query.state(stream)
        state = replace(state, extra={"ours": "1"} if to_us else {})
        lowest = state.cursor if is_id(state.cursor) else snowflake(self.query.since)
        threads = frozenset({channel}) if thread else frozenset()
        reader = self.reader(guild, threads=threads, to_us=to_us)
        for left in reversed(range(PAGES)):
            params = {"after": lowest, "limit": PER_PAGE}
            things = read_list(await self.asked.get(f"/channels/{channel}/messages", params))
            batch = reader.messages(things)
            if batch.newest and int(batch.newest) > int(lowest):
                lowest = batch.newest
                state = _onward(state, batch.newest)
            more = len(things) >= PER_PAGE and bool(batch.newest)
            yield self._page(stream, batch, state, searched=True, more=more and not left)
            if not more:
                return

    def _begin(self, stream: str) -> tuple[StreamState, str]:
        """Return the state of a search and where it begins: what is found lags behind."""
        state = self.query.state(stream)
        if is_id(state.cursor):
            return state, earlier(state.cursor, INDEX_LAG)
        return state, snowflake(self.query.since)

    def _page(
        self,
        stream: str,
        batch: Batch,
        state: StreamState,
        *,
        searched: bool,
        more: bool = False,
    ) -> Page:
        warnings = batch.warnings
        if more:
            warnings += (f"{stream} has more than one run may read; the next one goes on",)
        self.seen |= {one.external_id for one in batch.items}
        untagged = any(isinstance(i, Mention) and not i.addressed for i in batch.items)
        return Page(
            stream=stream,
            items=batch.items,
            state=state,
            searched=searched and untagged,
            warnings=warnings,
        )

    # --- looking again ------------------------------------------------------------------------

    async def again(self) -> AsyncGenerator[Page, None]:
        """Look at what waits, and at our answers, for edits and deletions."""
        waiting = {one.external_id: one for one in self.query.open}
        names = [*waiting, *self.query.known_own_ids]
        names = [one for one in dict.fromkeys(names) if one not in self.seen and ":" in one]
        state = self.query.state("again")
        order = in_turn(names, state.extra.get("last"), ALWAYS)[:LOOKS]
        for name in order:
            try:
                item = await self._look(name, waiting.get(name))
            except PermissionMissing as error:  # one closed channel must not keep us from others
                yield Page(stream="again", warnings=(error.message,))
                continue
            yield Page(
                stream="again",
                items=(item,) if item else (),
                checked=(name,) if name in waiting else (),
            )
        if names:
            last = {"last": order[-1]} if len(order) < len(names) else {}
            yield Page(stream="again", state=StreamState(extra=last))

    async def _look(self, name: str, waiting: OpenItem | None) -> Item | None:
        channel, _, number = name.partition(":")
        if not (is_id(channel) and is_id(number)):
            return None
        try:
            message = await self.asked.get(f"/channels/{channel}/messages/{number}")
        except NotFound:
            return Deletion(external_id=name)
        if waiting is None:
            return None  # our answer still stands
        guild = _guild(waiting.url) or self.channel.guild_ids[0]
        to_us = self.query.state(f"channel:{channel}").extra.get("ours") == "1"
        reader = self.reader(guild, thread_id=waiting.thread_id, to_us=to_us)
        return next(iter(reader.messages([message]).items), None)


def _onward(state: StreamState, newest: str) -> StreamState:
    known = state.cursor if is_id(state.cursor) else "0"
    return replace(state, cursor=max(known, newest, key=int))


def _guild(url: str) -> str:
    found = url.removeprefix("https://discord.com/channels/").partition("/")[0]
    return found if is_id(found) else ""
