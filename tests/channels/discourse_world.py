"""A Discourse forum as far as its API is documented, over a list of topics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.channels.contract import recorded
from tests.channels.strict import Strict
from tests.server import Reply, Request, Server

ERRORS: dict[str, Any] = recorded("discourse", "errors.json")


class World:
    """``size``: how many entries a page of a listing has at most."""

    def __init__(self, server: Server, size: int = 2) -> None:
        found = recorded("discourse", "forum.json")
        self.users: dict[str, list[int]] = found["users"]
        self.topics: list[dict[str, Any]] = found["topics"]
        self.notes: list[dict[str, Any]] = found["notifications"]
        self.size = size
        self.key = "key-1"
        self.gone: set[int] = set()  # ids of posts
        self.strict = Strict(
            server,
            "discourse",
            {
                "GET /search.json": self.search,
                "GET /posts.json": self.latest,
                "GET /posts/by_number/:topic/:number.json": self.by_number,
                "GET /t/:topic/:number.json": self.topic,
                "GET /notifications.json": self.keyed(self.notifications),
                "GET /user_actions.json": self.actions,
                "GET /u/:username.json": self.keyed(self.user),
                "GET /session/current.json": self.keyed(self.session),
                "GET /site/basic-info.json": lambda _: Reply(body={"title": "Cups"}),
            },
        )

    def keyed(self, answer: Any) -> Any:
        def check(request: Request, *parts: str) -> Reply:
            given = request.headers.get("api-key") or request.headers.get("user-api-key")
            if given != self.key:
                return Reply(status=403, body=ERRORS["access"])
            found: Reply = answer(request, *parts)
            return found

        return check

    def posts(self, *, private: bool = False) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for topic in self.topics:
            if private or topic["archetype"] == "regular":
                for number, post in enumerate(topic["posts"], 1):
                    if post["id"] not in self.gone:
                        yield topic, self.full(topic, post, number)

    def full(self, topic: dict[str, Any], post: dict[str, Any], number: int) -> dict[str, Any]:
        user_id, trust = self.users[post["username"]]
        above = post.get("to")
        to = topic["posts"][above - 1]["username"] if above else ""
        found = {
            "id": post["id"], "name": post["username"].title(), "username": post["username"],
            "avatar_template": "/a/{size}.png", "created_at": post["at"], "cooked": post["html"],
            "post_number": number, "post_type": post.get("type", 1), "posts_count": 9,
            "updated_at": post.get("edited", post["at"]), "reply_count": 0,
            "reply_to_post_number": above, "quote_count": 0, "incoming_link_count": 0,
            "reads": 7, "readers_count": 6, "score": 1.5, "yours": False,
            "topic_id": topic["id"], "topic_slug": topic["slug"],
            "display_username": post["username"].title(),
            "version": 2 if "edited" in post else 1,
            "actions_summary": [{"id": 2, "count": post["likes"]}] if "likes" in post else [],
            "moderator": False, "admin": False, "staff": False, "user_id": user_id,
            "hidden": False, "trust_level": trust, "deleted_at": post.get("deleted"),
            "user_deleted": False, "post_url": f"/t/{topic['slug']}/{topic['id']}/{number}",
        }  # fmt: skip
        if above:
            found["reply_to_user"] = {"username": to, "name": to, "avatar_template": "/a.png"}
        return found

    def search(self, request: Request) -> Reply:
        words, _, rest = request.params["q"].partition(" order:latest ")
        after = re.fullmatch(r"after:(\d{4}-\d\d-\d\d)", rest)
        assert after, f"an operator that is none: {rest}"
        phrase = words.strip('"').casefold()
        hits: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        for topic, post in self.posts():
            plain = re.sub(r"<[^>]*>", "", post["cooked"])
            if phrase in plain.casefold() and post["created_at"][:10] > after[1]:
                hits[topic["id"]] = (topic, post)  # one of each topic
        found = sorted(hits.values(), key=lambda hit: hit[1]["created_at"], reverse=True)
        start = (int(request.params["page"]) - 1) * self.size
        shown = found[start : start + self.size]
        return Reply(body=self.result(words, shown, more=len(found) > start + self.size))

    def result(self, term: str, shown: list[Any], *, more: bool, error: str = "") -> dict[str, Any]:
        names = ("id", "name", "username", "avatar_template", "created_at", "post_number",
                 "topic_id")  # fmt: skip
        body: dict[str, Any] = {
            "posts": [
                {
                    **{name: post[name] for name in names},
                    "like_count": 1,
                    "blurb": re.sub(r"<[^>]*>", "", post["cooked"])[:40] + "...",
                }
                for _, post in shown
            ],
            "users": [], "categories": [], "tags": [], "groups": [],
            "grouped_search_result": {
                "more_posts": None, "more_users": None, "more_categories": None, "term": term,
                "search_log_id": 12, "more_full_page_results": True if more else None,
                "can_create_topic": False, "error": error or None,
                "post_ids": [post["id"] for _, post in shown], "user_ids": [],
                "category_ids": [], "tag_ids": [], "group_ids": [],
            },
        }  # fmt: skip
        if shown:
            body["topics"] = [
                {
                    "id": topic["id"], "title": topic["title"], "fancy_title": topic["title"],
                    "slug": topic["slug"], "posts_count": len(topic["posts"]), "category_id": 4,
                }
                for topic, _ in shown
            ]  # fmt: skip
        return body

    def latest(self, request: Request) -> Reply:
        before = int(request.params.get("before", "999999"))
        found = [
            {**post, "topic_title": topic["title"]}
            for topic, post in self.posts()
            if post["id"] <= before
        ]
        found.sort(key=lambda post: -post["id"])
        return Reply(body={"latest_posts": found[: self.size]})

    def by_number(self, request: Request, topic: str, number: str) -> Reply:
        for _, post in self.posts(private=True):
            if (post["topic_id"], post["post_number"]) == (int(topic), int(number)):
                return Reply(body=post)
        return Reply(status=404, body=ERRORS["missing"])

    def topic(self, request: Request, topic: str, number: str) -> Reply:
        found = next((one for one in self.topics if one["id"] == int(topic)), None)
        if found is None:
            return Reply(status=404, body=ERRORS["missing"])
        posts = [p for t, p in self.posts(private=True) if t["id"] == int(topic)]
        near = [p for p in posts if p["post_number"] >= int(number) - 5][:20]
        stream = {"posts": near, "stream": [p["id"] for p in posts]}
        return Reply(
            body={
                "id": found["id"], "title": found["title"], "slug": found["slug"],
                "archetype": found["archetype"], "posts_count": len(posts), "post_stream": stream,
            }
        )  # fmt: skip

    def note(self, one: dict[str, Any]) -> dict[str, Any]:
        topic, number = one["place"] or (None, None)
        return {
            "id": one["id"], "user_id": 5, "notification_type": one["type"], "read": False,
            "created_at": one["at"], "post_number": number, "topic_id": topic, "slug": "x",
            "data": {"display_username": "x", "topic_title": "x"},
        }  # fmt: skip

    def notifications(self, request: Request) -> Reply:
        start = int(request.params.get("offset", "0"))
        body: dict[str, Any] = {
            "notifications": [self.note(one) for one in self.notes[start : start + self.size]],
            "total_rows_notifications": len(self.notes),
            "seen_notification_id": 1,
        }
        if start + self.size < len(self.notes):
            body["load_more_notifications"] = f"/notifications?offset={start + self.size}"
        return Reply(body=body)

    def action(self, topic: dict[str, Any], post: dict[str, Any]) -> dict[str, Any]:
        name = post["username"]
        return {
            "excerpt": post["cooked"][:30], "action_type": 4 if post["post_number"] == 1 else 5,
            "created_at": post["created_at"], "avatar_template": "", "acting_avatar_template": "",
            "slug": topic["slug"], "topic_id": topic["id"], "target_user_id": 5,
            "target_name": None, "target_username": name, "post_number": post["post_number"],
            "post_id": None, "username": name, "name": None, "user_id": 5,
            "acting_username": name, "acting_name": None, "acting_user_id": 5,
            "title": topic["title"], "deleted": False, "hidden": None, "post_type": None,
            "action_code": None, "category_id": 4, "closed": False, "archived": False,
        }  # fmt: skip

    def actions(self, request: Request) -> Reply:
        assert request.params["filter"] == "4,5"
        name = request.params["username"].casefold()
        found = [self.action(t, p) for t, p in self.posts() if p["username"] == name]
        found.sort(key=lambda one: one["created_at"], reverse=True)
        start = int(request.params["offset"])
        return Reply(body={"user_actions": found[start : start + self.size]})

    def user(self, request: Request, name: str) -> Reply:
        return Reply(body={"user_badges": [], "user": {"id": 5, "username": "AcmeCare"}})

    def session(self, request: Request) -> Reply:
        return Reply(body={"current_user": {"id": 5, "username": "AcmeCare"}})
