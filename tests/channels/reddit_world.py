"""
Reddit, by its API and by its feeds, over the same recorded things.

There is no published schema: ``data/reddit/parameters.json`` holds what the known clients send.
Other parameters and values are refused and stand in ``faults``.
"""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime
from html import escape
from typing import Any

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

FACTS: dict[str, Any] = recorded("reddit", "parameters.json")["requests"]
SHAPES: dict[str, Any] = recorded("reddit", "parameters.json")["shapes"]
ERRORS: dict[str, Any] = recorded("reddit", "errors.json")
THINGS: dict[str, Any] = recorded("reddit", "things.json")
NAME = "AcmeCoffee"
AGENT = r"python:mentionwatch:v[\w.+-]+ \(by /u/AcmeCoffee\)"
CLIENT = ("client-id-1", "client-secret-1")
PASSWORD = "account-password"
FEED_TOKEN = "f33d-token-of-acme"
# Of an object in the inbox these are missing.
_NOT_IN_INBOX = ("link_id", "permalink", "edited", "replies", "score_hidden")


class World:
    """
    The recorded things, to be changed by tests, behind a real server.

    ``size``: objects a page at most. ``asked_at``: order of the feeds that were asked.
    """

    def __init__(self, server: Server, *, size: int = 3) -> None:
        self.server = server
        self.size = size
        self.things: dict[str, Any] = copy.deepcopy(THINGS)
        self.faults: list[str] = []
        self.left = "599.0"  # requests in this window
        self.scope = "*"
        self.issued = 0
        self.refresh = {"refresh-of-the-owner"}
        self.dead: set[str] = set()
        server.on("*", "*", self._answer)

    def fail(self, path: str, name: str, *, times: int | None = None, **headers: str) -> None:
        status, body = ERRORS[name]
        self.server.reply("*", path, status, body=body, headers=headers, times=times)

    def asked(self, part: str) -> list[Request]:
        return [one for one in self.server.requests if part in one.path]

    def _answer(self, request: Request) -> Reply:
        if request.path == "/api/v1/access_token":
            return self._token(request)
        agent = request.headers.get("user-agent", "")
        if not re.fullmatch(AGENT, agent):
            return self._refuse(f"user agent {agent!r}")
        kind, parts = _kind(request.path)
        if fault := _wrong(request, kind):
            return self._refuse(f"{request.path}: {fault}")
        if kind.endswith(".rss"):
            return self._feed(request, kind, parts)
        token = request.headers.get("authorization", "").removeprefix("bearer ")
        if not re.fullmatch(r"access-\d+", token) or token in self.dead:
            return _error("Unauthorized")
        if request.params.get("raw_json") != "1":
            return self._refuse("without raw_json the texts are escaped")
        return self._api(request, kind, parts)

    def _refuse(self, fault: str) -> Reply:
        self.faults.append(fault)
        return Reply(status=400, body={"message": "Bad Request", "error": 400, "fault": fault})

    # --- the API --------------------------------------------------------------------------------

    def _token(self, request: Request) -> Reply:
        from base64 import b64encode

        basic = "Basic " + b64encode(":".join(CLIENT).encode()).decode()
        if request.headers.get("authorization") != basic:
            return _error("Unauthorized")
        form = dict(request.form)
        kind = form.pop("grant_type")
        if kind == "password" and form != {"username": NAME, "password": PASSWORD}:
            return _error("WrongPassword")
        if kind == "refresh_token" and form["refresh_token"] not in self.refresh:
            return _error("RevokedToken")
        self.issued += 1
        return Reply(
            body={
                "access_token": f"access-{self.issued}",
                "token_type": "bearer",
                "expires_in": 86400,
                "scope": self.scope,
            }
        )

    def _api(self, request: Request, kind: str, parts: tuple[str, ...]) -> Reply:
        if kind == "/api/v1/me":
            return Reply(body={"name": NAME, "id": "acme", "total_karma": 12})
        if kind == "/api/info":
            ids = request.params["id"].split(",")
            return self._listing([self.things[one] for one in ids if one in self.things], request)
        newest = sorted(self.things.values(), key=lambda t: -t["data"]["created_utc"])
        if kind == "/message/inbox":
            found = [in_inbox(one) for one in newest if self._is_in_inbox(one)]
        else:
            found = [one for one in newest if self._fits(one, kind, parts, request)]
        return self._listing(found, request)

    def _is_in_inbox(self, thing: dict[str, Any]) -> bool:
        return "inbox" in thing or (thing["kind"] == "t4" and thing["data"]["dest"] == NAME)

    def _fits(
        self, thing: dict[str, Any], kind: str, parts: tuple[str, ...], request: Request
    ) -> bool:
        data = thing["data"]
        if kind.startswith("/search"):
            words = re.findall(r'"([^"]+)"|url:(\S+)|(\w+)', request.params["q"])
            wanted = [next(filter(None, one)).casefold() for one in words]
            text = f"{data.get('title')} {data.get('selftext')} {data.get('url')}".casefold()
            return thing["kind"] == "t3" and any(w in text for w in wanted if w != "or")
        if kind.startswith("/user/"):
            wanted_kind = "t3" if kind.endswith("submitted") else "t1"
            return thing["kind"] == wanted_kind and data["author"].lower() == parts[0].lower()
        if kind == "/message/sent":
            return thing["kind"] == "t4" and data["author"] == NAME
        names = parts[0].split("+")
        return thing["kind"] == "t1" and data["subreddit"] in names

    def _listing(self, found: list[dict[str, Any]], request: Request) -> Reply:
        names = [one["data"]["name"] for one in found]
        after = request.params.get("after")
        if after and after not in names:
            start = len(found)
        else:
            start = names.index(after) + 1 if after else 0
        end = start + min(self.size, int(request.params.get("limit", "25")))
        if request.path == "/api/info":
            end = len(found)
        page = [{"kind": one["kind"], "data": one["data"]} for one in found[start:end]]
        data = {
            "after": names[end - 1] if end < len(found) else None,
            "before": None,
            "dist": len(page),
            "modhash": None,
            "geo_filter": "",
            "children": page,
        }
        headers = {
            "X-Ratelimit-Used": "1",
            "X-Ratelimit-Remaining": self.left,
            "X-Ratelimit-Reset": "400",
        }
        return Reply(body={"kind": "Listing", "data": data}, headers=headers)

    # --- the feeds ------------------------------------------------------------------------------

    def _feed(self, request: Request, kind: str, parts: tuple[str, ...]) -> Reply:
        newest = sorted(self.things.values(), key=lambda t: -t["data"]["created_utc"])
        if kind == "/message/inbox/.rss":
            given = (request.params["feed"], request.params["user"])
            if given != (FEED_TOKEN, NAME):
                return _error("Forbidden")
            found = [one for one in newest if self._is_in_inbox(one)]
        elif kind in ("/r/*/comments/*/.rss", "/comments/*/.rss"):
            thread = f"t3_{parts[-1].split('/')[0]}"
            if thread not in self.things:
                return _error("NotFound")
            comments = [t for t in newest if t["data"].get("link_id") == thread]
            found = [self.things[thread], *comments]
        else:
            found = [one for one in newest if self._fits(one, kind, parts, request)]
        entries = [_subreddit()] if kind == "/search.rss" else []
        entries += [_entry(one["data"], one["kind"]) for one in found]
        body = (
            '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
            'xmlns:media="http://search.yahoo.com/mrss/"><id>/feed.rss</id><title>a feed</title>'
            f"<updated>2026-11-20T08:00:00+00:00</updated>{''.join(entries)}</feed>"
        )
        return Reply(body=body, headers={"Content-Type": "application/atom+xml; charset=UTF-8"})


