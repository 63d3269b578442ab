"""
The YouTube Data API, which takes its published description literally.

``data/youtube/parameters.json`` condenses it. Unknown parameters, values out of range and requests
without their key are refused; every answer is checked too. Both stand in ``faults``.
"""

from __future__ import annotations

import re
from typing import Any

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

FACTS: dict[str, Any] = recorded("youtube", "parameters.json")
ERRORS: dict[str, Any] = recorded("youtube", "errors.json")
KEY = "AIza-key-of-the-owner"
US = "UCacmecoffeeacmecoffee00"
_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


def thread(letter: str) -> str:
    """Return the id of a recorded thread."""
    return f"Ug{letter}EXAMPLEthread4AaABAg"


def reply(letter: str, number: int) -> str:
    """Return the id of a recorded reply."""
    return f"{thread(letter)}.9{letter}{number}reply"


class World:
    """
    The recorded state, to be changed by tests, behind a real server.

    ``size``: things a page at most. ``along``: replies that come with a thread.
    """

    def __init__(self, server: Server, *, size: int = 2, check: bool = True) -> None:
        self.server = server
        self.size = size
        self.along = 2
        self.check = check
        self.threads: list[dict[str, Any]] = recorded("youtube", "threads.json")
        self.held: list[dict[str, Any]] = recorded("youtube", "held.json")
        self.other: list[dict[str, Any]] = recorded("youtube", "other_threads.json")
        self.videos: list[dict[str, Any]] = recorded("youtube", "videos.json")
        self.channels: list[dict[str, Any]] = recorded("youtube", "channels.json")
        self.faults: list[str] = []
        self.generation = 1  # of page tokens
        self.uncounted = 0  # replies that are counted and not shown
        server.on("*", "/*", self._answer)

    def asked(self, what: str) -> list[Request]:
        return [one for one in self.server.requests if one.path == f"/{what}"]

    def fail(self, what: str, name: str, *, times: int | None = None, **query: str) -> None:
        status, body = ERRORS[name]
        self.server.reply("GET", f"/{what}", status, body=body, times=times, query=query)

    def find(self, letter: str) -> dict[str, Any]:
        return next(one for one in self.threads if one["id"] == thread(letter))

    def remove(self, comment: str) -> None:
        """Delete a thread, or one reply of it."""
        self.threads = [one for one in self.threads if one["id"] != comment]
        for one in self.threads:
            if "replies" in one:
                replies = [c for c in one["replies"]["comments"] if c["id"] != comment]
                one["snippet"]["totalReplyCount"] = len(replies)
                one["replies"]["comments"] = replies

    def add_reply(self, letter: str, text: str, author: str, at: str) -> str:
        one = self.find(letter)
        replies = one.setdefault("replies", {"comments": []})["comments"]
        top = one["snippet"]["topLevelComment"]["snippet"]
        new = f"{one['id']}.9{letter}{len(replies) + 1}reply"
        channel = next(c for c in self.channels if c["snippet"]["customUrl"] == author)
        more = {"authorDisplayName": author, "authorChannelId": {"value": channel["id"]}}
        times = {"publishedAt": at, "updatedAt": at, "parentId": one["id"]}
        snippet = {**top, "textDisplay": text, "textOriginal": text, **more, **times}
        replies.append({"kind": "youtube#comment", "etag": "x", "id": new, "snippet": snippet})
        one["snippet"]["totalReplyCount"] = len(replies)
        return new

    # --- requests -------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        if request.path == "/token" and request.method == "POST":
            return Reply(body={"access_token": "owner-token", "expires_in": 3599, "scope": "x"})
        method = request.path.strip("/")
        if request.method != "GET" or method not in FACTS["methods"]:
            return self._refuse(f"no such method: {request.method} {request.path}")
        if fault := _wrong(request, FACTS["methods"][method]):
            return self._refuse(f"{method}: {fault}")
        if "id" in request.params and method != "channels" and "maxResults" in request.params:
            return self._refuse(f"{method}: maxResults does not go with id")
        owner = request.headers.get("authorization") == "Bearer owner-token"
        if not owner and request.headers.get("x-goog-api-key") != KEY:
            return _error("keyInvalid")
        if not owner and request.params.get("moderationStatus", "published") != "published":
            return _error("forbidden")
        answer = getattr(self, f"_{method.lower()}")(request)
        if self.check and answer.status == 200:
            name = answer.body["kind"].removeprefix("youtube#")
            self.faults += _strange(answer.body, "@" + name[0].upper() + name[1:], name)
        return answer  # type: ignore[no-any-return]

    def _refuse(self, fault: str) -> Reply:
        self.faults.append(fault)
        return _error("processingFailure")

    # --- answers --------------------------------------------------------------------------------

    def _commentthreads(self, request: Request) -> Reply:
        wanted = request.params
        kinds = [k for k in ("allThreadsRelatedToChannelId", "videoId", "id") if k in wanted]
        if len(kinds) != 1:
            return self._refuse(f"exactly one filter, not {kinds}")
        if wanted.get("textFormat") != "plainText":
            return self._refuse("without textFormat=plainText it is HTML")
        if "id" in wanted:
            ids = wanted["id"].split(",")
            found = [one for one in self.threads if one["id"] in ids]
            return self._page(request, [self._shown(one) for one in found], "commentThread", 100)
        if "videoId" in wanted:
            found = [one for one in self.other if one["snippet"]["videoId"] == wanted["videoId"]]
        else:
            held = wanted.get("moderationStatus") == "heldForReview"
            found = self.held if held else self.threads
        newest = sorted(found, key=_published, reverse=True)
        return self._page(request, [self._shown(one) for one in newest], "commentThread")

    def _shown(self, one: dict[str, Any]) -> dict[str, Any]:
        """A thread comes with a few of its replies, the newest first."""
        if "replies" not in one or not one["replies"]["comments"]:
            return {name: value for name, value in one.items() if name != "replies"}
        replies = list(reversed(one["replies"]["comments"]))[: self.along]
        total = one["snippet"]["totalReplyCount"] + self.uncounted
        snippet = {**one["snippet"], "totalReplyCount": total}
        return {**one, "snippet": snippet, "replies": {"comments": replies}}

    def _comments(self, request: Request) -> Reply:
        wanted = request.params
        replies = [
            comment
            for one in (*self.threads, *self.other)
            for comment in one.get("replies", {}).get("comments", ())
        ]
        if "parentId" in wanted:
            found = [one for one in replies if one["snippet"]["parentId"] == wanted["parentId"]]
            return self._page(request, found, "comment")
        ids = wanted["id"].split(",")
        return self._page(request, [one for one in replies if one["id"] in ids], "comment", 100)

    def _search(self, request: Request) -> Reply:
        after = request.params["publishedAfter"]
        found = [
            one
            for one in sorted(self.videos, key=_published, reverse=True)
            if one["snippet"]["publishedAt"] >= after
        ]
        results = [
            {
                "kind": "youtube#searchResult",
                "etag": "x",
                "id": {"kind": "youtube#video", "videoId": one["id"]},
                "snippet": {
                    **{k: one["snippet"][k] for k in ("publishedAt", "channelId", "channelTitle")},
                    "title": one["snippet"]["title"].replace("&", "&amp;"),
                    "description": one["snippet"]["description"][:20],
                    "liveBroadcastContent": "none",
                },
            }
            for one in found
        ]
        return self._page(request, results, "search", 50)

    def _videos(self, request: Request) -> Reply:
        ids = request.params["id"].split(",")
        found = [one for one in self.videos if one["id"] in ids]
        return self._page(request, found, "video", 50)

    def _channels(self, request: Request) -> Reply:
        wanted = request.params
        ids = wanted.get("id", "").split(",")
        handle = wanted.get("forHandle", "-")
        found = [
            {
                k: v
                for k, v in one.items()
                if k in ("kind", "etag", "id", *wanted["part"].split(","))
            }
            for one in self.channels
            if one["id"] in ids or one["snippet"]["customUrl"] == handle
        ]
        return self._page(request, found, "channel", 50)

    def _page(self, request: Request, found: list[Any], what: str, most: int = 0) -> Reply:
        token = request.params.get("pageToken", f"{self.generation}-0")
        generation, _, start = token.partition("-")
        if generation != str(self.generation):
            return _error("invalidPageToken")
        end = int(start) + (most or self.size)
        page = found[int(start) : end]
        body: dict[str, Any] = {
            "kind": f"youtube#{what}ListResponse",
            "etag": "x",
            "pageInfo": {"totalResults": len(page), "resultsPerPage": 100},
            "items": page,
        }
        if end < len(found):
            body["nextPageToken"] = f"{self.generation}-{end}"
        return Reply(body=body)


