"""
Asking the API of X: both of its vocabularies, its two kinds of credentials, its errors.

API: https://docs.x.com/x-api
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import rows, table, text
from mentionwatch.errors import (
    AnswerRefused,
    BudgetSpent,
    ChannelError,
    CredentialsRefused,
    PermissionMissing,
    RateLimited,
    ServerFailed,
)

if TYPE_CHECKING:
    from mentionwatch.channels._oauth1 import Keys
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

TRIES = 3
CONSOLE = "console.x.com"
_USER = "id,name,username,public_metrics,verified,protected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """
    One vocabulary. The published one changed in August 2026; the old one went on working.

    ``ours``: for our own posts, whose author need not be bought. ``bare``: without anybody.
    ``users``, ``posts``: how many of each may be bought along with one post.
    """

    name: str
    posts: Mapping[str, str]
    ours: Mapping[str, str]
    bare: Mapping[str, str]
    messages: Mapping[str, str]
    users_along: int
    posts_along: int


_OLD_FIELDS = (
    "id,text,author_id,created_at,conversation_id,in_reply_to_user_id,referenced_tweets,"
    "public_metrics,lang,note_tweet,entities,attachments"
)
_NEW_FIELDS = "created_at,conversation_id,public_metrics,lang,note_post,entities,attachments"
_NEW_ALONG = "in_reply_to_user_id,referenced_posts"
_MESSAGE = "id,text,event_type,created_at,dm_conversation_id,attachments"

OLD = Dialect(
    name="old",
    posts={"tweet.fields": _OLD_FIELDS, "expansions": "author_id", "user.fields": _USER},
    ours={"tweet.fields": _OLD_FIELDS},
    bare={"tweet.fields": _OLD_FIELDS},
    messages={
        "dm_event.fields": f"{_MESSAGE},sender_id",
        "expansions": "sender_id",
        "user.fields": _USER,
    },
    users_along=1,
    posts_along=0,
)
NEW = Dialect(
    name="new",
    posts={
        "post.fields": _NEW_FIELDS,
        "expansions": f"author_id,{_NEW_ALONG}",
        "user.fields": _USER,
    },
    ours={"post.fields": _NEW_FIELDS, "expansions": _NEW_ALONG, "user.fields": _USER},
    bare={"post.fields": _NEW_FIELDS},
    messages={"dm_event.fields": _MESSAGE, "expansions": "sender_id", "user.fields": _USER},
    users_along=2,
    posts_along=1,
)
DIALECTS = {one.name: one for one in (OLD, NEW)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One page. ``things``: posts or messages, newest first. ``errors``: partial ones."""

    things: tuple[dict[str, Any], ...] = ()
    people: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    posts_along: int = 0
    newest: str = ""
    following: str = ""
    errors: tuple[dict[str, Any], ...] = ()

    @property
    def understood(self) -> bool:
        """Whether the fields came that were asked for; a false vocabulary is passed over."""
        return not self.things or any(text(one.get("created_at")) for one in self.things)


def parse_page(payload: Any) -> Answer:
    """Return one page of posts or messages, in whichever vocabulary. Raises UnexpectedPayload."""
    with reading("the answer of X"):
        meta, things = payload.get("meta", {}), payload.get("data", [])
        if not isinstance(things, list) or not isinstance(meta, dict):
            raise TypeError("a list was expected")
        if "data" not in payload and "meta" not in payload and "errors" not in payload:
            raise KeyError("data")
        along = table(payload.get("includes"))
        return Answer(
            things=tuple(rows(things)),
            people={text(one.get("id")): one for one in rows(along.get("users"))},
            posts_along=len(rows(along.get("posts")) or rows(along.get("tweets"))),
            newest=text(meta.get("newest_id")),
            following=text(meta.get("next_token")),
            errors=tuple(rows(payload.get("errors"))),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """``keys`` None: the bearer token, which belongs to an application and to no account."""

    client: Client
    base_url: str
    bearer: Secret
    keys: Keys | None = None

    async def get(self, path: str, params: Mapping[str, object]) -> Any:
        """Ask and return the JSON; each try is signed anew. Raises ChannelError."""
        url = f"{self.base_url.rstrip('/')}{path}"
        for left in reversed(range(TRIES)):
            try:
                return await self.client.get_json(
                    url, params=params, headers=await self._headers(url, params), retry=False
                )
            except AnswerRefused as error:
                wait = _pause(error, TRIES - left)
                if not left or wait is None or wait >= self.client.remaining():
                    raise explained(error) from error
                await self.client.pause(wait)
        raise AssertionError("the last try returns or raises")

    async def _headers(self, url: str, params: Mapping[str, object]) -> dict[str, Any]:
        if self.keys is not None:
            return {"Authorization": await self.keys.header("GET", url, params)}
        return {"Authorization": ("Bearer ", self.bearer)}


def _pause(error: AnswerRefused, failures: int) -> float | None:
    """Return the seconds after which another try is worth it; None: never in this run."""
    if isinstance(error, ServerFailed) and error.status in (500, 502, 503, 504):
        return 0.5 * 2.0 ** (failures - 1)
    if isinstance(error, RateLimited) and "usage-cap" not in kind_of(problem_of(error.body)):
        return error.retry_after
    return None


def problem_of(body: str) -> dict[str, Any]:
    """Return what the body of a refusal says; {} for a web page."""
    try:
        return table(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def kind_of(problem: Mapping[str, Any]) -> str:
    """Return the last part of a problem's type, whatever server it is said to stand on."""
    named = text(problem.get("type")).rstrip("/").rpartition("/")[2]
    title = text(problem.get("title")).lower().replace(" ", "-")
    if named in ("", "about:blank", "blank"):
        named = {"payment-required": "credits-depleted", "creditsdepleted": "credits-depleted"}.get(
            title, title
        )
    return "usage-capped" if title == "usagecapexceeded" else named


def wrong_parameters(error: AnswerRefused) -> frozenset[str]:
    """Return the names of the parameters that a refusal complains about."""
    found: set[str] = set()
    for one in rows(problem_of(error.body).get("errors")):
        found |= set(table(one.get("parameters")))
        message = text(one.get("message"))
        found |= {name for name in ("since_id", "start_time", "until_id") if name in message}
    return frozenset(found)


def explained(error: AnswerRefused) -> ChannelError:
    """Return the error with what helps against it, where that is known."""
    problem = problem_of(error.body)
    kind, reason = kind_of(problem), text(problem.get("reason"))
    if error.status == 402 or kind in ("credits-depleted", "credits"):
        return BudgetSpent(
            "the credits for the API of X are used up", f"buy credits at {CONSOLE}; nothing is lost"
        )
    if kind in ("spend-cap-reached", "usage-capped"):
        what = "spending limit" if kind == "spend-cap-reached" else "usage cap"
        return BudgetSpent(
            f"the {what} of your X developer account is reached for this period",
            f"raise it at {CONSOLE}, or wait for the next period; nothing is lost",
        )
    hint = ""
    if isinstance(error, CredentialsRefused):
        hint = f"make a new token at {CONSOLE} > your app > Keys and tokens"
    elif isinstance(error, PermissionMissing) and (
        kind == "client-forbidden" or reason == "client-not-enrolled"
    ):
        hint = f"put the app into a project with credits at {CONSOLE}, then make new tokens"
    elif isinstance(error, PermissionMissing):
        hint = f"check the app's permissions at {CONSOLE}; after a change make new tokens"
    if hint:
        return type(error)(error.message, hint, status=error.status, body=error.body)
    return error