def _kind(path: str) -> tuple[str, tuple[str, ...]]:
    """Return the pattern that a path fits, and what stands at its stars."""
    for kind in sorted(FACTS, key=lambda one: one.count("*")):
        pattern = re.escape(kind).replace(r"\*", "(.+)" if kind.endswith("*/.rss") else "([^/]+)")
        if found := re.fullmatch(pattern, path):
            return kind, found.groups()
    return "", ()


def _wrong(request: Request, kind: str) -> str:
    if not kind or request.method != "GET":
        return "no such thing"
    known = FACTS[kind]["keys"]
    names = [name for name, _ in request.query]
    if missing := [name for name in FACTS[kind]["needs"] if name not in names]:
        return f"{missing[0]} is missing"
    if len(names) != len(set(names)):
        return "a parameter stands twice"
    for name, value in request.query:
        if name not in known:
            return f"unknown parameter {name}"
        rule = known[name]
        if isinstance(rule, list) and value not in rule:
            return f"{name}={value} is not allowed"
        if rule == "1-100" and not 1 <= int(value) <= 100:
            return f"{name}={value} is out of range"
        if rule in ("id", "ids") and not re.fullmatch(r"(t[1-5]_\w+,?)+", value):
            return f"{name}={value} is no id"
        if rule == "ids" and value.count(",") > 99:
            return "too many ids"
    return "the query is too long" if len(request.params.get("q", "")) > 512 else ""


