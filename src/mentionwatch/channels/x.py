"""
X (Twitter): posts that name you, your answers, search, and direct messages; X charges for each.

API: https://docs.x.com/x-api. Prices: https://docs.x.com/x-api/getting-started/pricing
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._ledger import Ledger
from mentionwatch.channels._oauth1 import Keys
from mentionwatch.channels._values import table, text, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.channels._x_api import Api
from mentionwatch.channels._x_items import Us, identifier, own_name
from mentionwatch.channels._x_run import Limits, Run
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.model.items import Page
from mentionwatch.model.times import iso

if TYPE_CHECKING:
    from mentionwatch.client import Client

SETUP = """\
X charges for every post that is read; there is no free access. Expect a few dollars a month.
1. Log in at https://console.x.com with the account of your business, and accept the agreement.
2. Create an app. Describe its use honestly: "reads mentions of our own brand and our own replies".
3. Buy credits (5 dollars are enough to begin with) and set a spending limit there.
4. Under "Keys and tokens" generate the API key and secret and the access token and secret.
   With these four, mentions of you and your own posts cost a fifth, and they never expire.
   Permissions: "Read"; for direct messages "Read and write and Direct message", set before the
   access token is generated.
   Simpler and dearer: copy the Bearer token instead. It cannot read direct messages.
