"""
A server of the API of X that takes its published description literally.

``data/x/parameters.json`` condenses the two published versions: "old" names and "new" ones.
Unknown parameters, values that are not allowed, and both vocabularies in one request are refused,
and every answer is checked too; both stand in ``faults``. As reported of the real one, it answers
a request in the other vocabulary with posts that have only an id and a text.
"""

from __future__ import annotations

import copy
import json
import re
from collections import Counter
from typing import Any

from mentionwatch.channels._oauth1 import authorization
from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

FACTS: dict[str, Any] = recorded("x", "parameters.json")
ERRORS: dict[str, Any] = recorded("x", "errors.json")
POSTS: dict[str, Any] = recorded("x", "posts.json")
BEARER = "AAAA-bearer-token"
KEYS = {
    "api_key": "shop-api-key",
    "api_key_secret": "shop-api-key-secret",
    "access_token": "42-access-token",
    "access_token_secret": "42-access-token-secret",
}
_FORMS = {"id": r"[0-9]{1,19}", "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"}
_RENAMED = {
    "referenced_tweets": "referenced_posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "note_tweet": "note_post",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
}
_TYPES = {"text": str, "list": list, "object": dict, "flag": bool, "number": int, "any": object}


def external(key: str) -> str:
    """Return the external id of a recorded post by its letter."""
    return str(POSTS[key]["edit_history_tweet_ids"][0])


