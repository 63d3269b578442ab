"""The search API of Hacker News as far as it is documented, over a list of items."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.server import Reply, Request, Server

# What the documentation lists; anything else is a mistake of ours.
PARAMETERS = {
    *("query", "tags", "numericFilters", "hitsPerPage", "page", "typoTolerance"),
    *("restrictSearchableAttributes", "attributesToHighlight"),
}
TEXTS = ("title", "url", "story_text", "comment_text", "author")
CEILING = 1000


class World:
    """``page``: how many hits one answer holds at most, whatever is asked for."""

    def __init__(self, hits: Iterable[dict[str, Any]], page: int = 2) -> None:
        self.hits = list(hits)
        self.page = page

    def serve(self, server: Server) -> None:
        server.on("GET", "/search_by_date", self.search)
        server.on("GET", "/items/*", self.item)
        server.on("GET", "/users/*", self.user)

    def search(self, request: Request) -> Reply:
        params = request.params
        unknown = set(params) - PARAMETERS
        if unknown or params.get("typoTolerance") != "false":
            return Reply(status=400, body={"code": 400, "message": f"bad parameters {unknown}"})
        found = [hit for hit in self.hits if self._fits(hit, params)]
        found.sort(key=lambda hit: -hit["created_at_i"])
        size = min(self.page, int(params.get("hitsPerPage", "20")))
        first = int(params.get("page", "0")) * size
        shown = found[:CEILING][first : first + size]
        return Reply(
            body={
                "hits": shown,
                "nbHits": len(found),
                "page": int(params.get("page", "0")),
                "nbPages": -(-min(len(found), CEILING) // size),
                "hitsPerPage": size,
                "query": params.get("query", ""),
                "params": "",
                "processingTimeMS": 3,
            }
        )

    def _fits(self, hit: dict[str, Any], params: dict[str, str]) -> bool:
        for condition in params.get("numericFilters", "").split(","):
            match = re.fullmatch(r"created_at_i(>=|<=|>|<)(\d+)", condition)
            assert match, f"only created_at_i can be filtered: {condition!r}"
            at, limit = hit["created_at_i"], int(match[2])
            if not {">=": at >= limit, "<=": at <= limit, ">": at > limit, "<": at < limit}[
                match[1]
            ]:
                return False
        return _tagged(hit["_tags"], params.get("tags", "")) and _says(hit, params)

    def item(self, request: Request) -> Reply:
        number = request.path.rpartition("/")[2]
        tree = self.tree(number)
        return Reply(body=tree) if tree else Reply(status=404, body={"error": "Not Found"})

    def tree(self, number: str) -> dict[str, Any] | None:
        hit = next((one for one in self.hits if one["objectID"] == number), None)
        if hit is None:
            return None
        below = [one["objectID"] for one in self.hits if str(one.get("parent_id")) == number]
        children = [self.tree(one) for one in below]
        if not hit.get("author"):
            return {"id": int(number), "author": None, "text": None, "children": children}
        return {
            "id": int(number),
            "created_at": hit["created_at"],
            "created_at_i": hit["created_at_i"],
            "type": "comment" if "comment" in hit["_tags"] else "story",
            "author": hit["author"],
            "title": hit["title"],
            "url": hit["url"],
            "text": hit.get("comment_text") or hit.get("story_text"),
            "points": hit["points"],
            "parent_id": hit.get("parent_id"),
            "story_id": hit.get("story_id"),
            "children": children,
            "options": [],
        }

    def user(self, request: Request) -> Reply:
        name = request.path.rpartition("/")[2]
        if not any(hit.get("author") == name for hit in self.hits):
            return Reply(status=404, body={"error": "Not Found"})
        return Reply(body={"username": name, "about": "", "karma": 7})

    def add(self, number: int, author: str, at: int, words: str, **more: Any) -> dict[str, Any]:
        """Add a comment (with ``parent_id`` and ``story_id``) or a story, and return it."""
        is_comment = "parent_id" in more
        hit = {
            "created_at": "", "created_at_i": at, "objectID": str(number), "author": author,
            "title": None if is_comment else words, "url": None, "points": None,
            "num_comments": None, "comment_text": words if is_comment else None,
            "story_text": None, "story_id": number,
            **more,
        }  # fmt: skip
        kind = "comment" if is_comment else "story"
        hit["_tags"] = [kind, f"author_{author}", f"story_{hit['story_id']}"]
        self.hits.append(hit)
        return hit


def _tagged(tags: list[str], wanted: str) -> bool:
    """A comma is AND, parentheses hold an OR."""
    for part in re.findall(r"\([^)]*\)|[^,()]+", wanted):
        if not set(part.strip("()").split(",")) & set(tags):
            return False
    return True


def _says(hit: dict[str, Any], params: dict[str, str]) -> bool:
    phrase = params.get("query", "").strip('"').casefold()
    where = params.get("restrictSearchableAttributes") or ",".join(TEXTS)
    return any(phrase in str(hit.get(name) or "").casefold() for name in where.split(","))
