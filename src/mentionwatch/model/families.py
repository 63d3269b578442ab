"""Families of platforms, and which platform belongs to which."""

from __future__ import annotations

FAMILIES = ("social", "direct", "reviews", "forums")

# The family of every platform we know of, also of those that only come by import.
FAMILY_OF: dict[str, str] = {
    **dict.fromkeys(
        (
            "x", "facebook", "instagram", "threads", "linkedin", "youtube", "mastodon", "bluesky",
            "reddit", "lemmy", "tiktok",
        ),
        "social",
    ),
    **dict.fromkeys(
        ("google_business", "yelp", "trustpilot", "tripadvisor", "app_store", "google_play"),
        "reviews",
    ),
    **dict.fromkeys(("rss", "hackernews", "stackexchange", "discourse"), "forums"),
    **dict.fromkeys(
        (
            "email", "sms_voice", "telegram", "discord", "whatsapp", "web_chat", "helpdesk",
            "manual", "phone",
        ),
        "direct",
    ),
}  # fmt: skip

# Platforms whose terms forbid telling that two accounts are the same person.
NO_JOINING = frozenset({"reddit"})

# Platforms whose terms ask that what was deleted there is deleted here.
ERASE_DELETED = frozenset({"reddit", "x", "youtube"})
