"""
Google Play reviews of your own apps, with your answers.

API: https://developers.google.com/android-publisher/api-ref/rest/v3/reviews
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query, reading
from mentionwatch.channels._google import TOKEN_URL, Help, author_name, explained
from mentionwatch.channels._jwt import read_by_others, read_key_file, signed
from mentionwatch.channels._oauth import Access, Grant
from mentionwatch.channels._reviews import Review, Revisits, items_of, stars
from mentionwatch.channels._values import count, each, needed, rows, table, text, web
from mentionwatch.channels._walk import Deferred, Listed, floor, newest_first, position
from mentionwatch.errors import NotFound, RequestRefused, SecretUnavailable
from mentionwatch.model.items import Author, Engagement, Item, Mention, Page, Reply, StreamState
from mentionwatch.model.times import iso, parse_time

if TYPE_CHECKING:
    from mentionwatch.client import Client

SETUP = """\
Free for the developer account of the app.
 1. At https://console.cloud.google.com make a project; APIs & Services > Library: enable
    "Google Play Android Developer API".
 2. IAM & Admin > Service accounts: make one, then Keys > Add key > JSON. Save the file where only
    you can read it (chmod 600).
 3. Play Console > Users and permissions > Invite new users: the mail address of the service
    account, with the rights "View app information" and "Reply to reviews" for the app.
 4. In the configuration: package_name = "com.example.app" and service_account_file = the file.
 5. Signing in needs one more package: pip install "mentionwatch[signing]"
