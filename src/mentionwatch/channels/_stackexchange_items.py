"""
What is inside the answers of the Stack Exchange API: questions, answers, comments.

Types: https://api.stackexchange.com/docs/types/post
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import Any

from mentionwatch.channels import reading
from mentionwatch.channels._values import count, rows, table, text, web
from mentionwatch.model.items import Author, Engagement, Item, Mention, OwnPost, Reply
from mentionwatch.model.text import html_links, html_to_text

_FIRST, _LAST = 1_200_000_000, 4_102_444_800  # the opening of the network, and the year 2100
_LARGEST = 10**15
_ELSEWHERE = ("stackoverflow", "serverfault", "superuser", "askubuntu", "stackapps")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapper:
    """What every answer of the API has around its things."""

    things: tuple[dict[str, Any], ...]
    more: bool = False
    backoff: int = 0
    quota: int | None = None
    remaining: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """
    One site, and who we are there.

    ``name``: "stackoverflow". ``users``: our user ids. ``ours``: external ids of what we wrote.
    """

    name: str
    users: frozenset[int] = frozenset()
    ours: Collection[str] = frozenset()

    @property
    def host(self) -> str:
        if self.name.endswith((".net", ".com")):
            return self.name
        if self.name.rpartition(".")[2] in _ELSEWHERE:
            return f"{self.name}.com"
        return f"{self.name}.stackexchange.com"

    def post(self, number: int) -> str:
        return f"{self.name}:{number}"

    def comment(self, number: int) -> str:
        return f"{self.name}:c{number}"

    def number(self, external_id: str, letter: str = "") -> int:
        """Return the number in the id of a post here, or of a comment ("c"); 0 for others."""
        name, _, rest = external_id.rpartition(":")
        rest = rest.removeprefix(letter) if rest.startswith(letter) else ""
        fits = name == self.name and rest.isascii() and rest.isdecimal() and len(rest) < 16
        return int(rest) if fits else 0

    def wrote(self, thing: Mapping[str, Any]) -> bool:
        return table(thing.get("owner")).get("user_id") in self.users


def read_wrapper(payload: Any, what: str) -> Wrapper:
    with reading(what):
        things = payload["items"]
        if not isinstance(things, list):
            raise TypeError("items is no list")
        return Wrapper(
            things=tuple(rows(things)),
            more=payload.get("has_more") is True,
            backoff=min(count(payload.get("backoff")) or 0, 86_400),
            quota=count(payload.get("quota_max")),
            remaining=count(payload.get("quota_remaining")),
        )


def identity(value: object) -> int:
    """Return the number of a thing. Raises ValueError."""
    number = count(value)
    if not number or number >= _LARGEST:
        raise ValueError("an id is no number")
    return number


def seconds(value: object) -> int:
    """Return Unix seconds. Raises ValueError."""
    number = count(value)
    if number is None or not _FIRST <= number <= _LAST:
        raise ValueError("a time is none")
    return number


def post_number(thing: Mapping[str, Any]) -> int:
    """Return the number of a question, an answer, or a hit that is either. Raises ValueError."""
    kind = text(thing.get("item_type") or thing.get("post_type"))
    if "post_id" in thing:
        return identity(thing["post_id"])
    answer = kind == "answer" or (not kind and "answer_id" in thing)
    return identity(thing.get("answer_id" if answer else "question_id"))


def read_post(thing: Mapping[str, Any], site: Site, hit: Mapping[str, Any] | None = None) -> Item:
    """
    Return a question or an answer.

    Args:
        thing: As the API gives posts, questions and answers, with its body.
        hit: The search hit that led to it: it tells title and question.

    Raises:
        ValueError: It has no id or time.
    """
    seen = {**(hit or {}), **thing}
    number = post_number(thing)
    is_answer = text(seen.get("post_type") or seen.get("item_type")) == "answer" or (
        "answer_id" in thing
    )
    question = count(seen.get("question_id")) or number
    body = text(thing.get("body"))
    url = f"https://{site.host}/{'a' if is_answer else 'q'}/{number}"
    own = site.post(number)
    thread = site.post(question)
    edited = _time(thing.get("last_edit_date"))
    published = datetime.fromtimestamp(seconds(thing.get("creation_date")), UTC)
    title = unescape(text(seen.get("title")))
    words = html_to_text(body)
    if site.wrote(thing):
        if not is_answer:
            return OwnPost(
                external_id=own,
                text="\n\n".join(part for part in (title, words) if part),
                published=published,
                edited=edited,
                url=url,
                thread_id=thread,
                raw=thing,
            )
        return Reply(
            external_id=own,
            text=words,
            published=published,
            edited=edited,
            author=author_of(thing, site),
            url=url,
            thread_id=thread,
            parent_id=thread if question != number else "",
            raw=thing,
        )
    return Mention(
        external_id=own,
        text=words,
        title="" if is_answer else title,
        author=author_of(thing, site),
        published=published,
        edited=edited,
        addressed=is_answer and thread in site.ours,
        kind="answer" if is_answer else "question",
        url=url,
        thread_id=thread,
        parent_id=thread if is_answer and question != number else "",
        engagement=Engagement(
            likes=count(thing.get("score")),
            replies=count(seen.get("answer_count")),
            views=count(thing.get("view_count")),
        ),
        links=html_links(body),
        raw=thing,
    )


def read_comment(
    thing: Mapping[str, Any],
    site: Site,
    questions: Mapping[int, int],
    owners: Mapping[int, int] | None = None,
    *,
    addressed: bool = False,
) -> Mention | Reply:
    """
    Return a comment.

    Args:
        questions: The question of each answer that is known; a comment names its post only.
        owners: Whose each post is, as far as known.
        addressed: It names us; else it is to us when it stands under a post of ours.

    Raises:
        ValueError: It has no id, post or time.
    """
    number, post = identity(thing.get("comment_id")), identity(thing.get("post_id"))
    parent = site.post(post)
    on_answer = text(thing.get("post_type")) == "answer"
    known = questions.get(post)
    thread = site.post(known) if known else parent
    body = text(thing.get("body"))
    to = count(table(thing.get("reply_to_user")).get("user_id")) or 0
    published = datetime.fromtimestamp(seconds(thing.get("creation_date")), UTC)
    own = site.comment(number)
    url = f"https://{site.host}/{'a' if on_answer else 'q'}/{post}#comment{number}_{post}"
    if site.wrote(thing):
        # "@name" under somebody else's post answers that person, not whoever wrote the post.
        elsewhere = bool(to) and to != (owners or {}).get(post)
        return Reply(
            external_id=own,
            text=html_to_text(body),
            published=published,
            author=author_of(thing, site),
            url=url,
            thread_id=thread,
            parent_id="" if elsewhere else parent,
            to=(f"{site.name}:{to}",) if to else (),
            raw=thing,
        )
    return Mention(
        external_id=own,
        text=html_to_text(body),
        author=author_of(thing, site),
        published=published,
        addressed=addressed or to in site.users or parent in site.ours,
        kind="comment",
        url=url,
        thread_id=thread,
        parent_id=parent,
        engagement=Engagement(likes=count(thing.get("score"))),
        links=html_links(body),
        raw=thing,
    )


def author_of(thing: Mapping[str, Any], site: Site) -> Author:
    """Return who wrote it; deleted accounts have a name and no id."""
    owner = table(thing.get("owner"))
    number = count(owner.get("user_id")) or 0
    name = unescape(text(owner.get("display_name")))
    profile = web(owner.get("link")) or (f"https://{site.host}/users/{number}" if number else "")
    return Author(
        id=f"{site.name}:{number}" if number else "",
        name=name,
        url=profile,
        followers=None,
    )


def _time(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds(value), UTC)
    except ValueError:
        return None