def _published(one: dict[str, Any]) -> str:
    snippet = one["snippet"]
    return str(snippet.get("topLevelComment", {}).get("snippet", snippet)["publishedAt"])


def _error(name: str) -> Reply:
    status, body = ERRORS[name]
    return Reply(status=status, body=body)


def _wrong(request: Request, known: dict[str, Any]) -> str:
    given = [name for name, _ in request.query]
    if missing := [
        name for name, rule in known.items() if rule.get("needed") and name not in given
    ]:
        return f"{missing[0]} is missing"
    for name, value in request.query:
        rule = known.get(name)
        if rule is None or given.count(name) > 1:
            return f"unknown or repeated parameter {name}"
        if "from" in rule and not rule["from"] <= int(value) <= rule["to"]:
            return f"{name}={value} is out of range"
        if "one_of" in rule and value not in rule["one_of"]:
            return f"{name}={value} is not allowed"
        if rule.get("form") == "time" and not re.fullmatch(_TIME, value):
            return f"{name}={value} is no time"
        if rule.get("many") and value.count(",") >= 50:
            return f"{name} holds more than 50"
    return ""


def _strange(value: Any, kind: Any, where: str) -> list[str]:
    """Return what the description does not know, or knows otherwise."""
    if isinstance(kind, list):
        if not isinstance(value, list):
            return [f"{where} is no list"]
        return [fault for one in value for fault in _strange(one, kind[0], where)]
    if isinstance(kind, str) and kind.startswith("@"):
        known = FACTS["types"][kind[1:]]
        return [
            fault
            for name, one in value.items()
            for fault in (
                _strange(one, known[name], f"{where}.{name}")
                if name in known
                else [f"{where}.{name} is not in the description"]
            )
        ]
    if isinstance(kind, dict):
        right = value in kind["one_of"]
    elif kind in ("time", "digits", "string"):
        form = {"time": _TIME, "digits": r"\d+"}.get(kind, r"(?s).*")
        right = isinstance(value, str) and re.fullmatch(form, value) is not None
    else:
        right = isinstance(value, {"integer": int, "boolean": bool, "object": dict}[kind])
    return [] if right else [f"{where} may not be {value!r:.60}"]
