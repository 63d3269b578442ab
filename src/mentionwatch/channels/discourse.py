"""
Discourse forums: your own, or any on which customers talk.

API: https://docs.discourse.org
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._values import needed, table, text, web
from mentionwatch.channels._walk import Deferred
from mentionwatch.errors import CredentialsRefused, PermissionMissing, RequestRefused
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.client import Client, Response
    from mentionwatch.client.asking import HeaderValue
    from mentionwatch.credentials import Secret

SETUP = """\
A public forum can be searched without an account, though slowly. With a key of yours mentions,
answers to you and private messages come too. It is free, and a key does not expire by itself.
Your own forum:
 1. Log in as an administrator: Admin > API > API keys > New key.
 2. User level "Single user", with the account that answers for you; scope "Read-only", or granular:
    search, posts (list, read), topics (read), notifications (read), users (show).
 3. Copy the key (it is shown once), set api_username to that account and own_forum = true.
 4. Run: mentionwatch login CHANNEL
Somebody else's forum:
 1. Log in there with the account that answers for you.
 2. Make a user API key with the scopes read, notifications and session_info: the way is described
    at https://meta.discourse.org/t/user-api-keys-specification/48536
 3. Run: mentionwatch login CHANNEL, and paste it as user_api_key."""
LOGIN: tuple[str, ...] = ("api_key", "user_api_key")
UNVERIFIED: tuple[str, ...] = (
    "`/t/` with a topic and a number shows the posts around that one; otherwise each waiting post "
    "is asked for by itself",
    "`/session/current.json` names who is behind a user API key; otherwise the key counts as "
    "refused, which is said",
    "`/posts/by_number/` gives a post by its place in a topic; otherwise of a search hit the "
    "excerpt is kept, and a waiting post far down its topic may be taken for deleted",
    "a search hit has `topic_id`, `post_number`, `username`, `created_at`, `blurb`; otherwise it "
    "is left out with a warning",
    "the numbers in `notification_type` (1, 2, 3, 6, 15) mean words to us; otherwise those are "
    "found by search alone",
    "`/notifications.json` and `/user_actions.json` take `offset`; otherwise the first page "
    "repeats, five times at most, and older ones are missed",
    "`reply_to_user` stands on single posts too; otherwise an answer names its post by "
    "`reply_to_post_number` alone",
    "`/user_actions.json` tells topics (4) and answers (5) by `filter`; otherwise our answers are "
    "found where somebody waits",
    "429 names its seconds in a header; otherwise the forum is left alone for five minutes",
    "`user_deleted` and `deleted_at` mark what is gone; otherwise it waits until the forum answers "
    "404",
    "`archetype` `private_message` marks a private conversation, `post_type` the forum's own "
    "notes; otherwise a note waits like a post, or a private answer is shown as a public one",
    "`version` above 1 and a later `updated_at` mean an edit; otherwise an edit is seen without "
    "its time",
    "`/site/basic-info.json` answers visitors; otherwise a visitor's account is refused, which is "
    "said",
)

PACE = 0.5  # seconds between two requests; the usual limits are 60 a minute and 50 in 10 seconds
NAME = re.compile(r"[\w.-]{1,60}")


class _Declared:
    """What the type can do; without a key or names, it cannot tell our words from others'."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        keyed = channel is None or bool(channel.api_key or channel.user_api_key)
        return Capabilities(
            finds_untagged=True,
            sees_own_replies=keyed or bool(channel.own_usernames),
            sees_edits=True,
            private=keyed,
            history="all of the forum; a first run looks back 30 days",
            limits=(
                "the search of a forum shows one post of each topic; the others of a topic are "
                "found while somebody waits in it",
                "without a key it sees no private messages, and your replies only by the accounts "
                "in `own_usernames`",
                "cannot search for /regular expressions/ or words of less than three letters",
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Discourse:
    """
    The keys of ``[channels.discourse]``.

    ``own_forum``: it is yours: every post is read, and is to you. ``search_terms``: instead of the
    brand's. Either ``api_key`` and ``api_username``, or ``user_api_key``, or none.
    """

    family: ClassVar[str] = "forums"
    capabilities = _Declared()

    base_url: str
    search_terms: tuple[str, ...] = ()
    own_usernames: tuple[str, ...] = ()
    own_forum: bool = False
    api_key: Secret | None = None
    api_username: str = ""
    user_api_key: Secret | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", 'must be the address of the forum, such as "https://forum.example"'
        if bool(self.api_key) != bool(self.api_username):
            missing = "api_username" if self.api_key else "api_key"
            yield missing, "api_key and api_username go together"
        if self.api_key and self.user_api_key:
            yield "user_api_key", "give one key: that of your own forum, or a user API key"
        if not all(NAME.fullmatch(one) for one in (*self.own_usernames, self.api_username or "x")):
            yield "own_usernames", "a user name has letters, digits, dots, - and _ only, without @"

    async def account(self, client: Client) -> Account:
        from mentionwatch.client import host_of

        host = host_of(self.base_url)
        ours = [self.api_username, *self.own_usernames]
        if self.api_key:
            path = f"/u/{quote(self.api_username, safe='')}.json"
            payload = await self.get(client, path, None)
        elif self.user_api_key:
            payload = await self.get(client, "/session/current.json", None)
        else:
            payload = await self.get(client, "/site/basic-info.json", None)
        with reading("the answer of the forum about the account"):
            title = text(payload.get("title"))
            user = table(payload.get("user") or payload.get("current_user"))
            if self.api_key or self.user_api_key:
                ours.insert(0, needed(user.get("username")))
        names = tuple(dict.fromkeys(name for name in ours if name))
        logged_in = bool(self.api_key or self.user_api_key)
        return Account(
            id=f"{host}:{names[0].casefold()}" if logged_in else host,
            names=tuple(
                known
                for name in names
                for known in (f"{host}:{name.casefold()}", f"{self._base}/u/{name}")
            ),
            summary=f"logged in to {host} as {names[0]}"
            if logged_in
            else f"reads {title or host} as a visitor",
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._discourse_items import Forum
        from mentionwatch.channels._discourse_run import Run
        from mentionwatch.client import host_of

        client.pace(PACE)
        host = host_of(self.base_url)
        names = list(dict.fromkeys((*self.own_usernames, *filter(None, [self.api_username]))))
        # Who is behind a user API key was told by `account`.
        told = [one.rpartition(":")[2] for one in query.own_accounts if one.startswith(f"{host}:")]
        names += [one for one in told if one not in {name.casefold() for name in names}]
        phrases, left_out = _phrases(self.search_terms or (*query.terms, *query.domains))
        run = Run(
            get=partial(self.get, client),
            client=client,
            query=query,
            forum=Forum(
                host=host,
                base_url=self._base,
                names=frozenset(name.casefold() for name in names),
                own=self.own_forum,
            ),
            phrases=phrases,
            usernames=names,
            logged_in=bool(self.api_key or self.user_api_key),
        )
        if left_out and not self.own_forum:
            yield Page(stream="search", warnings=left_out)
        deferred = Deferred()
        for part in run.parts():
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()

    @property
    def _base(self) -> str:
        return self.base_url.rstrip("/")

    async def get(self, client: Client, path: str, params: Mapping[str, Any] | None) -> Any:
        """
        Ask the forum.

        Raises:
            ChannelError: With what the owner can do about a key, a scope or a closed forum.
        """
        from mentionwatch.channels._rest import resting

        async with resting(client, "the forum", timedelta(minutes=5)):
            try:
                return (await self._asked(client, path, params)).json()
            except (CredentialsRefused, PermissionMissing) as error:
                raise type(error)(
                    error.message, self._way_out(path), error.status, error.body
                ) from error
            except RequestRefused as error:
                if not 300 <= error.status < 400:
                    raise
                hint = "set base_url to the forum's own address; if it asks for a login, set a key"
                raise RequestRefused(error.message, hint, error.status, error.body) from error

    async def _asked(self, client: Client, path: str, params: Mapping[str, Any] | None) -> Response:
        headers: dict[str, HeaderValue] = {"Accept": "application/json"}
        if self.api_key:
            headers |= {"Api-Key": self.api_key, "Api-Username": self.api_username}
        elif self.user_api_key:
            headers["User-Api-Key"] = self.user_api_key
        return await client.get(self._base + path, params=params, headers=headers)

    def _way_out(self, path: str) -> str:
        if self.api_key:
            scope = path.strip("/").partition("/")[0].partition(".")[0]
            return (
                f"Admin > API > API keys: is the key active, made for {self.api_username}, and "
                f"does it allow to read {scope}?"
            )
        if self.user_api_key:
            return "make a new user API key with the scopes read, notifications and session_info"
        return "this forum shows nothing to visitors: set user_api_key, or api_key for your own"


def _phrases(terms: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is searched for, each once, and a sentence where something cannot be."""
    found: dict[str, str] = {}
    short = []
    for term in terms:
        if len(term) > 2 and term.startswith("/") and term.endswith("/"):
            short.append(term)
            continue
        words = " ".join(term.replace('"', " ").split()).lstrip("@#")
        if len(words) < 3:
            short.append(term)
        else:
            found.setdefault(words.casefold(), words if words.isalnum() else f'"{words}"')
    named = ", ".join(short)[:200]
    warning = (f"a forum cannot search for {named}: set search_terms",) if short else ()
    return tuple(found.values()), warning
