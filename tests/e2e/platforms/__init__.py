"""
Each channel type as a platform on this computer: its settings, a customer, and our answer to him.

A new type needs one function in the file of its family, and a line in `PLATFORMS`. The worlds
behind most of them are those of the channels' own tests, which refuse what their documentation
does not know.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.platforms import anything, direct, forums, reviews, social
from tests.e2e.platforms.base import ANSWERED, FIRST, SECOND, Place, Platform

__all__ = ["ANSWERED", "FIRST", "PLATFORMS", "SECOND", "Place", "Platform"]

PLATFORMS: dict[str, Callable[[Place], Platform]] = {
    "app_store": reviews.review("app_store"),
    "bluesky": social.bluesky,
    "discord": direct.discord,
    "discourse": forums.discourse,
    "email": direct.email,
    "exec": anything.exec_,
    "facebook": social.facebook,
    "file": anything.file,
    "google_business": reviews.google_business,
    "google_play": reviews.review("google_play"),
    "hackernews": forums.hackernews,
    "helpdesk": direct.helpdesk,
    "http_json": anything.http_json,
    "instagram": social.instagram,
    "lemmy": forums.lemmy,
    "linkedin": social.linkedin,
    "mastodon": social.mastodon,
    "reddit": forums.reddit,
    "rss": forums.rss,
    "sms_voice": direct.sms_voice,
    "stackexchange": forums.stackexchange,
    "telegram": direct.telegram,
    "threads": social.threads,
    "tiktok": social.tiktok,
    "tripadvisor": reviews.review("tripadvisor"),
    "trustpilot": reviews.review("trustpilot"),
    "whatsapp": direct.whatsapp,
    "x": social.x,
    "yelp": reviews.yelp,
    "youtube": social.youtube,
}
