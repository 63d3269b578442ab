"""The Stack Exchange API as far as it is documented, over the posts of one site."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.channels.contract import recorded
from tests.channels.strict import Strict
from tests.server import Reply, Request, Server

PATHS = (
    "/search/excerpts", "/questions", "/posts/:ids", "/answers/:ids", "/comments/:ids",
    "/posts/:ids/comments", "/questions/:ids/answers", "/users/:ids", "/users/:ids/answers",
    "/users/:ids/questions", "/users/:ids/comments", "/users/:ids/mentioned", "/info",
)  # fmt: skip


class World:
    """``page``: how many things one answer holds at most, whatever is asked for."""

    def __init__(self, server: Server, page: int = 2) -> None:
        found = recorded("stackexchange", "site.json")
        self.questions: list[dict[str, Any]] = found["questions"]
        self.answers: list[dict[str, Any]] = found["answers"]
        self.comments: list[dict[str, Any]] = found["comments"]
        self.users: list[dict[str, Any]] = found["users"]
        self.page = page
        self.extra: dict[str, Any] = {}
        answers = {f"GET {path}": self.by(path) for path in PATHS}
        self.strict = Strict(server, "stackexchange", answers)

    def by(self, path: str) -> Any:
        def answer(request: Request, ids: str = "") -> Reply:
            numbers = {int(one) for one in ids.split(";") if one}
            things = list(self.things(path, numbers, request.params))
            return self.wrapped(things, request.params)

        return answer

    def things(self, path: str, ids: set[int], asked: dict[str, str]) -> Iterable[dict[str, Any]]:
        if path == "/search/excerpts":
            return self.hits(asked)
        if path == "/questions":
            return [q for q in self.questions if asked["tagged"] in q["tags"]]
        if path == "/info":
            return [{"total_questions": 4}]
        if path == "/users/:ids":
            return [u for u in self.users if u["user_id"] in ids]
        if path.startswith("/users"):
            listed = {"answers": self.answers, "questions": self.questions}
            name = path.rpartition("/")[2]
            if name == "mentioned":
                return [c for c in self.comments if _id(c, "reply_to_user") in ids]
            return [x for x in listed.get(name, self.comments) if _id(x, "owner") in ids]
        if path == "/posts/:ids":
            return [p for p in self.posts() if p["post_id"] in ids]
        if path == "/posts/:ids/comments":
            return [c for c in self.comments if c["post_id"] in ids]
        if path == "/comments/:ids":
            return [c for c in self.comments if c["comment_id"] in ids]
        if path == "/answers/:ids":
            return [a for a in self.answers if a["answer_id"] in ids]
        return [a for a in self.answers if a["question_id"] in ids]

    def posts(self) -> list[dict[str, Any]]:
        """Questions and answers in the form that they have in common."""
        common = (
            "body", "link", "score", "creation_date", "last_activity_date", "last_edit_date",
            "owner", "content_license",
        )  # fmt: skip
        found = []
        for kind, things in (("question", self.questions), ("answer", self.answers)):
            for one in things:
                shared = {name: one[name] for name in common if name in one}
                found.append({"post_id": one[f"{kind}_id"], "post_type": kind, **shared})
        return found

    def hits(self, asked: dict[str, str]) -> list[dict[str, Any]]:
        titles = {q["question_id"]: q for q in self.questions}
        words = asked.get("q", asked.get("url", "")).strip('"*').casefold()
        found = []
        for one in [*self.questions, *self.answers]:
            question = titles.get(one["question_id"], {"title": "?", "tags": []})
            is_answer = "answer_id" in one
            title = "" if is_answer else question["title"]
            if words not in f"{title} {one['body']}".casefold():
                continue
            hit = {
                "item_type": "answer" if is_answer else "question",
                "question_id": one["question_id"],
                "title": question["title"],
                "body": one["body"][:200],
                "excerpt": f'…<span class="highlight">{words}</span>…',
                "tags": question["tags"],
                "score": one["score"],
                "creation_date": one["creation_date"],
                "last_activity_date": one["last_activity_date"],
            }
            found.append({**hit, "answer_id": one["answer_id"]} if is_answer else hit)
        return found

    def wrapped(self, things: list[dict[str, Any]], asked: dict[str, str]) -> Reply:
        lowest = int(asked.get("fromdate", "0"))
        shown = [one for one in things if one.get("creation_date", lowest) >= lowest]
        shown.sort(key=lambda one: one.get("creation_date", 0), reverse=asked.get("order") != "asc")
        number = int(asked.get("page", "1"))
        size = min(self.page, int(asked.get("pagesize", "30"))) if "fromdate" in asked else 100
        start = (number - 1) * size
        bodies = asked.get("filter") == "withbody" or "q" in asked or "url" in asked
        part = shown[start : start + size]
        if not bodies:
            part = [{name: v for name, v in one.items() if name != "body"} for one in part]
        return Reply(
            body={
                "items": part,
                "has_more": start + size < len(shown),
                "quota_max": 300,
                "quota_remaining": 287,
                **self.extra,
            },
            gzip=True,
        )


def _id(thing: dict[str, Any], name: str) -> int | None:
    found: int | None = thing.get(name, {}).get("user_id")
    return found
