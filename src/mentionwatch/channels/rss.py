"""
Feeds: RSS, Atom and JSON Feed; Google Alerts, Google News, blog comments, Reddit search.

Formats: https://www.rssboard.org/rss-specification, https://www.rfc-editor.org/rfc/rfc4287,
https://www.jsonfeed.org/version/1.1/
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from mentionwatch.channels import BUILTIN, Account, Capabilities, Query
from mentionwatch.channels._addresses import bare_host
from mentionwatch.channels._values import web
from mentionwatch.credentials import NO_SECRET, Secret
from mentionwatch.errors import SecretUnavailable
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels._feed_items import Feed
    from mentionwatch.channels._feed_run import Source
    from mentionwatch.client import Client

MAX_BYTES = 10 * 2**20


UNVERIFIED: tuple[str, ...] = (
    "Google News: a title is the headline, a dash and the publisher, `source` names the publisher, "
    "and `when:7d` looks back a week; otherwise the title keeps the publisher, or older articles "
    "come and are known already",
    "Google News shows about 100 articles of a search, Google Alerts perhaps 20; otherwise more of "
    "a busy week is found",
    "a Google address keeps the article's in `url` or `q`; otherwise the link leads over Google",
    "WordPress writes whom a comment answers as a link to `#comment-`; otherwise an answer counts "
    "for the article and not for one comment",
    "Reddit allows one request a minute for `search.rss`, whatever the feed; otherwise the pause "
    "is longer than needed",
    "feeds of Talkwalker Alerts still exist and are ordinary ones; otherwise the refusal is said",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedAddress:
    """
    A feed about which there is more to say than its address.

    ``secret_url`` instead of ``url`` where nobody may see the address. ``kind``: what its entries
    are; usually found out. ``addressed``: it is a page of ours, so all of it is said to us.
    ``match``: instead of the channel's. ``name``: how it is called in messages.
    """

    url: str = ""
    secret_url: Secret = NO_SECRET
    name: str = ""
    kind: Literal["", "article", "comment", "post"] = ""
    addressed: bool = False
    match: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GoogleNews:
    """A search of Google News; ``language`` such as "en-GB", ``country`` such as "GB"."""

    query: str
    language: str = "en-US"
    country: str = "US"
    match: bool | None = None
    base_url: str = "https://news.google.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class RedditSearch:
    """A search of Reddit's posts; ``subreddit`` "" for all of them."""

    query: str
    subreddit: str = ""
    base_url: str = "https://www.reddit.com"


