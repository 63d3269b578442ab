"""
Stack Overflow and the other sites of Stack Exchange: questions, answers, comments.

API: https://api.stackexchange.com/docs

Comments cannot be searched; those under our posts and those that name us are read.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._spread import is_early, plan_next
from mentionwatch.channels._values import web
from mentionwatch.errors import ChannelError
from mentionwatch.model.items import Page

if TYPE_CHECKING:
    from mentionwatch.channels._stackexchange_api import Api
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Reading is free and needs no account. Without a key 300 requests a day are allowed for your internet
address, with a free one 10,000; a reading takes about ten, so without a key the sites are read
about once an hour.
 1. Log in at https://stackapps.com and open https://stackapps.com/apps/oauth/register.
 2. Give a name and a description; as OAuth domain and application website your own site will do.
 3. Copy the "Key" (not the client secret). It is no secret, and it does not expire.
 4. Run: mentionwatch login CHANNEL
 5. Open the profiles of those who answer for you: the number in the address is the user id. Write
    them down: own_user_ids = { stackoverflow = [123456] }
Answers must be written on the site."""
LOGIN: tuple[str, ...] = ("key",)
UNVERIFIED: tuple[str, ...] = (
    "`/users/` with `/mentioned` lists comments that name us; otherwise these are found only under "
    "our posts, and the refusal is said",
    "`/search/excerpts` takes `sort` `creation` and `order` `asc`; otherwise what is newest may "
    "come a run late, or the refusal is said",
    "`/search/excerpts` takes `url` with `*` around a domain; otherwise posts that only link to "
    "you are missed, or the refusal is said",
    "a hit has `item_type`, `question_id`, `answer_id` and `title`; otherwise it is left out with "
    "a warning",
    "the words of `throttle_violation` name the seconds to wait; otherwise the channel rests for "
    "an hour",
    "a comment has `post_type` and `reply_to_user`; otherwise it counts for the post and not for "
    "one person",
    "what `/posts/` and `/comments` leave out was deleted; otherwise it leaves the queue too early",
    "`last_edit_date` is the time of an edit; otherwise an edit is seen without its time",
    "the names of errors (`access_denied`, `invalid_access_token`, `internal_error`, and "
    "`bad_parameter` with the word key or site) are general knowledge; otherwise the API's own "
    "words are shown",
    "`/info` answers without a log-in; otherwise the account cannot be shown, and reading goes on",
)

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,60}")
_TAG = re.compile(r"[^\s;,/?&]{1,60}")


