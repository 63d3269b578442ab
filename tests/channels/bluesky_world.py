"""
A server of the AT Protocol that takes the published lexicons literally.

``data/bluesky/lexicons.json`` describes the methods that we use, as facts taken from the package
named in it. Requests with unknown parameters, values outside of their range or without their
bearer token are refused, and every answer is checked too; both stand in ``faults``.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

LEXICONS: dict[str, Any] = recorded("bluesky", "lexicons.json")
ERRORS: dict[str, Any] = recorded("bluesky", "errors.json")
DID = "did:plc:acmebrandaaaaaaaaaaaaaaa"
HANDLE = "acmecoffee.example"
PASSWORD = "abcd-efgh-ijkl-mnop"

_FORMATS = {
    "did": r"did:[a-z]+:[\w.:%-]+",
    "handle": r"[\w-]+(\.[\w-]+)+",
    "at-identifier": r"did:[a-z]+:[\w.:%-]+|[\w-]+(\.[\w-]+)+",
    "at-uri": r"at://did:[a-z]+:[\w.:%-]+/[\w.-]+/[\w.~:-]+",
    "cid": r"b[a-z2-7]{20,100}",
    "datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
    "language": r"[a-zA-Z]{2,3}(-[\w-]+)?",
    "uri": r"\w+:\S+",
}


def uri(key: str) -> str:
    """Return the address of a recorded post by its letter."""
    return str(_POSTS[key]["uri"])


_POSTS: dict[str, Any] = recorded("bluesky", "posts.json")


class BadCursorError(Exception):
    """The answer is "Invalid cursor format"."""


class World:
    """
    The recorded state, to be changed by tests, behind a real server.

    ``size``: entries per page at most. ``expired``: access tokens whose time is over.
    ``check``: whether answers are compared with the lexicons.
    """

    def __init__(self, server: Server, *, size: int = 3, check: bool = True) -> None:
        self.server = server
        self.size = size
        self.check = check
        self.posts: dict[str, dict[str, Any]] = copy.deepcopy(_POSTS)
        self.notes: list[dict[str, Any]] = recorded("bluesky", "notifications.json")
        self.profiles = {one["did"]: one for one in recorded("bluesky", "profiles.json")}
        self.convos: list[dict[str, Any]] = recorded("bluesky", "convos.json")
        self.session: dict[str, Any] = recorded("bluesky", "session.json")
        self.faults: list[str] = []
        self.expired: set[str] = set()
        self.dead: set[str] = set()  # refresh tokens
        self.issued = 0
        self.hidden: set[str] = set()  # posts left out of lists, but not deleted
        self.generation = 1  # of search cursors
        self.chat_allowed = True
        server.on("*", "/xrpc/*", self._answer)

    def asked(self, method: str) -> list[Request]:
        return self.server.asked(f"/xrpc/{method.rpartition('/')[2]}")

    def fail(self, method: str, name: str, *, times: int | None = None, **headers: str) -> None:
        """Answer a method with a recorded error."""
        status, body = ERRORS[name]
        self.server.reply("*", f"/xrpc/{method}", status, body=body, headers=headers, times=times)

    def add(self, key: str, like: str, *, at: str, answers: str = "", **record: Any) -> str:
        """Add a post that is like another one; returns its address."""
        new = copy.deepcopy(self.posts[like])
        new["uri"] = new["uri"][:-1] + key
        new["record"] = {**new["record"], "createdAt": at, **record}
        new["indexedAt"] = at
        if answers:
            parent = self.posts[answers]
            here = {"uri": parent["uri"], "cid": parent["cid"]}
            root = parent["record"].get("reply", {}).get("root", here)
            new["record"]["reply"] = {"root": root, "parent": here}
        self.posts[key] = new
        return str(new["uri"])

    def notify(self, key: str, reason: str = "mention") -> None:
        self.notes.append({"post": key, "reason": reason})

    # --- requests -------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        method = request.path.removeprefix("/xrpc/")
        lexicon = LEXICONS["methods"].get(method)
        if lexicon is None:
            return self._refuse(f"no such method: {method}")
        wanted = "GET" if lexicon["kind"] == "query" else "POST"
        if request.method != wanted:
            return self._refuse(f"{method} is asked with {wanted}")
        fault = _parameters(request, lexicon["parameters"])
        if fault:
            return self._refuse(f"{method}: {fault}")
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        reply = self._sessions(method, request, token) or self._guarded(method, request, token)
        if self.check and reply.status == 200:
            faults = list(check(reply.body, lexicon["answer"], method))
            self.faults += faults
        return reply

    def _refuse(self, fault: str) -> Reply:
        self.faults.append(fault)
        return Reply(status=400, body={"error": "InvalidRequest", "message": fault})

    def _sessions(self, method: str, request: Request, token: str) -> Reply | None:
        if method.endswith("createSession"):
            given = request.json()
            if list(check(given, LEXICONS["methods"][method]["input"], method)):
                return self._refuse("createSession: wrong body")
            if (given["identifier"], given["password"]) != (HANDLE, PASSWORD):
                return _error("AuthenticationRequired")
            return self._pair()
        if method.endswith("refreshSession"):
            if request.body:
                return self._refuse("refreshSession has no body")
            if token in self.dead or not token.startswith("refresh-"):
                return _error("ExpiredToken")
            self.dead.add(token)
            return self._pair()
        return None

    def _pair(self) -> Reply:
        self.issued += 1
        pair = {"accessJwt": f"access-{self.issued:04}", "refreshJwt": f"refresh-{self.issued:04}"}
        return Reply(body={**self.session, **pair})

    def _guarded(self, method: str, request: Request, token: str) -> Reply:
        if not re.fullmatch(r"access-\d{4}", token):
            return _error("AuthMissing")
        if token in self.expired:
            return _error("ExpiredToken")
        name = "_" + re.sub(r"(?<=[a-z])([A-Z])", r"_\1", method.rpartition(".")[2]).lower()
        if method.startswith("chat.") and not self.chat_allowed:
            return _error("BadMethod")
        try:
            reply: Reply = getattr(self, name)(request)
        except BadCursorError:
            return _error("BadCursor")
        return reply

    def _get_session(self, request: Request) -> Reply:
        return Reply(body=self.session)

    # --- answers --------------------------------------------------------------------------------

    def _list_notifications(self, request: Request) -> Reply:
        if request.params.get("priority") != "false":
            return self._refuse("without priority=false strangers may be left out")
        newest = sorted(self.notes, key=lambda n: self._indexed(n["post"]), reverse=True)
        reasons = [value for name, value in request.query if name == "reasons"]
        page, following = self._page(request, newest)
        shown = [
            {
                **{k: self.posts[n["post"]][k] for k in ("uri", "cid", "author", "record")},
                "indexedAt": self._indexed(n["post"]),
                "isRead": False,
                "labels": [],
                **{k: v for k, v in n.items() if k != "post"},
            }
            for n in page
            if n["post"] in self.posts and n["reason"] in reasons
        ]
        return Reply(body={"notifications": shown, "priority": False, **following})

    def _get_author_feed(self, request: Request) -> Reply:
        own = [p for p in self._newest() if p["author"]["did"] == request.params["actor"]]
        feed = [{"post": post, **self._above(post)} for post in own]
        reposted = next((p for p in self.posts.values() if p["author"]["did"] != DID), None)
        if reposted and feed:
            reason = {"$type": "app.bsky.feed.defs#reasonRepost", "by": own[0]["author"]}
            feed.insert(
                1, {"post": reposted, "reason": {**reason, "indexedAt": "2026-11-20T08:00:00Z"}}
            )
        page, following = self._page(request, feed)
        return Reply(body={"feed": page, **following})

    def _above(self, post: dict[str, Any]) -> dict[str, Any]:
        answer = post["record"].get("reply")
        if not answer:
            return {}
        parent, root = (self._view(answer[part]["uri"]) for part in ("parent", "root"))
        found = {"root": root, "parent": parent}
        above = parent.get("record", {}).get("reply", {}).get("parent", {}).get("uri", "")
        if above:
            did = above.split("/")[2]
            profile = self.profiles[did]
            found["grandparentAuthor"] = {k: profile[k] for k in ("did", "handle")}
        return {"reply": found}

    def _view(self, uri: str) -> dict[str, Any]:
        found = self._by_uri().get(uri)
        if found is None:
            return {"$type": "app.bsky.feed.defs#notFoundPost", "uri": uri, "notFound": True}
        return {"$type": "app.bsky.feed.defs#postView", **found}

    def _search_posts(self, request: Request) -> Reply:
        wanted = request.params
        generation, _, start = wanted.get("cursor", f"{self.generation}:0").partition(":")
        if generation != str(self.generation):
            return _error("BadCursor")
        hits = [post for post in self._newest() if _fits(post, wanted)]
        end = int(start) + self.size
        following = {"cursor": f"{self.generation}:{end}"} if end < len(hits) else {}
        return Reply(body={"posts": hits[int(start) : end], "hitsTotal": len(hits), **following})

    def _get_posts(self, request: Request) -> Reply:
        wanted = {value for _, value in request.query} - self.hidden
        return Reply(body={"posts": [p for p in self.posts.values() if p["uri"] in wanted]})

    def _get_post_thread(self, request: Request) -> Reply:
        uri = request.params["uri"]
        if uri not in self._by_uri():
            return _error("NotFound")
        return Reply(body={"thread": self._thread(uri, int(request.params.get("depth", 6)))})

    def _thread(self, uri: str, depth: int) -> dict[str, Any]:
        if uri in self.hidden:
            author = {"did": uri.split("/")[2]}
            blocked = {"uri": uri, "blocked": True, "author": author}
            return {"$type": "app.bsky.feed.defs#blockedPost", **blocked}
        below = [
            self._thread(post["uri"], depth - 1)
            for post in self.posts.values()
            if depth and post["record"].get("reply", {}).get("parent", {}).get("uri") == uri
        ]
        node = {"$type": "app.bsky.feed.defs#threadViewPost", "post": self._by_uri()[uri]}
        return {**node, "replies": below}

    def _get_profiles(self, request: Request) -> Reply:
        wanted = [value for _, value in request.query]
        return Reply(body={"profiles": [self.profiles[d] for d in wanted if d in self.profiles]})

    def _list_convos(self, request: Request) -> Reply:
        if not self._proxied(request):
            return self._refuse("chat methods are handed on by atproto-proxy")
        newest = sorted(self.convos, key=lambda c: c["messages"][-1]["sentAt"], reverse=True)
        page, following = self._page(request, newest)
        shown = [{**c, "lastMessage": c["messages"][-1]} for c in page]
        for one in shown:
            del one["messages"]
        return Reply(body={"convos": shown, **following})

    def _get_messages(self, request: Request) -> Reply:
        if not self._proxied(request):
            return self._refuse("chat methods are handed on by atproto-proxy")
        convo = next(c for c in self.convos if c["id"] == request.params["convoId"])
        page, following = self._page(request, list(reversed(convo["messages"])))
        return Reply(body={"messages": page, **following})

    def _proxied(self, request: Request) -> bool:
        return request.headers.get("atproto-proxy") == "did:web:api.bsky.chat#bsky_chat"

    def _page(self, request: Request, newest: list[Any]) -> tuple[list[Any], dict[str, str]]:
        place = re.fullmatch(r"place-(\d+)", request.params.get("cursor", "place-0"))
        if place is None:
            raise BadCursorError
        start = int(place[1])
        end = start + min(self.size, int(request.params.get("limit", 50)))
        return newest[start:end], {"cursor": f"place-{end}"} if end < len(newest) else {}

    def _newest(self) -> list[dict[str, Any]]:
        return sorted(self.posts.values(), key=_sort_at, reverse=True)

    def _by_uri(self) -> dict[str, dict[str, Any]]:
        return {post["uri"]: post for post in self.posts.values()}

    def _indexed(self, key: str) -> str:
        return str(self.posts[key]["indexedAt"]) if key in self.posts else "2026-11-18T00:00:00Z"


def _sort_at(post: dict[str, Any]) -> str:
    return min(post["record"]["createdAt"], post["indexedAt"])


def _fits(post: dict[str, Any], wanted: dict[str, str]) -> bool:
    at = _sort_at(post)
    if at < wanted.get("since", "") or at >= wanted.get("until", "9"):
        return False
    record = post["record"]
    if "domain" in wanted:
        return wanted["domain"] in record.get("embed", {}).get("external", {}).get("uri", "")
    if "tag" in wanted:
        return f"#{wanted['tag']}".casefold() in record.get("text", "").casefold()
    return wanted["q"].strip('"').casefold() in record.get("text", "").casefold()


def _error(name: str) -> Reply:
    status, body = ERRORS[name]
    return Reply(status=status, body=body)


# --- the lexicons ---------------------------------------------------------------------------------


def _parameters(request: Request, table: dict[str, Any]) -> str:
    given: dict[str, list[str]] = {}
    for name, value in request.query:
        given.setdefault(name, []).append(value)
    missing = [name for name in table["needs"] if name not in given]
    if missing:
        return f"{missing[0]} is missing"
    for name, values in given.items():
        kind = table["keys"].get(name)
        if kind is None:
            return f"unknown parameter {name}"
        listed = isinstance(kind, dict) and "list" in kind
        if not listed and len(values) > 1:
            return f"{name} stands twice"
        if listed and len(values) > kind.get("most", 100):
            return f"too many values of {name}"
        for value in values:
            fault = next(check(_typed(value, kind), kind["list"] if listed else kind, name), "")
            if fault:
                return fault
    return ""


def _typed(value: str, kind: Any) -> Any:
    name = kind if isinstance(kind, str) else next(iter(kind))
    if name == "integer" and re.fullmatch(r"-?\d+", value):
        return int(value)
    return {"true": True, "false": False}.get(value, value) if name == "boolean" else value


def check(value: Any, kind: Any, where: str) -> Any:
    """Yield what is wrong with a value; unknown keys of an answer are wrong in a fixture."""
    if isinstance(kind, dict) and "keys" in kind:
        yield from _check_object(value, kind, where)
    elif kind == "unknown":
        yield from _check_record(value, where)
    elif isinstance(kind, str) and kind.startswith("@"):
        yield from check(value, LEXICONS["types"][kind[1:]], where)
    elif isinstance(kind, dict) and "list" in kind:
        if not isinstance(value, list) or len(value) > kind.get("most", 10**6):
            yield f"{where} is no list, or too long"
            return
        for number, one in enumerate(value):
            yield from check(one, kind["list"], f"{where}[{number}]")
    elif isinstance(kind, dict) and "oneOf" in kind:
        yield from _check_union(value, kind["oneOf"], where)
    else:
        yield from _check_plain(value, kind, where)


def _check_object(value: Any, kind: dict[str, Any], where: str) -> Any:
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    yield from (f"{where}.{name} is missing" for name in kind["needs"] if name not in value)
    for name, one in value.items():
        if name == "$type":
            continue
        if name not in kind["keys"]:
            yield f"{where}.{name} is not in the lexicon"
        else:
            yield from check(one, kind["keys"][name], f"{where}.{name}")


def _check_union(value: Any, kinds: list[str], where: str) -> Any:
    name = "@" + str(value.get("$type") if isinstance(value, dict) else None)
    if name in kinds:
        yield from check(value, name, where)
    elif "unknown" not in kinds:
        yield f"{where} is none of the union: {name}"


def _check_record(value: Any, where: str) -> Any:
    """A record is untyped in the answers; what it says it is, it must be."""
    name = value.get("$type") if isinstance(value, dict) else None
    if name in LEXICONS["types"]:
        yield from check(value, f"@{name}", where)


def _check_plain(value: Any, kind: Any, where: str) -> Any:
    name, rules = (kind, {}) if isinstance(kind, str) else next(iter(kind.items()))
    if name == "boolean":
        right = isinstance(value, bool) and rules in ({}, value)
    elif name == "integer":
        right = isinstance(value, int) and rules.get("from", 0) <= value <= rules.get("to", 2**53)
    else:
        known, form = rules.get("known"), _FORMATS.get(rules.get("format", ""), r"(?s).*")
        right = isinstance(value, str) and (not known or value in known)
        right = right and re.fullmatch(form, value, re.ASCII) is not None
        right = right and len(value.encode()) <= rules.get("bytes", 10**6)
    if not right:
        yield f"{where} may not be {value!r:.60}"