class _Declared:
    """What the type can do; a channel with comments of our own blog can do more."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        general = Capabilities(
            finds_untagged=True,
            sees_own_replies=False,
            sees_edits=True,
            history="what stands in the feed: often the last 10 to 100 entries",
            limits=(
                "a feed shows its newest entries: what comes and goes between two runs is lost",
                "cannot see your replies, but under WordPress comments by a name in own_names",
                "a deleted entry just leaves the feed, and is kept here",
            ),
        )
        if channel is None or not (channel.wordpress_comments and channel.own_names):
            return general
        return replace(general, sees_own_replies=True)


@dataclass(frozen=True, kw_only=True)
class Rss:
    """
    The keys of ``[channels.NAME]`` with ``type = "rss"``.

    ``feeds``: addresses, also those of Google Alerts and Talkwalker. ``google_news``,
    ``reddit_search``: what to search for. ``wordpress_comments``: addresses of our own blogs.
    ``own_names``: names under which we write there. ``match``: keep only what names the brand.
    ``min_interval``: each feed is asked no more often than that.
    """

    family: ClassVar[str] = "forums"
    capabilities = _Declared()

    feeds: tuple[str | FeedAddress, ...] = ()
    google_news: tuple[str | GoogleNews, ...] = ()
    wordpress_comments: tuple[str, ...] = ()
    reddit_search: tuple[str | RedditSearch, ...] = ()
    own_names: tuple[str, ...] = ()
    match: bool = True
    min_interval: timedelta = timedelta(hours=1)
    user_agent: str = ""

    def problems(self) -> Iterator[tuple[str, str]]:
        if not (self.feeds or self.google_news or self.wordpress_comments or self.reddit_search):
            yield (
                "",
                "there is no feed: name some in feeds, google_news, wordpress_comments or "
                "reddit_search",
            )
        for one in map(_as_address, self.feeds):
            if bool(one.url) == bool(one.secret_url):
                yield "feeds", "a feed has either url or secret_url"
            elif one.url and not web(one.url):
                yield "feeds", f"must be addresses that begin with https://, not {_safe(one.url)}"
        for address in self.wordpress_comments:
            if not web(address):
                yield "wordpress_comments", f"must be addresses of blogs, not {_safe(address)}"
        for news in map(_as_news, self.google_news):
            yield from _search_problems("google_news", news.query, news.base_url)
        for search in map(_as_search, self.reddit_search):
            yield from _search_problems("reddit_search", search.query, search.base_url)

    def client_options(self) -> Mapping[str, Any]:
        return {"max_bytes": MAX_BYTES}

    async def account(self, client: Client) -> Account:  # noqa: ARG002 - nothing to be asked
        """Feeds know no account, and asking one twice in a run would be impolite."""
        count = sum(
            map(len, (self.feeds, self.google_news, self.wordpress_comments, self.reddit_search))
        )
        pasted = [one for one in map(_as_address, self.feeds) if _is_reddit(one.url)]
        hint = (
            "a Reddit feed allows one request a minute; the channel type `reddit` plans for that "
            "and sees comments too"
        )
        return Account(
            id="feeds",
            summary=f"{count} feed{'s' if count != 1 else ''}, without an account",
            warnings=(hint,) if pasted and "reddit" in BUILTIN else (),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._feed_run import Run

        run = Run(
            client=client,
            query=query,
            sources=[source async for source in self._sources(query)],
            interval=self.min_interval,
            user_agent=self.user_agent,
        )
        async with aclosing(run.pages()) as pages:
            async for page in pages:
                yield page

    async def _sources(self, query: Query) -> AsyncIterator[Source]:
        """Yield every feed, each once."""
        seen = set[str]()
        for address in map(_as_address, self.feeds):
            source = await self._plain(address, query)
            if source.stream not in seen:
                seen.add(source.stream)
                yield source
        for source in self._presets(query):
            if source.stream not in seen:
                seen.add(source.stream)
                yield source

    async def _plain(self, address: FeedAddress, query: Query) -> Source:
        from mentionwatch.channels._feed_run import source_of

        url, error = address.url, None
        if address.secret_url:
            try:
                url = await _revealed(address.secret_url)
            except SecretUnavailable as caught:
                error = caught
        source = source_of(
            url,
            replace(self._feed(url, query), kind=address.kind, addressed=address.addressed),
            label=address.name,
            matched=self.match if address.match is None else address.match,
            hidden=bool(address.secret_url),
        )
        if error is None:
            return source
        name = address.name or address.secret_url.key or "a feed"
        return replace(source, label=name, stream=f"feed:{name}", error=error)

    def _presets(self, query: Query) -> Iterator[Source]:
        from mentionwatch.channels._feed_run import source_of

        for news in map(_as_news, self.google_news):
            yield source_of(
                _news_url(news),
                replace(self._feed("", query), flavour="google_news"),
                label=f'Google News "{news.query}"',
                matched=self.match if news.match is None else news.match,
            )
        for site in self.wordpress_comments:
            feed = replace(self._feed("", query), flavour="wordpress", addressed=True)
            yield source_of(_comments_url(site), feed)
        for search in map(_as_search, self.reddit_search):
            yield source_of(
                _reddit_url(search),
                replace(self._feed("", query), flavour="reddit"),
                label=f'Reddit "{search.query}"',
                matched=self.match,
            )

    def _feed(self, url: str, query: Query) -> Feed:
        from mentionwatch.channels._feed_items import Feed

        own = frozenset(name.strip().casefold() for name in self.own_names)
        feed = Feed(url=url, own=own - {""}, domains=query.domains)
        if bare_host(url) == "news.google.com":
            return replace(feed, flavour="google_news")
        return replace(feed, flavour="reddit") if _is_reddit(url) else feed


async def _revealed(secret: Secret) -> str:
    """Return the address that a secret holds; looking it up may take long, so in a thread."""
    import asyncio

    url = (await asyncio.to_thread(secret.reveal)).strip()
    if not web(url):
        raise SecretUnavailable(
            f"{secret.key or 'secret_url'} is not the address of a feed",
            "it must begin with https://",
        )
    return url


def _as_address(feed: str | FeedAddress) -> FeedAddress:
    return FeedAddress(url=feed) if isinstance(feed, str) else feed


def _as_news(search: str | GoogleNews) -> GoogleNews:
    return GoogleNews(query=search) if isinstance(search, str) else search


def _as_search(search: str | RedditSearch) -> RedditSearch:
    return RedditSearch(query=search) if isinstance(search, str) else search


def _is_reddit(url: str) -> bool:
    host = bare_host(url)
    return host == "reddit.com" or host.endswith(".reddit.com")


def _news_url(search: GoogleNews) -> str:
    """Return the address of a search; a week back unless the owner's words say otherwise."""
    words = search.query.strip()
    if not any(f"{name}:" in words for name in ("when", "after", "before")):
        words += " when:7d"
    language = search.language.partition("-")[0]
    asked = {
        "q": words,
        "hl": search.language,
        "gl": search.country,
        "ceid": f"{search.country}:{language}",
    }
    return f"{search.base_url.rstrip('/')}/rss/search?{urlencode(asked, quote_via=quote)}"


def _reddit_url(search: RedditSearch) -> str:
    name = search.subreddit.strip().removeprefix("/").removeprefix("r/").strip("/")
    asked = {"q": search.query.strip(), "sort": "new", "t": "week"}
    if name:
        asked["restrict_sr"] = "on"
    place = f"/r/{quote(name, safe='')}" if name else ""
    return f"{search.base_url.rstrip('/')}{place}/search.rss?{urlencode(asked, quote_via=quote)}"


def _comments_url(site: str) -> str:
    """Return the feed of a blog's comments; a feed's own address is taken as it is."""
    parts = urlsplit(site)
    path = parts.path.rstrip("/")
    if path.endswith("/feed") or "feed=" in parts.query:
        return site
    return urlunsplit(parts._replace(path=f"{path}/comments/feed/", query="", fragment=""))


def _search_problems(key: str, query: str, base_url: str) -> Iterator[tuple[str, str]]:
    if not query.strip():
        yield key, "a search needs words to search for"
    if not web(base_url):
        yield key, "base_url must begin with https://"


def _safe(url: str) -> str:
    from mentionwatch.channels._addresses import without_secrets
    from mentionwatch.model.text import one_line

    try:
        return repr(one_line(without_secrets(url)[0], 80))
    except ValueError:
        return "that"
