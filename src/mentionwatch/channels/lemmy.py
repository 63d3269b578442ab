"""
Lemmy: posts and comments of the communities that an instance knows.

API: https://join-lemmy.org/docs (v3 of the servers up to 0.19, v4 from 1.0 on)
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._values import web
from mentionwatch.channels._walk import Deferred
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels._lemmy_api import Api
    from mentionwatch.channels._lemmy_items import Home
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Lemmy is free and needs no approval. It can be searched without an account; with one, mentions of
you and answers to you come too.
 1. Choose a large instance: one sees only the communities that it follows.
 2. Make an account there (or take the one that you have) and set base_url and username.
 3. Run: mentionwatch login CHANNEL, and give the password. The log-in is kept until you log out
    everywhere.
 4. With two-factor log-in, give a token instead: log in with your browser and copy the cookie
    "jwt" of the instance."""
LOGIN: tuple[str, ...] = ("password", "jwt")
UNVERIFIED: tuple[str, ...] = (
    "in version 4 a single post or comment comes as `post_view` or `comment_view` as before; "
    "otherwise what waits cannot be looked at again, which is said",
    "the lists of version 4 take `sort` `new` and `type_` `all`; otherwise the refusal is said and "
    "the list is not read",
    "`url_content_type` marks a linked picture; otherwise pictures are not counted",
    "the paths of version 4: `/person/content`, `/account/notification/list`, `/account`; "
    "otherwise the refusal is said",
    "the parameters of version 3 (`unread_only`, `listing_type`, `community_name`, `max_depth`) "
    "are general knowledge; otherwise the server passes them over or the refusal is said",
    "the names of errors (`rate_limit_error`, `not_logged_in`, `incorrect_login`, "
    "`missing_totp_token`, those with `couldnt_find`) are general knowledge; otherwise the error "
    "is said by its status alone",
    "`my_user` with `local_user_view` names the account; otherwise a log-in counts as refused, "
    "which is said",
    "a time without a zone is UTC; otherwise times of servers before 0.19 are hours off",
    "`all_languages` of `/api/v3/site` and `/api/v4/site` names the languages by number; otherwise "
    "rows have no language",
)

_NAME = re.compile(r"\w[\w-]{0,60}(@[\w.-]{3,200}(:\d+)?)?")


class _Declared:
    """What the type can do; a visitor cannot tell our words from others'."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        known = channel is None or channel.username or channel.jwt or channel.own_usernames
        return Capabilities(
            finds_untagged=True,
            sees_own_replies=bool(known),
            sees_edits=True,
            history="as far back as the instance keeps; a first run looks back 30 days",
            limits=(
                "sees only the communities that the instance follows: choose a large one",
                "mentions are told for comments only; a post that names you is found by search",
                "without an account, your replies by the accounts in `own_usernames` only",
                "cannot search for /regular expressions/; private messages are not read",
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Lemmy:
    """
    The keys of ``[channels.lemmy]``.

    ``search_terms``: instead of the brand's. ``communities``: yours; all that is said there is to
    you. Either ``username`` and ``password``, or ``jwt``, or none.
    """

    family: ClassVar[str] = "social"
    capabilities = _Declared()

    base_url: str
    search_terms: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    own_usernames: tuple[str, ...] = ()
    username: str = ""
    password: Secret | None = None
    jwt: Secret | None = None

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", 'must be the address of an instance, such as "https://lemmy.example"'
        if self.username and not (self.password or self.jwt):
            yield "password", "username needs a password (or set jwt alone)"
        if self.password and not self.username:
            yield "username", "password needs a user name"
        for key, names in (
            ("communities", self.communities),
            ("own_usernames", self.own_usernames),
        ):
            if not all(_NAME.fullmatch(one) for one in names):
                yield key, 'each must be a name such as "acme" or "acme@lemmy.example"'

    async def account(self, client: Client) -> Account:
        api = self._api(client)
        await api.open()
        home = self._home(api, ())
        if not api.me:
            return Account(
                id=home.host,
                names=tuple(sorted(home.names)),
                summary=f"reads {home.host} (Lemmy {api.version[:20]}) as a visitor",
            )
        from mentionwatch.channels._lemmy_items import actor, handle

        warnings = []
        if api.me.get("bot_account") is True:
            warnings.append(
                "the account is marked as a bot, so its replies do not count as answers; "
                "untick that in its settings"
            )
        me = handle(api.me)
        return Account(
            id=actor(api.me) or f"{home.host}:{self.username}",
            names=tuple(filter(None, dict.fromkeys((me, actor(api.me), *sorted(home.names))))),
            summary=f"logged in to {home.host} (Lemmy {api.version[:20]}) as {me}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._lemmy_run import Run

        api = self._api(client)
        await api.open()
        phrases, left_out = _phrases(self.search_terms or (*query.terms, *query.domains))
        if left_out:
            yield Page(stream="search", warnings=left_out)
        me = api.me.get("name")
        names = (*((me,) if isinstance(me, str) and me else ()), *self.own_usernames)
        run = Run(
            api=api,
            query=query,
            home=self._home(api, query.own_accounts),
            phrases=phrases,
            names=tuple(dict.fromkeys(names)),
            communities=self.communities,
        )
        deferred = Deferred()
        for part in run.parts():
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()

    def _api(self, client: Client) -> Api:
        from mentionwatch.channels._lemmy_api import Api

        return Api(
            client=client,
            base_url=self.base_url.rstrip("/"),
            username=self.username,
            password=self.password,
            jwt=self.jwt,
        )

    def _home(self, api: Api, own_accounts: Sequence[str]) -> Home:
        from mentionwatch.channels._lemmy_items import Home, actor, handle
        from mentionwatch.client import host_of

        host = host_of(self.base_url)
        full = (name if "@" in name else f"{name}@{host}" for name in self.own_usernames)
        names = {f"@{name}" for name in full} | {actor(api.me), handle(api.me)}
        names |= {f"@{one.lstrip('@')}" for one in own_accounts if "@" in one and "/" not in one}
        names |= {one for one in own_accounts if web(one)}
        known = frozenset(name.casefold() for name in names if name)
        return Home(host=host, names=known, languages=api.codes)


def _phrases(terms: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is searched for, each once, and a sentence where something cannot be."""
    found: dict[str, str] = {}
    left_out = []
    for term in terms:
        if len(term) > 2 and term.startswith("/") and term.endswith("/"):
            left_out.append(term)
            continue
        if words := " ".join(term.split()).lstrip("@#"):
            found.setdefault(words.casefold(), words)
    warning = f"Lemmy cannot search for {', '.join(left_out)[:200]}: set search_terms"
    return tuple(found.values()), (warning,) if left_out else ()
