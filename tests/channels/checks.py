"""What is true of every page that a channel yields."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

from mentionwatch.model.items import Deletion, Engagement, Item, Mention, OwnPost, Page, Reply


def check_pages(pages: Iterable[Page], *, recorded_as_it_is: bool = True) -> None:
    """
    Assert that pages are what the store expects.

    Args:
        pages: All pages of one run.
        recorded_as_it_is: False for damaged answers: foreign text may then hold anything.
    """
    seen: dict[str, Item] = {}
    for page in pages:
        _check_page(page)
        for item in page.items:
            check_item(item, recorded_as_it_is=recorded_as_it_is)
            if recorded_as_it_is:
                _check_same(seen.setdefault(item.external_id, item), item)


def _check_page(page: Page) -> None:
    assert isinstance(page, Page)
    assert isinstance(page.stream, str) and page.stream, "a page names its stream"
    assert isinstance(page.items, tuple), "items are a tuple"
    assert all(isinstance(one, str) and one for one in page.checked)
    assert all(isinstance(one, str) and one for one in page.warnings)
    if page.state is not None:
        state = page.state
        for part in (state.cursor, state.top, state.resume):
            assert isinstance(part, str), f"cursors are text: {state!r}"
        for name, value in state.extra.items():
            assert isinstance(name, str) and isinstance(value, str), f"extra is text: {state!r}"


def _check_same(first: Item, second: Item) -> None:
    if isinstance(first, Deletion) or isinstance(second, Deletion):
        return
    assert first.text == second.text, f"two items have the id {first.external_id}"


def check_item(item: Item, *, recorded_as_it_is: bool = True) -> None:
    """Assert that one item is what the store expects; see `check_pages`."""
    assert isinstance(item, Mention | Reply | OwnPost | Deletion)
    assert isinstance(item.external_id, str) and item.external_id, f"no id: {item!r}"
    if isinstance(item, Deletion):
        return
    for name in ("text", "title", "url", "thread_id", "parent_id", "kind", "language"):
        value = getattr(item, name, "")
        assert isinstance(value, str), f"{name} is {value!r} in {item.external_id}"
        if recorded_as_it_is:
            assert "\x00" not in value, f"{name} holds NUL in {item.external_id}"
            value.encode("utf-8")  # a lone surrogate cannot be stored
    assert item.url == "" or item.url.startswith(("https://", "http://")), f"url: {item.url!r}"
    for name in ("published", "delivered", "edited"):
        _check_time(name, getattr(item, name, None), item.external_id)
    if not isinstance(item, OwnPost):
        author = item.author
        for value in (author.id, author.name, author.handle, author.url):
            assert isinstance(value, str), f"author {author!r} in {item.external_id}"
        _check_count(author.followers, "followers")
    if isinstance(item, Mention):
        _check_mention(item)


def _check_mention(item: Mention) -> None:
    assert isinstance(item.engagement, Engagement)
    for name in ("likes", "shares", "replies", "views"):
        _check_count(getattr(item.engagement, name), name)
    _check_count(item.media, "media")
    for flag in (item.addressed, item.private, item.repost, item.automatic):
        assert isinstance(flag, bool), f"a flag is not a bool in {item.external_id}"
    if item.rating is not None:
        assert isinstance(item.rating, int | float) and math.isfinite(item.rating)
        assert 0 <= item.rating <= item.rating_max, f"rating {item.rating}"


def _check_time(name: str, value: object, where: str) -> None:
    if value is None:
        return
    assert isinstance(value, datetime), f"{name} is {value!r} in {where}"
    assert value.utcoffset() == timedelta(0), f"{name} is not UTC in {where}: {value!r}"


def _check_count(value: object, name: str) -> None:
    if value is not None:
        assert isinstance(value, int) and not isinstance(value, bool), f"{name} is {value!r}"
        assert 0 <= value < 2**63, f"{name} is {value!r}"