class World:
    """
    The recorded state, to be changed by tests, behind a real server.

    ``size``: posts a page at most. ``speaks``: the vocabulary that is understood. ``billed``: how
    often each post, message and user was paid for.
    """

    def __init__(self, server: Server, *, size: int = 5, check: bool = True) -> None:
        self.server = server
        self.size = size
        self.check = check
        self.speaks = "old"
        self.posts: dict[str, dict[str, Any]] = copy.deepcopy(POSTS)
        self.users = {one["id"]: one for one in recorded("x", "users.json")}
        self.events: list[dict[str, Any]] = recorded("x", "messages.json")
        self.faults: list[str] = []
        self.billed: Counter[str] = Counter()
        self.nonces: set[str] = set()
        self.hidden: set[str] = set()  # authors that do not come along
        server.on("*", "/2/*", self._answer)

    def asked(self, part: str) -> list[Request]:
        return [one for one in self.server.requests if one.path.endswith(part)]

    def fail(self, path: str, name: str, *, times: int | None = None, **headers: str) -> None:
        status, body = ERRORS[name]
        self.server.reply("GET", path, status, body=body, headers=headers, times=times)

    # --- requests -------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Reply:
        kind = self._kind(request.path)
        if kind is None or request.method != "GET":
            return self._refuse(f"no such thing: {request.method} {request.path}")
        names = {name for name, _ in request.query}
        if names & {"tweet.fields", "post.fields"} == {"tweet.fields", "post.fields"}:
            return self._refuse("both vocabularies in one request")
        dialect = "new" if "post.fields" in names else "old"
        if kind == "messages":
            dialect = "old" if "sender_id" in request.params.get("dm_event.fields", "") else "new"
        if fault := _wrong(request, FACTS[dialect]["requests"][kind]):
            return self._refuse(f"{kind}: {fault}")
        if not self._signed(request, kind):
            return _error("Unauthorized")
        return getattr(self, f"_{kind}")(request, dialect)

    def _kind(self, path: str) -> str | None:
        known = {
            "/2/users/42/mentions": "mentions",
            "/2/users/42/tweets": "own",
            "/2/tweets/search/recent": "search",
            "/2/tweets": "lookup",
            "/2/users/by/username/acmecoffee": "user",
            "/2/dm_events": "messages",
        }
        return known.get(path)

    def _refuse(self, fault: str) -> Reply:
        self.faults.append(fault)
        return Reply(status=400, body={"title": "Invalid Request", "detail": fault})

    def _signed(self, request: Request, kind: str) -> bool:
        given = request.headers.get("authorization", "")
        if given == f"Bearer {BEARER}":
            return kind != "messages"
        found = dict(re.findall(r'(oauth_\w+)="([^"]*)"', given))
        nonce = found.get("oauth_nonce", "")
        if not given.startswith("OAuth ") or nonce in self.nonces:
            return False
        self.nonces.add(nonce)
        wanted = authorization(
            "GET",
            self.server.url + request.path,
            request.query,
            key=(KEYS["api_key"], KEYS["api_key_secret"]),
            token=(KEYS["access_token"], KEYS["access_token_secret"]),
            nonce=nonce,
            timestamp=int(found.get("oauth_timestamp", "0")),
        )
        return given == wanted

    # --- answers --------------------------------------------------------------------------------

    def _mentions(self, request: Request, dialect: str) -> Reply:
        return self._page(request, dialect, [p for p in self.posts.values() if _names_us(p)])

    def _own(self, request: Request, dialect: str) -> Reply:
        own = [p for p in self.posts.values() if p["author_id"] == "42"]
        return self._page(request, dialect, own)

    def _search(self, request: Request, dialect: str) -> Reply:
        query = request.params["query"]
        terms = re.findall(r'url:"([^"]+)"|"([^"]+)"|([#\w]+)', query.partition(")")[0])
        words = [next(filter(None, one)).casefold() for one in terms]
        words = [one for one in words if one != "or"]
        hits = [
            post
            for post in self.posts.values()
            if post["author_id"] != "42"
            and not _names_us(post)
            and not _is_repost(post)
            and any(word in json.dumps(post).casefold() for word in words)
        ]
        return self._page(request, dialect, hits)

    def _lookup(self, request: Request, dialect: str) -> Reply:
        wanted = request.params["ids"].split(",")
        here = {post["id"]: post for post in self.posts.values()}
        latest = {p["edit_history_tweet_ids"][0]: p for p in self.posts.values()}
        found = [here.get(one) or latest.get(one) for one in wanted]
        missing = [one for one, post in zip(wanted, found, strict=True) if post is None]
        body: dict[str, Any] = self._shown(request, dialect, [p for p in found if p])
        if missing:
            body["errors"] = [_missing(one) for one in missing]
        return self._checked(body, dialect)

    def _user(self, request: Request, dialect: str) -> Reply:
        self.billed["42"] += 1
        wanted = request.params.get("user.fields", "id,name,username").split(",")
        return Reply(body={"data": {k: v for k, v in self.users["42"].items() if k in wanted}})

    def _messages(self, request: Request, dialect: str) -> Reply:
        newest = sorted(self.events, key=lambda one: int(one["id"]), reverse=True)
        start = int(request.params.get("pagination_token", "place-0").removeprefix("place-"))
        end = start + min(self.size, int(request.params["max_results"]))
        page = newest[start:end]
        fields = {*request.params["dm_event.fields"].split(","), "sender_id"}
        self.billed.update(one["id"] for one in page)
        meta: dict[str, Any] = {"result_count": len(page)}
        if end < len(newest):
            meta["next_token"] = f"place-{end}"
        body: dict[str, Any] = {"meta": meta}
        if page:
            body["data"] = [{k: v for k, v in one.items() if k in fields} for one in page]
            people = [self.users[u] for u in dict.fromkeys(one["sender_id"] for one in page)]
            body["includes"] = {"users": [_user_in(one, dialect) for one in people]}
        return self._checked(body, dialect, what="message")

    def _page(self, request: Request, dialect: str, posts: list[dict[str, Any]]) -> Reply:
        wanted = request.params
        token = wanted.get("next_token") or wanted.get("pagination_token")
        low = int(wanted.get("since_id", "0"))
        high = int(token or wanted.get("until_id", str(10**19)))
        hits = [
            post
            for post in sorted(posts, key=lambda one: int(one["id"]), reverse=True)
            if low < int(post["id"]) < high and post["created_at"] >= wanted.get("start_time", "")
        ]
        page = hits[: min(self.size, int(wanted["max_results"]))]
        body = self._shown(request, dialect, page)
        body["meta"] = {"result_count": len(page)}
        if page:
            body["meta"] |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        if len(hits) > len(page):
            body["meta"]["next_token"] = page[-1]["id"]
        return self._checked(body, dialect)

    def _shown(self, request: Request, dialect: str, page: list[dict[str, Any]]) -> dict[str, Any]:
        """Return the fields that were asked for, and what comes along."""
        name = "tweet.fields" if dialect == "old" else "post.fields"
        fields = set(request.params.get(name, "").split(","))
        expansions = set(request.params.get("expansions", "").split(","))
        shown = [self._post(post, fields, expansions, dialect) for post in page]
        self.billed.update(post["id"] for post in page)
        body: dict[str, Any] = {"data": shown} if shown else {}
        wanted = {one: {p.get(one) for p in page} for one in expansions & {"author_id"}}
        if dialect == "new" and "in_reply_to_user_id" in expansions:
            wanted["to"] = {p.get("in_reply_to_user_id") for p in page}
        people = set[str]().union(*wanted.values()) - {None} - self.hidden
        along: dict[str, Any] = {}
        if people:
            self.billed.update(people)
            along["users"] = [_user_in(self.users[one], dialect) for one in sorted(people)]
        if dialect == "new" and "referenced_posts" in expansions:
            ids = {r["id"] for p in page for r in p.get("referenced_tweets", ())}
            here = [post for post in self.posts.values() if post["id"] in ids]
            self.billed.update(post["id"] for post in here)
            along["posts"] = [self._post(post, fields, expansions, dialect) for post in here]
        if along and shown:
            body["includes"] = {name: value for name, value in along.items() if value}
        return body

    def _post(
        self, post: dict[str, Any], fields: set[str], expansions: set[str], dialect: str
    ) -> dict[str, Any]:
        always = {"id", "text", "edit_history_tweet_ids"}
        if dialect != self.speaks:
            return {k: v for k, v in post.items() if k in always}
        if dialect == "old":
            return {k: v for k, v in post.items() if k in always | fields}
        new = _renamed(post)
        kept = {"id", "text", "edit_history_post_ids"} | fields | expansions
        return {k: v for k, v in new.items() if k in kept}

    def _checked(self, body: dict[str, Any], dialect: str, what: str = "post") -> Reply:
        if self.check and dialect == self.speaks:
            facts = FACTS[dialect]["answers"]
            for one in body.get("data", ()):
                self.faults += _strange(one, facts[what], what)
            for one in body.get("includes", {}).get("users", ()):
                self.faults += _strange(one, facts["user"], "user")
        return Reply(body=body)


