"""
A server of the Mastodon API that takes the parameter tables of its documentation literally.

Unknown query parameters, values outside of their range and requests without the token are refused
with 400 and stand in ``faults``. Paging, Link headers and contexts follow from the statuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

TOKEN = "tok-mastodon-1234567"
ERRORS: dict[str, Any] = recorded("mastodon", "errors.json")
TABLES: dict[str, dict[str, Any]] = recorded("mastodon", "parameters.json")

# What the documentation promises for each entity, as far as we read it.
STATUS_KEYS = {
    "id", "created_at", "in_reply_to_id", "in_reply_to_account_id", "sensitive", "spoiler_text",
    "visibility", "language", "uri", "url", "replies_count", "reblogs_count", "favourites_count",
    "edited_at", "content", "reblog", "account", "media_attachments", "mentions", "tags", "emojis",
    "card", "poll",
}  # fmt: skip
ACCOUNT_KEYS = {
    "id", "username", "acct", "display_name", "locked", "bot", "discoverable", "group",
    "created_at", "note", "url", "avatar", "avatar_static", "header", "header_static",
    "followers_count", "following_count", "statuses_count", "last_status_at", "emojis", "fields",
}  # fmt: skip


class World:
    """
    The recorded state, to be changed by tests, behind a real server.

    ``size``: entries per page at most, so that few entries make several pages.
    """

    def __init__(self, server: Server, *, size: int = 3) -> None:
        self.server = server
        self.size = size
        self.account: dict[str, Any] = recorded("mastodon", "account.json")
        self.policy: dict[str, Any] = recorded("mastodon", "policy.json")
        self.instance: dict[str, Any] = {}
        self.notifications: list[dict[str, Any]] = recorded("mastodon", "notifications.json")
        self.statuses = {one["id"]: one for one in recorded("mastodon", "statuses.json")}
        self.faults: list[str] = []
        for path in TABLES:
            server.on("GET", path.partition("/:")[0] + ("*" if "/:" in path else ""), self._answer)

    def shrink(self) -> None:
        """Keep one status of each kind, and of each what is read: for thousands of runs."""
        kept = {
            key: _pruned(self.statuses[key]) for key in ("115001", "115006", "115008", "115017")
        }
        self.statuses = kept
        self.notifications = [one for one in self.notifications if one["status"] in kept]
        self.notifications = [{**one, "account": {}} for one in self.notifications[-3:]]
        self.account = _pruned({"account": self.account})["account"]
        self.size = 40

    def external(self, *numbers: int) -> set[str]:
        return {f"{self.server.host}:{number}" for number in numbers}

    def delete(self, local_id: str) -> None:
        del self.statuses[local_id]

    def add(self, local_id: str, like: str, **changes: Any) -> dict[str, Any]:
        """Add a status that is like another one."""
        new = {**self.statuses[like], "id": local_id, **changes}
        new["url"] = f"https://made.example/@somebody/{local_id}"
        self.statuses[local_id] = new
        return new

    def notify(self, notification_id: str, status: dict[str, Any], kind: str = "mention") -> None:
        self.notifications.append(
            {
                "id": notification_id,
                "type": kind,
                "created_at": status["created_at"],
                "group_key": f"ungrouped-{notification_id}",
                "account": status["account"],
                "status": status["id"],
            }
        )

    def _answer(self, request: Request) -> Reply:
        table, names = _table(request.path)
        fault = _fault(request, TABLES[table])
        if fault:
            self.faults.append(f"{request.path}: {fault}")
            return Reply(status=400, body={"error": fault})
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(status=401, body=ERRORS["401"])
        answers: dict[str, Callable[..., Reply]] = {
            "/api/v1/accounts/verify_credentials": lambda r: Reply(body=self.account),
            "/api/v2/notifications/policy": lambda r: Reply(body=self.policy),
            "/api/v2/instance": lambda r: Reply(body=self.instance),
            "/api/v1/notifications": self._notifications,
            "/api/v1/timelines/tag/:name": self._tag,
            "/api/v2/search": self._search,
            "/api/v1/statuses/:id": self._status,
            "/api/v1/statuses/:id/context": self._context,
            "/api/v1/accounts/:id/statuses": self._own,
        }
        return answers[table](request, *names)

    def _notifications(self, request: Request) -> Reply:
        wanted = [value for name, value in request.query if name == "types[]"]
        shown = [
            {**one, "status": self.statuses.get(one["status"])}
            for one in reversed(self.notifications)
            if not wanted or one["type"] in wanted
        ]
        return self._page(request, shown)

    def _own(self, request: Request, account_id: str) -> Reply:
        own = [one for one in self._newest() if one["account"]["id"] == account_id]
        return self._page(request, own)

    def _tag(self, request: Request, name: str) -> Reply:
        tagged = [
            one
            for one in self._newest()
            if one["visibility"] == "public" and name in [tag["name"] for tag in one["tags"]]
        ]
        return self._page(request, tagged) if tagged else Reply(status=404, body=ERRORS["404"])

    def _search(self, request: Request) -> Reply:
        words = request.params["q"].strip('"').casefold()
        hits = [
            one
            for one in self._newest()
            if one["visibility"] == "public" and words in (one["content"] or "").casefold()
        ]
        offset = int(request.params.get("offset", 0))
        found = {"accounts": [], "statuses": hits[offset : offset + self.size], "hashtags": []}
        return Reply(body=found)

    def _status(self, request: Request, local_id: str) -> Reply:
        if local_id not in self.statuses:
            return Reply(status=404, body=ERRORS["404"])
        return Reply(body=self.statuses[local_id])

    def _context(self, request: Request, local_id: str) -> Reply:
        if local_id not in self.statuses:
            return Reply(status=404, body=ERRORS["404"])
        above: list[Any] = []
        parent = self.statuses[local_id]["in_reply_to_id"]
        while parent in self.statuses:
            above.insert(0, self.statuses[parent])
            parent = self.statuses[parent]["in_reply_to_id"]
        below: list[Any] = []
        level = [local_id]
        while level:
            answers = [s for s in self.statuses.values() if s["in_reply_to_id"] in level]
            below += answers
            level = [one["id"] for one in answers]
        return Reply(body={"ancestors": above, "descendants": below})

    def _newest(self) -> list[dict[str, Any]]:
        return [self.statuses[key] for key in sorted(self.statuses, key=int, reverse=True)]

    def _page(self, request: Request, newest_first: list[dict[str, Any]]) -> Reply:
        params = request.params
        limit = min(int(params.get("limit", 20)), self.size)
        if "max_id" in params:
            newest_first = [x for x in newest_first if int(x["id"]) < int(params["max_id"])]
        if "min_id" in params:
            newest_first = [x for x in newest_first if int(x["id"]) > int(params["min_id"])]
            shown = newest_first[-limit:]
        else:
            shown = newest_first[:limit]
        if not shown:
            return Reply(body=[])
        kept = [(n, v) for n, v in request.query if n not in ("max_id", "min_id", "since_id")]
        links = []
        for relation, name, entry in (("next", "max_id", shown[-1]), ("prev", "min_id", shown[0])):
            query = urlencode([*kept, (name, entry["id"])])
            links.append(f'<{self.server.url}{quote(request.path)}?{query}>; rel="{relation}"')
        return Reply(body=shown, headers={"Link": ", ".join(links)})


READ = {
    "id", "created_at", "in_reply_to_id", "in_reply_to_account_id", "spoiler_text", "visibility",
    "language", "url", "replies_count", "quotes_count", "edited_at", "content", "reblog",
    "account", "media_attachments", "mentions", "tags", "acct", "bot", "display_name",
    "followers_count",
}  # fmt: skip


def _pruned(thing: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in thing.items() if key in READ}
    if "account" in kept:
        kept["account"] = _pruned(kept["account"])
    if "media_attachments" in kept:
        kept["media_attachments"] = [{"id": "1"} for _ in kept["media_attachments"]]
    return kept


@cache
def _table(path: str) -> tuple[str, list[str]]:
    for table in sorted(TABLES, key=len, reverse=True):
        found = re.fullmatch(re.sub(r":\w+", "([^/]+)", table), path)
        if found and not ("/:" in table and path in TABLES):
            return table, list(found.groups())
    raise AssertionError(f"no such method: {path}")


def _fault(request: Request, table: dict[str, Any]) -> str:
    for name, value in request.query:
        rule = table.get(name)
        if rule is None:
            return f"unknown parameter {name}"
        if rule == "id" and not re.fullmatch(r"\d+", value):
            return f"{name} is no id: {value}"
        if isinstance(rule, list) and isinstance(rule[0], str) and value not in rule:
            return f"{name} may not be {value}"
        number = int(value) if value.isdecimal() else -1
        if (
            isinstance(rule, list)
            and isinstance(rule[0], int)
            and not (rule[0] <= number <= rule[1])
        ):
            return f"{name} is out of range: {value}"
    single = [name for name, _ in request.query if not name.endswith("[]")]
    return "a parameter stands twice" if len(single) != len(set(single)) else ""