class _Declared:
    """What the type can do; without user ids, it cannot tell our words from others'."""

    def __get__(self, channel: Any, owner: type[Any]) -> Capabilities:
        return Capabilities(
            finds_untagged=True,
            sees_own_replies=channel is None or bool(channel.own_user_ids),
            sees_edits=True,
            history="all questions and answers; a first run looks back 30 days",
            cost="free; a key, free as well, raises the limit from 300 to 10,000 requests a day",
            limits=(
                "sees your replies by the accounts in `own_user_ids` only",
                "comments cannot be searched; those under your posts and those naming you are read",
                "cannot search for /regular expressions/",
                "without a key it is read about once an hour, whatever the schedule says",
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StackExchange:
    """
    The keys of ``[channels.stackexchange]``.

    ``tags``: of questions that are all about you. ``own_user_ids``: by site. ``search_terms``,
    ``domains``: instead of the brand's.
    """

    family: ClassVar[str] = "forums"
    capabilities = _Declared()

    sites: tuple[str, ...] = ("stackoverflow",)
    search_terms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    own_user_ids: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    key: Secret | None = None
    base_url: str = "https://api.stackexchange.com/2.3"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", "must be an address such as https://api.stackexchange.com/2.3"
        if not self.sites or not all(_NAME.fullmatch(one) for one in self.sites):
            yield "sites", 'must be a list of names such as ["stackoverflow", "superuser"]'
        if not all(_TAG.fullmatch(one) for one in self.tags):
            yield "tags", 'must be a list of tags such as ["acme-sdk"], each without blanks'
        for site, users in self.own_user_ids.items():
            if site not in self.sites:
                yield "own_user_ids", f'"{site}" is none of the sites'
            if any(not 0 < user < 10**12 for user in users):
                yield "own_user_ids", "a user id is a number above 0"

    async def account(self, client: Client) -> Account:
        """Look up our accounts, or else the first site; there is nothing to log in to."""
        api = self._api(client)
        names = tuple(
            f"{site}:{user}" for site, users in self.own_user_ids.items() for user in users
        )
        where = ", ".join(self.sites)
        if is_early(client):
            return Account(
                id="stackexchange", names=names, summary=f"{where} (not asked again yet)"
            )
        warnings = []
        found = None
        for site, users in self.own_user_ids.items():
            if not users:
                continue
            path = f"/users/{';'.join(map(str, users))}"
            found = await api.get(site, path, {"pagesize": 100})
            shown = {thing.get("user_id") for thing in found.things}
            warnings += [f"{site} has no user {one}" for one in users if one not in shown]
        if found is None:
            found = await api.get(self.sites[0], "/info", {})
        left = f"; {found.remaining} of {found.quota} requests are left today"
        known = found.remaining is not None and found.quota is not None
        return Account(
            id="stackexchange",
            names=names,
            summary=f"{where}{left if known else ''}",
            warnings=tuple(warnings) + api.warnings(),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        from mentionwatch.channels._stackexchange_items import Site
        from mentionwatch.channels._stackexchange_run import Run

        api = self._api(client)
        asked = self._asked(query)
        if is_early(client, asked):
            return
        terms, left_out = _searchable(self.search_terms or query.terms)
        if left_out:
            warning = "Stack Exchange cannot search for regular expressions: set search_terms"
            yield Page(stream="terms", warnings=(warning,))
        first: ChannelError | None = None
        for name in self.sites:
            run = Run(
                api=api,
                query=query,
                site=Site(name=name, users=frozenset(self.own_user_ids.get(name, ()))),
                terms=terms,
                tags=self.tags,
                domains=self.domains or query.domains,
            )
            try:
                async with aclosing(run.pages()) as pages:
                    async for page in pages:
                        yield page
            except ChannelError as error:
                if not _of_one_site(error):
                    raise
                first = first or error
        if first is not None:
            raise first
        api.spent += 1  # that of `account`
        await plan_next(client, asked, spent=api.spent, a_day=api.quota)
        if api.warnings():
            yield Page(stream="quota", warnings=api.warnings())

    def _asked(self, query: Query) -> str:
        """Return what tells these questions from others."""
        from hashlib import sha256

        users = {site: list(users) for site, users in self.own_user_ids.items()}
        parts: list[object] = [
            self.sites,
            self.search_terms,
            self.tags,
            self.domains,
            users,
            self.base_url,
        ]
        parts += [query.terms, query.domains, bool(self.key)]
        return sha256(repr(parts).encode("utf-8", "replace")).hexdigest()[:16]

    def _api(self, client: Client) -> Api:
        from mentionwatch.channels._stackexchange_api import Api

        return Api(client=client, base_url=self.base_url.rstrip("/"), key=self.key)


def _of_one_site(error: ChannelError) -> bool:
    """Whether an error says something about one site only, so that the others go on."""
    from mentionwatch.errors import NotFound, RequestRefused, UnexpectedPayload

    return isinstance(error, NotFound | RequestRefused | UnexpectedPayload)


def _searchable(terms: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return what the search can look for, each once, and whether something was left out."""
    found: dict[str, str] = {}
    left_out = False
    for term in terms:
        if len(term) > 2 and term.startswith("/") and term.endswith("/"):
            left_out = True
            continue
        words = " ".join(term.replace('"', " ").split()).lstrip("@#")
        if words:
            found.setdefault(words.casefold(), words)
    return tuple(found.values()), left_out and not found
