"""
Reddit: posts and comments that name you, your inbox, your answers; by its API or by its feeds.

API: https://www.reddit.com/dev/api. Feeds: https://www.reddit.com/wiki/rss
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from mentionwatch import __version__
from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.channels._reddit_items import Us, own_name
from mentionwatch.channels._reddit_run import Run
from mentionwatch.channels._values import needed, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.errors import PermissionMissing
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels._reddit_feeds import Feed
    from mentionwatch.client import Client

SETUP = """\
There are two roads. The feeds work for everybody, slowly: one request a minute.
With the feeds (mode = "rss"):
1. Put username = "YourAccount" (without u/) into [channels.reddit]; your answers are found by it.
2. Name the subreddits whose comments are to be read in subreddits = ["…"].
3. For your inbox: log in at https://www.reddit.com/prefs/feeds, copy what stands behind "feed="
   in one of the addresses, and run: mentionwatch login reddit (it asks for feed_token).
With the API (mode = "oauth"), free for non-commercial use, but new apps need Reddit's approval:
1. File the request "API access" at https://support.reddithelp.com: a monitor of your own brand,
   read-only, personal volume, no resale, no model training. Use by a business needs a contract.
2. At https://www.reddit.com/prefs/apps create an app of type "script", redirect address
   http://localhost:8080. The id stands under its name, the secret beside "secret".
3. Put mode = "oauth" and username into [channels.reddit], and run: mentionwatch login reddit
   With the password of the account the inbox is read; an account with two-factor log-in needs a
   refresh token instead (scopes: identity read privatemessages history).
