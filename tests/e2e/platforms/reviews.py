"""Reviews, answered by the owner where the platform tells of it."""

from __future__ import annotations

from collections.abc import Callable

from tests.channels import (
    keys,
    test_google_business,
    test_google_play,
    test_reviews,
    test_yelp,
)
from tests.e2e.platforms.base import Place, Platform, strict


def review(kind: str) -> Callable[[Place], Platform]:
    """Return the platform of a kind that the tests of reviews know."""

    def build(place: Place) -> Platform:
        module, answer, section = test_reviews.WAYS[kind]
        world = module.World(place.server)
        key = keys.key_file("AuthKey.p8", keys.pem(keys.ec_key()))
        return Platform(
            section=section.format(place.url, test_google_play.account_file(), key),
            customer="",
            answer=lambda: answer(world),
            faults=strict(world),
        )

    return build


def google_business(place: Place) -> Platform:
    world = test_google_business.World(place.server)
    ours = {"comment": "Sorry, we were ill that day.", "updateTime": "2026-11-21T08:30:00Z"}
    return Platform(
        section=test_reviews.GOOGLE.partition("[channels.google_business]\n")[2].format(place.url),
        customer="Closed at no",
        answer=lambda: world.review("R6").update(reviewReply=ours),
        faults=strict(world),
    )


def yelp(place: Place) -> Platform:
    world = test_yelp.World(place.server)
    return Platform(
        section='api_key = "yelp-key-acme"\nbusiness = "acme-coffee-portland"\n'
        f'base_url = "{place.url}/v3"',
        customer="",
        faults=strict(world),
    )