It may take a day until the rights work. The key does not end; delete it there when it leaks."""
LOGIN: tuple[str, ...] = ()
UNVERIFIED: tuple[str, ...] = (
    "`text` of an old review is its title, a tab and its words; otherwise a tab in the words is "
    "taken for a title's end",
    "200 requests an hour are allowed; otherwise Google answers 429, and the rest comes with a "
    "later run",
    "a `token` of an earlier run may be forgotten with 400: the list begins anew; otherwise the "
    "refusal is said",
    "the list begins with what changed last; otherwise reviews behind the cursor are found when "
    "what waits is asked for, and new ones may be missed",
    "the log-in by `assertion` with `urn:ietf:params:oauth:grant-type:jwt-bearer`; otherwise the "
    "refusal is said",
    "`originalText` holds the customer's words where Google translated them; otherwise the "
    "translation is shown",
    "the address with `reviewId` leads to the review; otherwise it leads to the app",
)

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFE = 3600  # seconds of an assertion; Google allows no more
HELP = Help(
    disabled='enable "Google Play Android Developer API" in the project of the service account',
    denied='invite the service account in the Play Console with the right "Reply to reviews"; '
    "it may take a day until that works",
    wrong="check package_name and translation_language",
)
WAY_OUT = "make a new key for the service account: mentionwatch channels setup google_play"

PAGE_SIZE = 100
PAGES = 30
LATE = timedelta(hours=6)
SHOWN_FOR = timedelta(days=7)  # after its last change a review is no longer listed
# 200 requests an hour are allowed.
REVISIT_REQUESTS = 40
REVISIT_EVERY = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True, slots=True)
class GooglePlay:
    """
    The keys of ``[channels.google_play]``.

    ``service_account_file``: the JSON key. ``translation_language``: Google adds a translation.
    """

    family: ClassVar[str] = "reviews"
    keep_at_most: ClassVar[timedelta | None] = None
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=False,
        sees_own_replies=True,
        sees_edits=True,
        history="7 days; what is older stands in the monthly reports of the Play Console",
        cost="free with the developer account",
        limits=(
            "only reviews with words, of the production version; stars alone never appear",
            "a review that was not read within 7 days of its last change is missed: "
            "read at least every 6 days",
            "a review names only the time of its last change",
        ),
    )

    package_name: str
    service_account_file: Path
    translation_language: str = ""
    base_url: str = "https://androidpublisher.googleapis.com"
    token_url: str = TOKEN_URL

    def problems(self) -> Iterator[tuple[str, str]]:
        if not self.package_name.replace(".", "").replace("_", "").isalnum():
            yield "package_name", 'must be the id of the app, such as "com.example.app"'
        for key in ("base_url", "token_url"):
            if not web(getattr(self, key)):
                yield key, "must be a web address"

    async def account(self, client: Client) -> Account:
        payload = await self._get(self._access(client), "", {"maxResults": 1})
        read_page(payload)
        warnings = []
        if read_by_others(self.service_account_file):
            warnings.append(
                f"{self.service_account_file} can be read by other users; run chmod 600 on it"
            )
        return Account(
            id=f"play:{self.package_name}",
            summary=f"reviews of {self.package_name} can be read",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        access = self._access(client)

        async def look(review_id: str) -> Review | None:
            try:
                payload = await self._get(access, f"/{quote(review_id, safe='')}", {})
            except NotFound:
                return None
            with reading("the Google Play review"):
                return read_review(payload, self.package_name)

        revisits = Revisits(
            query=query,
            client=client,
            look=look,
            requests=REVISIT_REQUESTS,
            every=REVISIT_EVERY,
        )
        deferred = Deferred()
        for part in (self._listing(query, access, revisits), revisits.pages()):
            async with aclosing(deferred.pages(part)) as pages:
                async for page in pages:
                    yield page
        deferred.settle()
        yield _whole_run(query)

    async def _listing(
        self, query: Query, access: Access, revisits: Revisits
    ) -> AsyncGenerator[Page, None]:
        state = query.state("reviews")
        left = {state.resume}  # of an earlier run: Google may have forgotten it

        async def ask(resume: str, cursor: str) -> Listed:
            try:
                payload = await self._get(access, "", self._params(resume))
            except RequestRefused:
                if not resume or resume not in left:
                    raise
                payload = await self._get(access, "", self._params(""))
            left.clear()
            return self._listed(payload, query, cursor, revisits)

        async with aclosing(newest_first("reviews", state, ask, pages=PAGES)) as pages:
            async for page in pages:
                yield page

    def _params(self, token: str) -> dict[str, Any]:
        return {"maxResults": PAGE_SIZE, "token": token or None}

    def _listed(self, payload: Any, query: Query, cursor: str, revisits: Revisits) -> Listed:
        things, following = read_page(payload)
        reviews, warnings = each(
            "Google Play reviews", things, lambda one: read_review(one, self.package_name)
        )
        times = [one.mention.published for one in reviews if one.mention.published]
        items: list[Item] = []
        for one in reviews:
            revisits.seen.add(one.mention.external_id)
            items += items_of(one, query.known_own_ids)
        lowest = floor(cursor, query.since, LATE)
        return Listed(
            items=tuple(items),
            newest=position(times, query.now),
            following=following,
            past=bool(times) and max(times) < lowest,
            warnings=warnings,
        )

    async def _get(self, access: Access, path: str, params: Mapping[str, Any]) -> Any:
        url = f"{self.base_url}/androidpublisher/v3/applications/{quote(self.package_name)}"
        language = {"translationLanguage": self.translation_language or None}
        async with explained(HELP):
            return await access.get_json(f"{url}/reviews{path}", params={**params, **language})

    def _access(self, client: Client) -> Access:
        """Sign in as the service account; its key is read only when a new token is needed."""

        def made() -> dict[str, str]:
            account = read_account(self.service_account_file)
            return {"assertion": assertion(account, self.token_url, int(time()))}

        grant = Grant(
            url=self.token_url,
            form={"grant_type": GRANT_TYPE},
            way_out=WAY_OUT,
            made=made,
            identity=str(self.service_account_file),
        )
        return Access(client=client, grant=grant)


def assertion(account: Mapping[str, str], audience: str, now: int) -> str:
    """Return what the service account says of itself, signed; *now* in seconds."""
    claims = {
        "iss": account["client_email"],
        "scope": SCOPE,
        "aud": audience,
        "iat": now,
        "exp": now + LIFE,
    }
    pem, key_id = account["private_key"], account["private_key_id"]
    return signed("RS256", claims, pem, key_id=key_id, key="service_account_file")


def read_account(path: Path) -> dict[str, str]:
    """
    Return ``client_email``, ``private_key`` and ``private_key_id`` of a key file.

    Raises:
        SecretUnavailable: It is missing, or another file.
    """
    from mentionwatch.credentials import remember

    written = read_key_file(path, "service_account_file")
    try:
        found = table(json.loads(written))
        account = {name: needed(found.get(name)) for name in ("client_email", "private_key")}
    except (ValueError, RecursionError):
        raise SecretUnavailable(
            f"service_account_file: {path} is no key of a service account",
            "download one: IAM & Admin > Service accounts > Keys > Add key > JSON",
        ) from None
    remember(account["private_key"])
    return {**account, "private_key_id": text(found.get("private_key_id"))}


def _whole_run(query: Query) -> Page:
    """Keep when all was read; a review that changed more than 7 days ago was missed."""
    warnings: tuple[str, ...] = ()
    try:
        last = parse_time(query.state("runs").extra.get("at", ""))
    except ValueError:
        last = query.now
    if query.now - last > SHOWN_FOR:
        warnings = (
            f"not read since {last:%Y-%m-%d}: reviews that changed until "
            f"{query.now - SHOWN_FOR:%Y-%m-%d} were missed; see the Play Console",
        )
    state = StreamState(extra={"at": iso(query.now)})
    return Page(stream="runs", state=state, warnings=warnings)


# --- what is inside -------------------------------------------------------------------------------


def read_page(payload: Any) -> tuple[list[Any], str]:
    """Return the reviews of a page as they came, and the token of the next one."""
    with reading("the list of Google Play reviews"):
        things = payload.get("reviews") or []  # none at all: the answer is {}
        if not isinstance(things, list):
            raise TypeError("reviews is no list")
        return things, text(table(payload.get("tokenPagination")).get("nextPageToken"))


def read_review(payload: Any, package: str) -> Review:
    """Return one review. Raises ValueError and the like."""
    review_id = needed(payload["reviewId"])
    comments = rows(payload["comments"])
    said = [table(one.get("userComment")) for one in comments if one.get("userComment")]
    ours = [table(one.get("developerComment")) for one in comments if one.get("developerComment")]
    if not said:
        raise ValueError("a review without words")
    words = said[-1]
    title, body = _title_and_body(_words(words))
    url = f"https://play.google.com/store/apps/details?id={package}&reviewId={quote(review_id)}"
    mention = Mention(
        external_id=review_id,
        title=title,
        text=body,
        author=Author(name=author_name(payload.get("authorName"))),
        published=_time(words.get("lastModified")),
        kind="review",
        url=url,
        rating=stars(words.get("starRating")),
        language=text(words.get("reviewerLanguage")),
        engagement=Engagement(likes=count(words.get("thumbsUpCount"))),
        raw=payload,
    )
    return Review(mention=mention, answer=_answer(ours[-1], url) if ours else None)


def _words(comment: Mapping[str, Any]) -> str:
    """Return what the customer wrote himself, where Google translated it."""
    return text(comment.get("originalText")) or text(comment.get("text"))


def _title_and_body(words: str) -> tuple[str, str]:
    """Old reviews have a title, before a tab."""
    title, tab, body = words.partition("\t")
    return (title.strip(), body.strip()) if tab else ("", words)


def _answer(comment: Mapping[str, Any], url: str) -> Reply:
    return Reply(
        external_id="",
        text=text(comment.get("text")),
        published=_time(comment.get("lastModified")),
        url=url,
    )


def _time(value: object) -> datetime | None:
    """Return the time of ``{"seconds": "1795080000", "nanos": 0}``."""
    seconds = table(value).get("seconds")
    nanos = count(table(value).get("nanos")) or 0
    if not isinstance(seconds, str | int) or not str(seconds).isdecimal():
        return None
    try:
        return parse_time(int(seconds) + nanos // 1_000_000 / 1000)
    except ValueError:
        return None