5. Put username = "yourname" (without @) into [channels.x], and run: mentionwatch login x
6. monthly_cap is what mentionwatch itself may spend in a month, in US dollars.
7. Test it: mentionwatch doctor x"""
LOGIN = ("bearer_token", "api_key", "api_key_secret", "access_token", "access_token_secret")
UNVERIFIED: tuple[str, ...] = (
    "the bodies of 402, 403 and the spending limit are known from reports: the end of `type` "
    "(`credits-depleted`, `spend-cap-reached`, `client-not-enrolled`) decides; otherwise X's own "
    "words are shown, without the way out",
    "a vocabulary that X does not know is passed over in silence, so posts come without "
    "`created_at`; otherwise the error that X gives is said and nothing is bought",
    "authors that come along by `expansions` cost as much as a user, and a bearer token pays the "
    "full price for mentions and own posts; otherwise less is spent than `monthly_cap` counts",
    "in the newer vocabulary `in_reply_to_user_id` and `referenced_posts` come by `expansions` "
    "alone, and cost a user and a post each; otherwise the older one goes on, or the estimate is "
    "too high",
    "direct messages: `/2/dm_events` with `event_types` `MessageCreate`, `dm_conversation_id`, "
    "`sender_id` by `expansions`, and $0.010 for one; otherwise an error is said and no message is "
    "read",
    "the address `https://x.com/messages/` with the id of the conversation opens it; otherwise the "
    "link leads to the list of messages",
    "the search operator `url:` takes a domain in quotes; otherwise posts that only link to you "
    "are missed, or the refused search is said",
    "`media_key` or a `display_url` of `pic.x.com` marks the link to a post's own picture; "
    "otherwise that link stays in the text",
    "`unwound_url` and `expanded_url` hold where a short link leads; otherwise the short link "
    "stays",
    "a deleted post is named in `errors` of `/2/tweets` by `resource_id` or `value`, with "
    "`resource-not-found`; otherwise it stays in the queue until it is marked",
    "the ids in `entities` tell whom an own post that begins with a name is for; otherwise it is "
    "no answer and the row stays",
    "`media_keys` of `attachments` name a post's pictures; otherwise they are not counted",
)

_LONGEST = 512  # characters of one search
_JUST_NOW = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """
    What X charges for reading, in US dollars.

    ``owned``: a post or mention of ours, read with the keys of the account that owns the app.
    """

    post: float = 0.005
    owned: float = 0.001
    user: float = 0.010
    message: float = 0.010


@dataclass(frozen=True, kw_only=True, slots=True)
class X:
    """
    The keys of ``[channels.x]``.

    ``username``: without "@". Either ``bearer_token`` or the four keys of an account.
    ``queries``: searched for instead of the brand's terms, in the words of X's search.
    ``monthly_cap``: US dollars. ``rechecks_per_day``: looks for edits and deletions, paid for.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="the latest 800 posts that name you; search covers the last 7 days",
        cost="$0.001 to $0.005 a post and $0.010 an author, up to monthly_cap",
        limits=(
            "an edit or a deletion shows only in the few posts looked at again (rechecks_per_day)",
            "quotes of your posts show only where they name you or a search finds them",
            "direct messages only with direct_messages = true and the four keys, never encrypted "
            "ones",
        ),
    )

    username: str
    user_id: str = ""
    bearer_token: Secret = NO_SECRET
    api_key: Secret = NO_SECRET
    api_key_secret: Secret = NO_SECRET
    access_token: Secret = NO_SECRET
    access_token_secret: Secret = NO_SECRET
    base_url: str = "https://api.x.com"
    search: bool = True
    queries: tuple[str, ...] = ()
    direct_messages: bool = False
    monthly_cap: float = 10.0
    max_posts_per_sync: int = 200
    rechecks_per_day: int = 5
    prices: Prices = Prices()

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", 'must be the address of the API, such as "https://api.x.com"'
        if not own_name(f"@{self._name()}"):
            yield "username", 'must be your user name without @, such as "acmecoffee"'
        if self.user_id and not self.user_id.isdecimal():
            yield "user_id", "must be a number in quotes; leave it out and it is looked up"
        keys = self._four()
        if any(keys) and not all(keys):
            names = "api_key, api_key_secret, access_token and access_token_secret"
            yield "", f"{names} belong together: give all four, or bearer_token instead"
        elif not any(keys) and not self.bearer_token:
            yield "bearer_token", "a credential is missing: this one, or the four keys"
        if self.direct_messages and not all(keys):
            yield "direct_messages", "needs the four keys; a bearer token cannot read messages"
        if self.max_posts_per_sync < 10:
            yield "max_posts_per_sync", "must be at least 10, the smallest page of a search"
        if self.monthly_cap < 0 or self.rechecks_per_day < 0:
            yield "", "monthly_cap and rechecks_per_day cannot be less than 0"
        if any(not one.strip() or len(one) > _LONGEST for one in self.queries):
            yield "queries", f"a search has 1 to {_LONGEST} characters"

    async def account(self, client: Client) -> Account:
        """
        Ask for mentions of the last minute, which mostly are none and then cost nothing.

        The first time our id is looked up, for the price of a user.
        """
        api = self._api(client)
        known = self._known_id(client)
        user_id = known or await self._look_up(client, api)
        if known:
            # The clock only picks a window that is almost surely empty.
            start = iso(datetime.fromtimestamp(time.time(), UTC) - _JUST_NOW)
            wanted = {"start_time": start, "max_results": 5}
            await api.get(f"/2/users/{user_id}/mentions", wanted)
        name = self._name()
        addresses = (f"https://x.com/{name}", f"https://twitter.com/{name}")
        return Account(
            id=f"x:{user_id}",
            names=(user_id, f"@{name}", *addresses),
            summary=f"reads as @{name}" + (f"; {self._estimate()}" if known else ""),
            warnings=() if known else (self._estimate(),),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        api = self._api(client)
        user_id = self._known_id(client) or await self._look_up(client, api)
        names = (own_name(name) for name in query.own_accounts)
        run = Run(
            api=api,
            query=query,
            us=Us(
                user_id=user_id,
                name=self._name(),
                names=frozenset({self._name().casefold(), *names} - {""}),
                waiting=frozenset(one.external_id for one in query.open),
            ),
            limits=self._limits(),
            ledger=Ledger(query, f"{query.now:%Y-%m}", lasting=("dialect",)),
        )
        deferred = Deferred()
        for part in self._parts(run, query):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        for page in run.summary():
            yield page
        deferred.settle()

    def _parts(self, run: Run, query: Query) -> list[AsyncGenerator[Page, None]]:
        parts = [run.own(), run.mentions()]
        if self.direct_messages:
            parts.append(run.chat())
        parts.append(run.revisit())
        if self.queries:
            asked: Sequence[str] = self.queries
        else:
            asked = searches(query.terms, query.domains, self._name()) if self.search else ()
        return [*parts, *(run.search(_stream(words), words) for words in asked)]

    def _limits(self) -> Limits:
        prices = self.prices
        return Limits(
            cap=self.monthly_cap,
            posts=self.max_posts_per_sync,
            rechecks=self.rechecks_per_day,
            post=prices.post,
            owned=prices.owned if all(self._four()) else prices.post,
            user=prices.user,
            message=prices.message,
        )

    def _estimate(self) -> str:
        """Say what the first run may cost, before it does."""
        searched = self.search or bool(self.queries)
        post = self.prices.post if searched else self._limits().owned
        most = min(self.max_posts_per_sync * (post + self.prices.user), self.monthly_cap)
        return (
            f"the first run costs at most ${most:.2f} ({self.max_posts_per_sync} posts and their "
            f"authors), later ones only what is new; at most ${self.monthly_cap:.2f} a month"
        )

    # --- who we are -----------------------------------------------------------------------------

    def _name(self) -> str:
        return self.username.strip().lstrip("@")

    def _four(self) -> tuple[Secret, Secret, Secret, Secret]:
        return self.api_key, self.api_key_secret, self.access_token, self.access_token_secret

    def _api(self, client: Client) -> Api:
        keys = None
        if all(self._four()):
            keys = Keys(
                api_key=self.api_key,
                api_key_secret=self.api_key_secret,
                access_token=self.access_token,
                access_token_secret=self.access_token_secret,
            )
        return Api(client=client, base_url=self.base_url, bearer=self.bearer_token, keys=keys)

    def _known_id(self, client: Client) -> str:
        kept = client.tokens.get(client.channel)
        same = kept.get("username") == self._name() and kept.get("base_url") == self.base_url
        return self.user_id or (text(kept.get("user_id")) if same else "")

    async def _look_up(self, client: Client, api: Api) -> str:
        """Buy our own id once, and keep it."""
        payload = await api.get(
            f"/2/users/by/username/{self._name()}", {"user.fields": "id,name,username"}
        )
        with reading("the X account"):
            user_id = identifier(table(payload["data"]).get("id"))
        async with client.renewing() as kept:
            found = {"user_id": user_id, "username": self._name(), "base_url": self.base_url}
            client.tokens.put(client.channel, {**kept, **found})
        return user_id


def searches(terms: Sequence[str], domains: Sequence[str], username: str) -> list[str]:
    """
    Return as few searches as name all terms and domains; patterns cannot be searched.

    What names us is left out, for the cheaper list of mentions brings it.
    """
    words = [word for word in map(_word, terms) if word.casefold() != f"@{username.casefold()}"]
    words += [f'url:"{domain}"' for domain in domains if domain.strip()]
    rest = f" -from:{username} -@{username} -is:retweet"
    found: list[str] = []
    for word in dict.fromkeys(filter(None, words)):
        joined = f"{found[-1]} OR {word}" if found else word
        if found and len(joined) + len(rest) + 2 <= _LONGEST:
            found[-1] = joined
        elif len(word) + len(rest) + 2 <= _LONGEST:
            found.append(word)
    return [f"({one}){rest}" for one in found]


def _word(term: str) -> str:
    """Return a term in the words of X's search; "" for what it cannot search."""
    plain = " ".join(term.replace('"', " ").split())
    if len(plain) > 2 and plain.startswith("/") and plain.endswith("/"):
        return ""
    if plain.startswith(("#", "@")) and plain[1:].replace("_", "").isalnum():
        return plain
    return plain if plain.isalnum() and plain.isascii() else f'"{plain}"' if plain else ""


def _stream(words: str) -> str:
    """Name a search's stream; other words are another stream, which begins anew."""
    return f"search:{sha256(words.encode()).hexdigest()[:12]}"
