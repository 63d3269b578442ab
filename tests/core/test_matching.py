from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentionwatch.core.matching import Hit, Matcher


def quotes(matcher: Matcher, text: str) -> list[str]:
    return [hit.quote for hit in matcher.find(text)]


def names(term: str, text: str, **more: tuple[str, ...]) -> bool:
    return Matcher.build([term], **more).matches(text)


class TestWords:
    @pytest.mark.parametrize(
        "text",
        [
            "Acme",
            "acme is closed",
            "ACME!!!",
            "(Acme)",
            "“Acme”",
            "Acme's coffee",
            "Acme’s coffee",
            "l'Acme, d’Acme",
            "non-Acme, Acme-like",
            "_Acme_ and **Acme**",
            "@acme #acme",
            "Acme™",
            "Ａｃｍｅ",
            "Acmé",
            "Ac\u200bme Ac\u00adme",
            "A\u0301cme",
            "我爱Acme咖啡",
            "Acmeのコーヒー",
            "アクメAcmeコーヒー",
            "https://blog.example/acme-review",
            "#AcmeFail",
            "#boycottAcme",
            "line\nAcme\nline",
        ],
    )
    def test_a_word_is_found(self, text: str) -> None:
        assert names("Acme", text)

    @pytest.mark.parametrize(
        "text",
        [
            "Acmes",
            "acmecoffee",
            "Pacmen",
            "Acme24",
            "myAcme",
            "my_acme",
            "Acmè́x",
            "@acme_fan",
            "#acmefail",
            "#DACMEL",
            "#ACMEFAIL",
            "Ac me",
            "",
        ],
    )
    def test_a_part_of_another_word_is_not(self, text: str) -> None:
        assert not names("Acme", text)

    @pytest.mark.parametrize(
        ("term", "text"),
        [
            ("Café Acme", "CAFE ACME"),
            ("cafe", "le café"),
            ("Müller", "Mueller, muller"),
            ("MÜLLER", "müller"),
            ("Straße", "STRASSE"),
            ("Øl", "ol"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("İstanbul", "istanbul"),
            ("ﬁne", "FINE"),
            ("Mike’s", "Mike's and mikes"),
            ("Yahoo!", "yahoo!"),
            ("C++", "in c++ only"),
            (".NET", "the .net shop"),
            ("AT&T", "at&t"),
            ("עקמה", "קניתי בעקמה"),
            ("أكمي", "والأكمي"),
            ("ёлка", "Елка"),
            ("कला", "कला।"),
            ("कल", "आज कल है"),
        ],
    )
    def test_other_spellings_of_the_same_word(self, term: str, text: str) -> None:
        assert names(term, text)

    @pytest.mark.parametrize(
        ("term", "text"),
        [
            ("йод", "иод"),  # another letter, not an accent
            ("ハス", "バス"),
            ("कल", "कला"),
            ("कला", "कलाा"),
            ("Müller", "Miller"),
            ("Mike's", "Mike is"),
        ],
    )
    def test_other_words(self, term: str, text: str) -> None:
        assert not names(term, text)

    @pytest.mark.parametrize(
        ("term", "text", "found"),
        [
            ("星巴克", "我喜欢星巴克咖啡", True),
            ("アクメ", "昨日アクメの店で", True),
            ("アクメ", "アクメコーヒー", False),
            ("アマ", "アマゾンで", False),
            ("あくめ", "このあくめは", True),
            ("아크메", "아크메는 좋아요", True),
            ("แอคมี", "ร้านแอคมีดีมาก", True),
            ("Акме", "Акмед", False),
            ("Акме", "в «Акме».", True),
        ],
    )
    def test_borders_in_scripts_without_spaces(self, term: str, text: str, found: bool) -> None:
        assert names(term, text) is found


class TestPhrases:
    @pytest.mark.parametrize(
        "text",
        [
            "Acme Coffee",
            "acme  coffee",
            "Acme\nCoffee",
            "Acme-Coffee",
            "Acme\u2011Coffee",
            "Acme – Coffee",
            "acme_coffee",
            "Acme\u00a0Coffee",
            "Acme Coffee's",
            "acme coffees service",
            "#AcmeCoffee",
            "@acmecoffee",
            "#AcmeCoffeeFail",
            "#acmecoffee",
        ],
    )
    def test_a_phrase_in_its_variants(self, text: str) -> None:
        assert names("Acme Coffee", text)

    @pytest.mark.parametrize(
        "text", ["Acme", "coffee by Acme", "Acme. Coffee", "acmecoffee", "Acme Coffeehouse",
                 "bob@acmecoffee", "Acme      Coffee"]
    )  # fmt: skip
    def test_other_orders_and_words(self, text: str) -> None:
        assert not names("Acme Coffee", text)

    @pytest.mark.parametrize(
        ("term", "text"),
        [
            ("Coca-Cola", "coca cola, CocaCola, Coca‑Cola"),
            ("Ben & Jerry's", "Ben and Jerrys; ben+jerry's; BEN & JERRY’S"),
            ("Rosen und Kräuter", "Rosen und Kraeuter"),
        ],
    )
    def test_hyphens_and_ampersands(self, term: str, text: str) -> None:
        parts = text.replace(";", ",").split(",")
        assert all(names(term, part) for part in parts)


class TestHandlesAndHashtags:
    @pytest.mark.parametrize(
        ("term", "text", "found"),
        [
            ("@acme", "hi @acme!", True),
            ("@acme", ".@acme hello", True),
            ("@acme", "@Acme's", True),
            ("@acme", "@acme@other.example", True),
            ("@acme", "(@acme).", True),
            ("@acme", "@acme_fans", False),
            ("@acme", "@acme.fans", False),
            ("@acme", "@acme-fans", False),
            ("@acme", "bob@acme", False),
            ("@acme", "acme", False),
            ("@acme@m.example", "@acme@m.example", True),
            ("@acme@m.example", "@acme", False),
            ("#acme", "I #Acme.", True),
            ("#acme", "＃acme", True),
            ("#acme", "#acmes", False),
            ("#acme", "#acme_x", False),
            ("#acme", "&#acme", False),
            ("#星巴克", "#星巴克 好", True),
        ],
    )
    def test_found(self, term: str, text: str, found: bool) -> None:
        assert names(term, text) is found


class TestExpressions:
    def test_it_runs_on_the_text_itself(self) -> None:
        matcher = Matcher.build([r"/acme.?cof+ee\b/"])
        assert quotes(matcher, "Né: ACME-Cofffee, acmecoffee") == ["ACME-Cofffee", "acmecoffee"]

    @pytest.mark.parametrize(
        ("term", "why"),
        [
            ("/(acme/", "is not a regular expression"),
            ("/acme[/", "is not a regular expression"),
            ("/a*/", "every text"),
            ("/acme|/", "every text"),
            ("/(a+)+b/", "may never end"),
            ("/(?:\\w*)*acme/", "may never end"),
            ("/x(?:\\w+\\s?)+y/", "may never end"),
            ("/x(?:[ab]{2,}){1,}y/", "may never end"),
            ("/x(?:a|b+)*y/", "may never end"),
        ],
    )
    def test_a_bad_one_is_refused_and_named(self, term: str, why: str) -> None:
        for place in ({"terms": [term]}, {"terms": ["x"], "exclude": [term]}):
            with pytest.raises(ValueError, match=why) as error:
                Matcher.build(**place)
            assert term in str(error.value)

    @pytest.mark.parametrize(
        "term", ["/ac+me/", "/(?:\\w+\\s)+acme/", "/(ab)+c/", "/(?=a+)a+b{2}/"]
    )
    def test_a_good_one_is_taken(self, term: str) -> None:
        Matcher.build([term])

    def test_it_sees_twenty_thousand_characters(self) -> None:
        matcher = Matcher.build(["/acme/"])
        assert matcher.matches("x" * 19_990 + " acme")
        assert not matcher.matches("x" * 20_000 + " acme")

    @pytest.mark.slow
    def test_a_long_one_is_cut_in_the_message(self) -> None:
        with pytest.raises(ValueError, match="regular expression") as error:
            Matcher.build(["/" + "(" * 400 + "/"])
        assert len(str(error.value)) < 250


class TestExclude:
    MATCHER = Matcher.build(["Acme"], exclude=["Acme Corporation", "/acme (?:gmbh|ltd)/"])

    def test_a_hit_inside_is_dropped_and_others_stay(self) -> None:
        text = "Not the ACME corporation, not Acme-Corporation's, but Acme. Nor Acme Ltd"
        assert self.MATCHER.find(text) == (Hit(term="Acme", start=54, end=58, quote="Acme"),)

    def test_nothing_else_is_left(self) -> None:
        assert not self.MATCHER.matches("Acme Corporation and Acme GmbH")

    def test_a_longer_hit_stays(self) -> None:
        matcher = Matcher.build(["Acme Corporation Coffee"], exclude=["Acme Corporation"])
        assert matcher.matches("Acme Corporation Coffee")


class TestContext:
    MATCHER = Matcher.build(
        ["Acme", "@acme", "Acme Coffee"],
        context=["coffee", "café", "flat white", "/barist\\w+/"],
        domains=["acme.example"],
    )

    @pytest.mark.parametrize(
        "text",
        [
            "Acme makes good coffee",
            "the CAFE called Acme",
            "two coffees at Acme",
            "flat-white, Acme!",
            "Acme, and its baristas",
            "Acme Coffee",
            "@acme hello",
            "see acme.example",
        ],
    )
    def test_near(self, text: str) -> None:
        assert self.MATCHER.matches(text)

    @pytest.mark.parametrize("text", ["Acme sells anvils", "Acme coffeehouse"])
    def test_absent(self, text: str) -> None:
        assert not self.MATCHER.matches(text)

    def test_in_a_long_text_it_must_be_within_twelve_words(self) -> None:
        filler = "and so on it went " * 30
        for words, found in ((11, True), (12, False)):
            between = "one " * words
            assert self.MATCHER.matches(f"{filler} Acme {between}coffee {filler}") is found
            assert self.MATCHER.matches(f"{filler} coffee {between}Acme {filler}") is found

    def test_in_a_long_text_each_place_is_judged_alone(self) -> None:
        filler = "and so on it went " * 30
        assert quotes(self.MATCHER, f"Acme {filler} coffee at ACME") == ["ACME"]

    def test_without_context_nothing_is_asked(self) -> None:
        assert names("Acme", "Acme sells anvils")


class TestDomains:
    MATCHER = Matcher.build(["nothing"], domains=["acme.example", "Café.example"])

    @pytest.mark.parametrize(
        "link",
        [
            "https://acme.example",
            "http://ACME.example:8080/x?y#z",
            "https://shop.acme.example/menu",
            "//acme.example/x",
            "https://user:pw@acme.example/",
            "https://acme.example./",
            "https://xn--caf-dma.example/x",
            "https://café.example/x",
        ],
    )
    def test_links_to_us(self, link: str) -> None:
        (hit,) = self.MATCHER.find("look", [link])
        assert (hit.start, hit.end, hit.quote) == (-1, -1, link)

    @pytest.mark.parametrize(
        "link",
        [
            "https://notacme.example/",
            "https://acme.example.evil.example/",
            "https://acme.example@evil.example/",
            "https://evil.example/acme.example",
            "https://evil.example\\@acme.example/",
            "mailto:care@acme.example",
            "acme.example",
            "",
        ],
    )
    def test_links_to_others(self, link: str) -> None:
        assert not self.MATCHER.matches("look", [link])

    @pytest.mark.parametrize(
        ("text", "quote"),
        [
            ("see https://acme.example/x", "acme.example"),
            ("see Shop.Acme.Example.", "Acme.Example"),
            ("mail care@acme.example", "acme.example"),
            ("see xn--caf-dma.example now", "xn--caf-dma.example"),
            ("see café.example now", "café.example"),
        ],
    )
    def test_in_the_text(self, text: str, quote: str) -> None:
        assert quotes(self.MATCHER, text) == [quote]

    @pytest.mark.parametrize(
        "text", ["notacme.example", "acme.example.evil", "my-acme.example", "acme.examples"]
    )
    def test_others_in_the_text(self, text: str) -> None:
        assert not self.MATCHER.matches(text)

    def test_an_excluded_link(self) -> None:
        matcher = Matcher.build(["x"], exclude=["acme.example/jobs"], domains=["acme.example"])
        assert not matcher.matches("", ["https://acme.example/jobs/12"])
        assert matcher.matches("", ["https://acme.example/menu"])


class TestOwnAccounts:
    MATCHER = Matcher.build(
        ["Acme"],
        own_accounts=[
            "@acmecare@mastodon.example",
            "hello@acmecoffee.example",
            "https://www.facebook.example/AcmeCoffeeHQ/",
            "10044",
            "kim",
        ],
    )

    @pytest.mark.parametrize(
        "text",
        [
            "ask @acmecare@mastodon.example",
            "write to Hello@AcmeCoffee.example.",
            "on facebook.example/acmecoffeehq?x",
        ],
    )
    def test_naming_one_is_a_hit(self, text: str) -> None:
        assert self.MATCHER.matches(text)

    @pytest.mark.parametrize(
        "text",
        [
            "10044 things, says Kim",
            "not-hello@acmecoffee.example",
            "facebook.example/acmecoffeehq2",
            "hello@acmecoffee.example.org",
        ],
    )
    def test_bare_ids_and_others_are_not(self, text: str) -> None:
        assert not self.MATCHER.matches(text)


class TestHits:
    def test_the_quote_is_the_original(self) -> None:
        text = "😀 Ａcme—CAFE\u0301 Acme’s ﬁne Acme\u0301!"
        matcher = Matcher.build(["Acme", "café"])
        found = matcher.find(text)
        assert [hit.quote for hit in found] == ["Ａcme", "CAFE\u0301", "Acme", "Acme\u0301"]
        assert all(text[hit.start : hit.end] == hit.quote for hit in found)

    def test_places_come_in_order_and_once(self) -> None:
        matcher = Matcher.build(["coffee", "Acme Coffee", "COFFEE"])
        found = matcher.find("Acme Coffee, coffee")
        assert [(hit.start, hit.term) for hit in found] == [
            (0, "Acme Coffee"),
            (5, "coffee"),
            (13, "coffee"),
        ]

    def test_a_brand_without_terms_matches_nothing(self) -> None:
        assert Matcher.build([]).find("Acme", ["https://acme.example"]) == ()

    @pytest.mark.parametrize("term", ["", " ", "@", "#", "!!", "//", "😀"])
    def test_a_term_without_letters_is_refused(self, term: str) -> None:
        with pytest.raises(ValueError, match="no letter or digit"):
            Matcher.build([term])


class TestBrandWords:
    def test_words_of_names_handles_domains_and_accounts(self) -> None:
        matcher = Matcher.build(
            ["Café Acme", "#AcmeFans", "@acme_uk@m.example", "/never+/"],
            domains=["shop.acmestore.example"],
            own_accounts=[
                "care@acmehome.example",
                "@acmecare@m.example",
                "https://x.example/AcmeHQ",
            ],
        )
        assert matcher.brand_words == {
            "café", "cafe", "acme", "caféacme", "cafeacme", "acmefans", "acme_uk", "acmestore",
            "acmehome", "acmecare", "acmehq",
        }  # fmt: skip


# Any text, and texts in which a name is likely to stand.
TEXTS = st.text() | st.lists(
    st.sampled_from(
        ["Acme", "acme", " ", "-", "Coffee", "’s", "\u0301", "#", "@", "ﬁ", "é", "x", "あ"]
    )
).map("".join)
MATCHER = Matcher.build(
    ["Acme", "Acme Coffee", "@acme", "#acme", "/a.me/"],
    exclude=["x Acme"],
    context=["coffee"],
    domains=["acme.example"],
)


@pytest.mark.slow
@given(TEXTS)
def test_every_quote_stands_where_it_says(text: str) -> None:
    for hit in MATCHER.find(text):
        assert text[hit.start : hit.end] == hit.quote != ""
    assert MATCHER.matches(text) == bool(MATCHER.find(text))


@pytest.mark.slow
@given(TEXTS, st.sampled_from(["Acme", "Café Acme", "星巴克", "@acme", "#acme"]))
def test_a_name_that_stands_alone_is_always_found(text: str, name: str) -> None:
    assert Matcher.build([name]).matches(f"{text} {name} {text}")


def test_capitals_do_not_matter() -> None:
    matcher = Matcher.build(["Acme Coffee"])
    text = "i love acme coffee"
    assert len(matcher.find(text)) == len(matcher.find(text.upper())) == 1


@pytest.mark.parametrize(
    "text",
    [
        "acme " * 10_000,
        "acme" * 12_500,
        "acme_" * 10_000,
        "a.acme.example" * 4_000,
        "#acme" * 10_000,
        "acme" + " " * 49_990,
        "é" * 50_000,
        "acme-" * 10_000,
        "acme coffee " * 4_000,
        "@" * 50_000,
        "x" * 10_000_000,
    ],
)
def test_hostile_texts_take_little_time(text: str) -> None:
    started = process_time()
    MATCHER.find(text)
    assert process_time() - started < 1


@pytest.mark.slow
def test_twenty_terms_over_many_texts() -> None:
    terms = [f"{a} {b}" for a in ("Acme", "Bolt", "Café", "Dune") for b in ("Coffee", "Tea", "Bar")]
    terms += ["acme", "bolt", "dune", "@acme", "#acme", "@bolt", "#bolt", "acmecoffee"]
    matcher = Matcher.build(terms)
    text = (
        "I waited two hours for my order and nobody picked up the phone, what a day in town! " * 2
    )
    started = process_time()
    for _ in range(10_000):
        matcher.matches(text)
    assert process_time() - started < 2  # measured: 0.1 s