def in_inbox(thing: dict[str, Any]) -> dict[str, Any]:
    """An object of the inbox has a context in place of a permalink, and no link_id."""
    if thing["kind"] == "t4":
        return thing
    data = {k: v for k, v in thing["data"].items() if k not in _NOT_IN_INBOX}
    data |= {
        "type": thing["inbox"],
        "subject": thing["inbox"].replace("_", " "),
        "context": thing["data"]["permalink"] + "?context=3",
        "link_title": "the title of the thread: Acme Coffee",
        "num_comments": 4,
        "new": True,
        "was_comment": True,
        "dest": NAME,
    }
    return {"kind": "t1", "data": data}


def _entry(data: dict[str, Any], kind: str) -> str:
    at = datetime.fromtimestamp(data["created_utc"], UTC).isoformat()
    link = f"https://www.reddit.com{data.get('permalink') or '/message/messages/' + data['id']}"
    author = data["author"]
    html = f'<!-- SC_OFF --><div class="md"><p>{escape(data.get("body") or data["selftext"])}</p>'
    html += "</div><!-- SC_ON -->"
    title = f"/u/{author} on {data['subreddit']}" if kind == "t1" else data.get("title", "")
    published = ""
    if kind == "t3":
        html += (
            f' &#32; submitted by &#32; <a href="https://www.reddit.com/user/{author}"> /u/{author}'
            f' </a> <br/> <span><a href="{data["url"]}">[link]</a></span> &#32; '
            f'<span><a href="{link}">[comments]</a></span>'
        )
        published = f"<published>{at}</published>"
    if kind == "t4":
        title = data["subject"]
    return (
        f"<entry><author><name>/u/{author}</name><uri>https://www.reddit.com/user/{author}</uri>"
        f'</author><category term="{data["subreddit"]}" label="r/{data["subreddit"]}"/>'
        f'<content type="html">{escape(html)}</content><id>{data["name"]}</id>'
        f'<link href="{link}"/><updated>{at}</updated>{published}<title>{escape(title)}</title>'
        "</entry>"
    )


def _subreddit() -> str:
    """What a search feed may begin with."""
    return (
        '<entry><content type="html">a place</content><id>t5_2qh1i</id>'
        '<link href="https://www.reddit.com/r/acmecoffee/"/><title>Acme Coffee fans</title>'
        "<updated>2026-11-20T08:00:00+00:00</updated></entry>"
    )


def _error(name: str) -> Reply:
    status, body = ERRORS[name]
    return Reply(status=status, body=body)