def _names_us(post: dict[str, Any]) -> bool:
    named = post.get("entities", {}).get("mentions", ())
    return post["author_id"] != "42" and any(one["id"] == "42" for one in named)


def _is_repost(post: dict[str, Any]) -> bool:
    return any(one["type"] == "retweeted" for one in post.get("referenced_tweets", ()))


def _missing(post_id: str) -> dict[str, Any]:
    return {
        "value": post_id,
        "detail": f"Could not find tweet with ids: [{post_id}].",
        "title": "Not Found Error",
        "resource_type": "tweet",
        "parameter": "ids",
        "resource_id": post_id,
        "type": "https://api.twitter.com/2/problems/resource-not-found",
    }


def _renamed(value: Any) -> Any:
    if isinstance(value, dict):
        return {_RENAMED.get(name, name): _renamed(one) for name, one in value.items()}
    return [_renamed(one) for one in value] if isinstance(value, list) else value


def _user_in(user: dict[str, Any], dialect: str) -> dict[str, Any]:
    return user if dialect == "old" else _renamed(user)


def _error(name: str) -> Reply:
    status, body = ERRORS[name]
    return Reply(status=status, body=body)


def _wrong(request: Request, known: dict[str, Any]) -> str:
    given = [name for name, _ in request.query]
    if len(given) != len(set(given)):
        return "a parameter stands twice"
    if missing := [
        name for name, rule in known.items() if rule.get("needed") and name not in given
    ]:
        return f"{missing[0]} is missing"
    for name, value in request.query:
        rule = known.get(name)
        if rule is None:
            return f"unknown parameter {name}"
        values = value.split(",") if rule.get("many") else [value]
        if len(values) > rule.get("most", 10**6):
            return f"too many {name}"
        if "from" in rule and not rule["from"] <= int(value) <= rule["to"]:
            return f"{name}={value} is out of range"
        if "one_of" in rule and not set(values) <= set(rule["one_of"]):
            return f"{name}={set(values) - set(rule['one_of'])} is not allowed"
        form = _FORMS.get(rule.get("form", ""))
        if form and not all(re.fullmatch(form, one) for one in values):
            return f"{name}={value} has another form"
    if len(request.params.get("query", "")) > 512:
        return "the query is too long"
    return ""


def _strange(thing: dict[str, Any], known: dict[str, str], what: str) -> list[str]:
    return [
        f"{what}.{name} is not in the description, or of another type"
        for name, value in thing.items()
        if name not in known or not isinstance(value, _TYPES[known[name]])
    ]
