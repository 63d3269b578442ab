"""One run over a LinkedIn page: its requests, their errors, and the order in which it asks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from mentionwatch.channels import Query, reading
from mentionwatch.channels._allowance import spend
from mentionwatch.channels._forward import whole
from mentionwatch.channels._linkedin_items import (
    ACTIONS,
    Us,
    read_comment,
    read_notification,
    read_post,
)
from mentionwatch.channels._oauth import Access
from mentionwatch.channels._rest import resting
from mentionwatch.channels._values import count, each, rows, table, text
from mentionwatch.channels._walk import in_turn
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
)
from mentionwatch.model.items import Deletion, Item, Page, StreamState

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

COUNT = 50
PAGES = 10
LATE = timedelta(minutes=10)
KEPT = timedelta(days=59)  # LinkedIn forgets notifications after 60 days
POSTS = 10  # whose comments are read where there are no notifications
REVISITS = 10  # one request each
OWN_CHECKS = 3
ALWAYS = 5
STREAM = "notifications"


@dataclass(kw_only=True, slots=True)
class Api:
    """LinkedIn during one run. ``spent``: requests so far."""

    client: Client
    base_url: str
    us: Us
    headers: Mapping[str, str]
    token: Secret | None
    access: Access | None
    daily_calls: int
    spent: int = 0

    async def notifications(self, start: datetime, end: datetime, first: int, number: int) -> Any:
        span = f"(start:{_ms(start)},end:{_ms(end)})"
        return await self._get(
            f"/organizationalEntityNotifications?q=criteria&actions=List({','.join(ACTIONS)})"
            f"&organizationalEntity={_encoded(self.us.urn)}&timeRange={span}"
            f"&start={first}&count={number}"
        )

    async def posts(self, number: int) -> Any:
        return await self._get(
            f"/posts?q=author&author={_encoded(self.us.urn)}&sortBy=LAST_MODIFIED"
            f"&start=0&count={number}",
            {"X-RestLi-Method": "FINDER"},
        )

    async def comments(self, urn: str, first: int) -> Any:
        """Ask for the comments on a post, or for the answers to a comment."""
        path = f"/socialActions/{_encoded(urn)}/comments?start={first}&count={COUNT}"
        return await self._get(path)

    async def _get(self, path: str, more: Mapping[str, str] | None = None) -> Any:
        """
        Ask. The address is complete: parameters given apart would have their brackets encoded.

        Raises:
            ChannelError: With what the owner can do about it.
        """
        headers = {"Accept": "application/json", **self.headers, **(more or {})}
        async with resting(self.client, "LinkedIn", _until_midnight()):
            await spend(self.client, self.daily_calls, "day", "daily_calls")
            self.spent += 1
            try:
                if self.access is not None:
                    return await self.access.get_json(self.base_url + path, headers=headers)
                return await self.client.get_json(
                    self.base_url + path,
                    headers={**headers, "Authorization": ("Bearer ", self.token or "")},
                )
            except (CredentialsRefused, PermissionMissing, RequestRefused) as error:
                raise _meant(error) from error
            except RateLimited as error:  # the quota begins anew at midnight in UTC
                wait = error.retry_after or _until_midnight().total_seconds()
                hint = "LinkedIn counts requests by the day; it goes on after midnight (UTC)"
                raise RateLimited(error.message, hint, wait, error.status, error.body) from error


@dataclass(kw_only=True, slots=True)
class Run:
    api: Api
    query: Query
    seen: set[str] = field(default_factory=set)

    async def pages(self) -> AsyncGenerator[Page, None]:
        try:
            async for page in self.notifications():
                yield page
        except PermissionMissing:
            async for page in self.posts():
                yield page
        async for page in self.revisit():
            yield page
        async for page in self.own():
            yield page

    async def notifications(self) -> AsyncGenerator[Page, None]:
        """
        Read a window of time, page by page; a window that was cut short is ended first.

        ``top`` is the end of the window, ``resume`` how many of it were read.
        """
        state = self.query.state(STREAM)
        now = self.query.now
        oldest = now - KEPT
        start = _at(whole(state.cursor)) - LATE if state.cursor else self.query.since
        end = _at(whole(state.top)) if state.walking else now
        first = whole(state.resume)
        known = bool(state.cursor)
        for left in reversed(range(PAGES)):
            payload = await self.api.notifications(max(start, oldest), end, first, COUNT)
            things, more = _elements(payload)
            found, warnings = each(
                "notifications", things, lambda one: read_notification(one, self.api.us)
            )
            items = self._noted([item for items in found for item in items])
            newest = [count(one.get("lastModifiedAt")) or 0 for one in rows(things)]
            best = max([whole(state.extra.get("newest", "")), *newest])
            best = min(best, _ms(now))
            first += len(things)
            if more:
                extra = {"newest": str(best)}
                state = replace(state.walked(top=str(_ms(end)), resume=str(first)), extra=extra)
                if not left:
                    warnings += ("LinkedIn has more than one run may read; the next one goes on",)
            else:
                best = max(best, whole(state.cursor))
                state = StreamState(cursor=str(best) if best else "")
                if not known and not things and not first:
                    warnings += (
                        "LinkedIn shows no activity on the page; if there is some, the token's "
                        "owner lacks the role ADMINISTRATOR of the page",
                    )
            yield Page(stream=STREAM, items=items, state=state, warnings=warnings)
            if not more:
                return

    async def posts(self) -> AsyncGenerator[Page, None]:
        """Without notifications: read the comments on the posts that were changed last."""
        things, _ = _elements(await self.api.posts(POSTS))
        posts, warnings = each("posts", things, read_post)
        told = "LinkedIn's notifications are not permitted (scope rw_organization_admin): "
        told += f"comments on the last {POSTS} posts only are read"
        yield Page(stream="posts", items=self._noted(list(posts)), warnings=(*warnings, told))
        for post in posts:
            try:
                items, warnings = await self._comments(post.external_id)
            except NotFound:
                continue  # deleted since it was listed
            yield Page(stream="posts", items=self._noted(items), warnings=warnings)

    async def _comments(self, urn: str) -> tuple[list[Item], tuple[str, ...]]:
        items: list[Item] = []
        warnings: tuple[str, ...] = ()
        for number in range(PAGES):
            things, more = _elements(await self.api.comments(urn, number * COUNT))
            found: tuple[Item, ...]
            found, told = each("comments", things, lambda one: read_comment(one, self.api.us))
            items += found
            warnings += told
            if not more:
                break
        return items, warnings

    async def revisit(self) -> AsyncGenerator[Page, None]:
        """Look for our answers to comments that wait: a notification does not tell to whom."""
        state = self.query.state("revisit")
        waiting = [o.external_id for o in self.query.open if o.external_id.startswith("urn:li:")]
        order = in_turn(waiting, state.extra.get("last"), ALWAYS)
        for one in order[:REVISITS]:
            try:
                items, warnings = await self._comments(one)
            except NotFound:
                items, warnings = [Deletion(external_id=one)], ()
            yield Page(
                stream="revisit", items=self._noted(items), checked=(one,), warnings=warnings
            )
        left = len(order) - REVISITS
        if left > 0 or state.extra:
            extra = {"last": order[REVISITS - 1]} if left > 0 else {}
            told = (f"{left} waiting comments were not looked at again; the next run does",)
            yield Page(stream="revisit", state=StreamState(extra=extra), warnings=told * (left > 0))

    async def own(self) -> AsyncGenerator[Page, None]:
        """Look whether answers of ours are still there that nothing has shown in this run."""
        state = self.query.state("own")
        known = [one for one in self.query.known_own_ids if one.startswith("urn:li:comment:")]
        unseen = [one for one in known if one not in self.seen]
        order = in_turn(unseen, state.extra.get("last"), 0)[:OWN_CHECKS]
        gone = [Deletion(external_id=one) for one in order if await self._is_gone(one)]
        if order:
            extra = {"last": order[-1]} if len(unseen) > len(order) else {}
            yield Page(stream="own", items=tuple(gone), state=StreamState(extra=extra))

    async def _is_gone(self, urn: str) -> bool:
        try:
            await self.api.comments(urn, 0)
        except NotFound:
            return True
        except RequestRefused:
            return False  # answers below an answer may not be asked for
        return False

    def _noted(self, items: list[Item]) -> tuple[Item, ...]:
        self.seen.update(item.external_id for item in items)
        return tuple(items)


def _elements(payload: Any) -> tuple[list[Any], bool]:
    """Return the things of a page, and whether there are more: ``total`` is often missing."""
    with reading("the answer of LinkedIn"):
        things = payload["elements"]
        if not isinstance(things, list):
            raise TypeError("elements is no list")
        paging = table(payload.get("paging"))
        onward = any(one.get("rel") == "next" for one in rows(paging.get("links")))
        size = count(paging.get("count")) or COUNT
    return things, bool(things) and (onward or len(things) >= size)


def _meant(error: AnswerRefused) -> AnswerRefused:
    said = _said(error.body)
    code = text(said.get("code")) or str(said.get("serviceErrorCode") or "")
    hint = error.hint
    if isinstance(error, CredentialsRefused):
        hint = "make a new token: mentionwatch channels setup linkedin"
        if "65601" in (code, str(said.get("serviceErrorCode"))):
            hint += "; one that was made just now may need some minutes"
    elif error.status == 426 or code == "NONEXISTENT_VERSION":
        hint = "LinkedIn has ended this version of its API: set api_version to a newer month"
    elif isinstance(error, PermissionMissing):
        hint = (
            "the token needs the scopes r_organization_social_feed and rw_organization_admin, and "
            "its owner the role ADMINISTRATOR of the page"
        )
    return type(error)(error.message, hint, status=error.status, body=error.body)


def _said(body: str) -> dict[str, Any]:
    try:
        return table(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def _encoded(urn: str) -> str:
    """
    Return a URN as it stands inside an address.

    LinkedIn wants brackets and commas around URNs as they are, and those within them encoded.
    """
    return quote(urn, safe="")


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(min(ms, 4_102_444_800_000) / 1000, UTC)


def _until_midnight() -> timedelta:
    import time

    return timedelta(seconds=86_400 - int(time.time()) % 86_400)