Access tokens end after a day and are renewed by themselves.
Test it: mentionwatch doctor reddit
Reddit asks that what was deleted there is deleted elsewhere too: mentionwatch forget."""
LOGIN = ("feed_token", "client_id", "client_secret", "password", "refresh_token")
UNVERIFIED: tuple[str, ...] = (
    "several subreddits may be joined by `+` in `/comments/.rss`; otherwise their comments come "
    "from the first one, or the refusal is said",
    "feeds take `limit` 100; otherwise 25 entries come, and a busy feed leaves some out",
    "`/message/inbox/.rss` with `feed` and `user` shows the inbox, private messages as `t4_`; "
    "otherwise mentions of u/you come by the searches alone, and the refusal is said",
    "`/message/sent`, and `first_message_name` as the beginning of a conversation; otherwise an "
    "answer to a message is not seen, and a conversation is one row for each message",
    "`/user/` with `/submitted` and `/comments`, and `/r/` with `/comments`, list what is newest "
    "first; otherwise the refusal is said",
    "the search field `url:` takes a domain; otherwise posts that only link to you are missed",
    "a thread's feed may be asked for by `/comments/` and its id alone; otherwise a waiting post "
    "whose address is not known may be taken for deleted",
    "`removed_by_category`, or a text of `[deleted]` or `[removed]`, marks what is gone; otherwise "
    "it waits until it is marked",
    "`is_video`, `is_gallery` and `post_hint` mark pictures; otherwise they are not counted",
    "`/api/v1/me` names the account, and the `scope` of the token its permissions; otherwise the "
    "first refusal tells what is missing",
    "listings end after about a thousand things; otherwise the warning about what is no longer "
    "shown never comes",
    "`/message/messages/` with an id opens a private message; otherwise the link leads to the "
    "inbox",
)

SCOPES = ("identity", "read", "privatemessages", "history")
_LONGEST = 512  # characters of one search
_SUBREDDIT = re.compile(r"\w{2,21}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reddit:
    """
    The keys of ``[channels.reddit]``.

    ``mode``: "rss" reads the feeds, "oauth" the API with the keys of an app. ``subreddits``: whose
    comments are read too. ``min_interval``: a feed is read no more often than that.
    """

    family: ClassVar[str] = "social"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="search: a month of posts; listings end after about 1,000 things, feeds after 100",
        limits=(
            "the feeds allow one request a minute, so several of them take several runs",
            "comments are found only in the subreddits that you name, and in your inbox",
            "the feeds show no counts and no edits, and not which comment a reply answers",
            "your answers are found by username; the inbox needs feed_token or a log-in",
            "Reddit's chat cannot be read",
        ),
    )

    mode: Literal["rss", "oauth"] = "rss"
    username: str = ""
    feed_token: Secret = NO_SECRET
    client_id: Secret = NO_SECRET
    client_secret: Secret = NO_SECRET
    password: Secret = NO_SECRET
    refresh_token: Secret = NO_SECRET
    subreddits: tuple[str, ...] = ()
    search_terms: tuple[str, ...] = ()
    min_interval: timedelta = timedelta(minutes=30)
    user_agent: str = ""
    base_url: str = "https://www.reddit.com"
    api_url: str = "https://oauth.reddit.com"

    def problems(self) -> Iterator[tuple[str, str]]:
        for key in ("base_url", "api_url"):
            if not web(getattr(self, key)):
                yield key, "must be the address of a server"
        if self.username and not own_name(f"u/{self._name()}"):
            yield "username", 'must be the name of your account without u/, such as "AcmeCoffee"'
        for name in map(_plain, self.subreddits):
            if not _SUBREDDIT.fullmatch(name):
                yield "subreddits", 'must be names such as "coffee"'
        if self.feed_token and not self.username:
            yield "username", "goes with feed_token"
        if self.mode == "oauth":
            yield from self._oauth_problems()
        elif self.min_interval < timedelta(minutes=1):
            yield "min_interval", "must be at least 1m: Reddit allows one request a minute"

    def _oauth_problems(self) -> Iterator[tuple[str, str]]:
        for key in ("client_id", "client_secret"):
            if not getattr(self, key):
                yield key, 'is needed with mode = "oauth"'
        if self.password and not self.username:
            yield "username", "goes with password"
        if self.password and self.refresh_token:
            yield "password", "goes without refresh_token: give one of them"

    def client_options(self) -> Mapping[str, Any]:
        return {"user_agent": self._agent()}

    async def account(self, client: Client) -> Account:
        """Ask who we are; with the feeds nothing is asked, for that would use up the minute."""
        name = self._name()
        if self.mode == "rss":
            return self._account(name, self._slowness())
        access = self._access(client)
        if not self._logged_in():
            await access.token()
            warning = "without password or refresh_token your inbox cannot be read"
            return self._account(name, "uses Reddit's API without a log-in", warning)
        try:
            payload = await access.get_json(f"{self.api_url}/api/v1/me", params={"raw_json": 1})
        except PermissionMissing as error:
            raise _missing(error, "identity") from error
        with reading("the Reddit account"):
            name = needed(payload["name"])
        granted = await access.scopes()
        missing = [one for one in SCOPES if granted and not granted & {one, "*"}]
        warnings = [f"the log-in lacks the permission {' and '.join(missing)}"] if missing else []
        return self._account(name, f"logged in as u/{name}", *warnings)

    def _account(self, name: str, summary: str, *warnings: str) -> Account:
        if not name:
            warnings += ("set username, or your answers on Reddit are not found",)
        names = (f"u/{name}", name, f"https://www.reddit.com/user/{name}") if name else ()
        return Account(
            id=f"reddit:{name.casefold()}", names=names, summary=summary, warnings=warnings
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        own = (own_name(name) for name in (f"u/{self._name()}", *query.own_accounts))
        us = Us(names=frozenset(filter(None, own)))
        source = self._by_feeds(query, client, us) if self.mode == "rss" else None
        async with aclosing(source or self._by_api(query, client, us)) as pages:
            async for page in pages:
                yield page

    # --- by the API -----------------------------------------------------------------------------

    async def _by_api(self, query: Query, client: Client, us: Us) -> AsyncGenerator[Page, None]:
        run = Run(
            access=self._access(client),
            api_url=self.api_url.rstrip("/"),
            query=query,
            us=us,
            username=self._name(),
            logged_in=self._logged_in(),
        )
        parts = [*run.own(), *([run.inbox(), run.sent()] if self._logged_in() else ())]
        parts.append(run.revisit())
        parts += [run.search(_stream(words), words) for words in self._searches(query)]
        parts += [run.comments(_plain(name)) for name in self.subreddits]
        deferred = Deferred()
        for part in parts:
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        try:
            deferred.settle()
        except PermissionMissing as error:
            raise _missing(error, "read, privatemessages and history") from error

    def _logged_in(self) -> bool:
        return bool(self.password or self.refresh_token)

    def _access(self, client: Client) -> Access:
        form: dict[str, str | Secret] = {"grant_type": "client_credentials"}
        if self.refresh_token:
            form = {"grant_type": "refresh_token", "refresh_token": self.refresh_token}
        elif self.password:
            name = self._name()
            form = {"grant_type": "password", "username": name, "password": self.password}
        grant = Grant(
            url=f"{self.base_url.rstrip('/')}/api/v1/access_token",
            form=form,
            auth=(self.client_id, self.client_secret),
            way_out="check the app at https://www.reddit.com/prefs/apps and the log-in, then run: "
            f"mentionwatch login {client.channel}",
        )
        headers = {"User-Agent": self._agent()}
        return Access(client=client, grant=grant, headers=headers, scheme="bearer")

    # --- by the feeds ---------------------------------------------------------------------------

    def _by_feeds(self, query: Query, client: Client, us: Us) -> AsyncGenerator[Page, None]:
        from mentionwatch.channels._reddit_feeds import Run as FeedRun

        token: dict[str, str | Secret] = {}
        if self.feed_token:
            token = {"feed": self.feed_token, "user": self._name()}
        return FeedRun(
            client=client,
            base_url=self.base_url.rstrip("/"),
            query=query,
            us=us,
            feeds=self._feeds(query),
            rest=self.min_interval,
            user_agent=self._agent(),
            token=token,
        ).pages()

    def _feeds(self, query: Query) -> list[Feed]:
        """Return the feeds, the most needed ones first."""
        from mentionwatch.channels._reddit_feeds import Feed

        found = []
        many = {"limit": "100"}
        if self.feed_token:
            found.append(
                Feed(stream="feed:inbox", name="inbox", path="/message/inbox/.rss", addressed=True)
            )
        for number, words in enumerate(self._searches(query), 1):
            wanted = {"q": words, "sort": "new", "t": "month", "type": "link", **many}
            stream, name = f"feed:{_stream(words)}", f"search {number}"
            found.append(
                Feed(stream=stream, name=name, path="/search.rss", params=wanted, searched=True)
            )
        if name := self._name():
            path = f"/user/{name}/comments/.rss"
            found.append(Feed(stream="feed:own", name="your comments", path=path, params=many))
        if joined := "+".join(map(_plain, self.subreddits)):
            found.append(
                Feed(
                    stream=f"feed:comments:{joined.casefold()}",
                    name=f"comments in r/{joined}",
                    path=f"/r/{joined}/comments/.rss",
                    params=many,
                    searched=True,
                )
            )
        return found

    def _slowness(self) -> str:
        count = 1 + bool(self.feed_token) + bool(self._name()) + bool(self.subreddits)
        return (
            f"reads {count} or more of Reddit's feeds, one request a minute: about {count} minutes "
            "for all of them"
        )

    # --- what both need -------------------------------------------------------------------------

    def _name(self) -> str:
        return _plain(self.username)

    def _agent(self) -> str:
        """Reddit prescribes this form, and blocks what does not keep to it."""
        by = f" (by /u/{self._name()})" if self.username else ""
        return self.user_agent or f"python:mentionwatch:v{__version__}{by}"

    def _searches(self, query: Query) -> list[str]:
        if self.search_terms:
            return searches(self.search_terms, ())
        return searches(query.terms, query.domains)


def _plain(name: str) -> str:
    """Return "acme" of "acme", "u/acme", "/r/acme/"."""
    return re.sub(r"^/?(?:u|user|r)/", "", name.strip()).strip("/@")


def searches(terms: Sequence[str], domains: Sequence[str]) -> list[str]:
    """Return as few searches as name all terms and domains; patterns cannot be searched."""
    words = [*map(_word, terms), *(f"url:{domain}" for domain in domains if domain.strip())]
    found: list[str] = []
    for word in dict.fromkeys(filter(None, words)):
        joined = f"{found[-1]} OR {word}" if found else word
        if found and len(joined) <= _LONGEST:
            found[-1] = joined
        elif len(word) <= _LONGEST:
            found.append(word)
    return found


def _word(term: str) -> str:
    plain = " ".join(term.replace('"', " ").split())
    if len(plain) > 2 and plain.startswith("/") and plain.endswith("/"):
        return ""
    plain = plain.lstrip("@#")
    return plain if plain.isalnum() else f'"{plain}"' if plain else ""


def _stream(words: str) -> str:
    """Name a search's stream; other words are another stream, which begins anew."""
    return f"search:{sha256(words.encode()).hexdigest()[:12]}"


def _missing(error: PermissionMissing, scopes: str) -> PermissionMissing:
    hint = f"the log-in needs the permission {scopes}: mentionwatch channels setup reddit"
    return PermissionMissing(error.message, hint, error.status, error.body)
