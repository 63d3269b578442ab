"""Rules of leads, and of those who want something else of us: a job, or to sell us theirs."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, listed, plain

_OFFERED = listed(
    "sell, install, make, offer, deliver, ship, repair, fit, cater, stock, rent, supply, do, "
    "have, take,"
    " serve, carry, accept, cover, teach, host, bake, print, hire, provide, build, clean, groom"
)

LEAD_RULES = (
    Rule(
        id="intent.lead",
        points=38,
        why="may become a customer",
        intent="lead",
        anchors=listed(
            "anybody, anyone, recommend, recommendation, recommendations, looking for, how much, "
            "price, prices, pricing, quote, in stock, interested in, thinking of, thinking about, "
            "considering, worth it, any good, experience with, experiences with, book a, do you "
            "sell, do you deliver, do you ship, do you offer, do you have, do you do, do you "
            "stock, do you cater, do you take, where can i buy, where can i get, where to buy, "
            "cost, switch to, a table for, wholesale, estimate, good place, who knows, somebody, "
            "hire, should i, want to buy, gift cards, for sale, demo, suggestions, availability, "
            "any of you, who used, who has used, free trial, table available, room available, "
            "rooms available, appointment available, slot available, do they have, and quote, "
            "come and quote, to quote, people use, people here use, cheaper than, discount, ship "
            "to, deliver to, know what, know how much, make us an offer, big enough for, are you "
            "free, free on the, free for a, selling our, selling my, any openings, any discounts, "
            "any discount, who makes, who does, who sells, where can we, where could we, is it "
            "worth, worth the money, worth buying"
        ),
        pattern=plain(
            r"(?:has |have |had |did |does |do |is |are |can |could |would )?(?:any ?(?:body"
            r"|one)|some ?(?:body|one)|who|any of you|you guys) (?:\w+ ){0,4}(?:business with"
            r"|used|tried|use|try|experience|experiences|recommend|dealt with|bought|worked with"
            r"|been to|know (?:an?|of|any|some|where)|heard of|suggest|hired|ordered from"
            r"|shopped|eaten|stayed)(?: \w+)*"
            r"|(?:can|could|would|does|do) (?:you|anyone|anybody|someone|u) recommend"
            r"|recommendations?|looking for (?:an?|some|local|the best|recommendations|somewhere"
            r"|someone|good|new|your)|(?:how much|what) (?:\w+ ){0,3}(?:cost|costs|charge|price"
            r"|prices|to \w+|for (?:an?|the|two|three|my|our|one|\d+)|is (?:it|the|an?"
            r"|one)|are (?:the|they|your)|would|do you|does)"
            r"|(?<!full )(?<!half )(?:price|prices|pricing) (?:list|for|of|range|\?)|(?:an?"
            r"|free|get|your|give (?:me"
            r"|us)) (?:\w+ )?(?:quote|estimate)|in stock|interested in(?! hearing)|(?:thinking"
            r"|thought) (?:of|about) (?:buying|getting|switching|trying|ordering|joining|moving"
            r"|booking|going|using|signing|selling|hiring|changing|having|taking)"
            r"|considering (?:buying|getting|switching|a|an|your|the"
            r"|trying)|worth (?:it|the (?:money|price)|buying|trying|getting)(?= \?)|is (?:\S+ "
            r"){1,6}(?:any good|worth|legit|reliable|trustworthy|cheaper than)"
            r"|(?:do|does|can|will|could|would) (?:\S+ ){1,5}(?:ship|deliver) to|know (?:what"
            r"|how much) (?:\S+ ){1,6}(?:charges?|costs?)|make us an offer"
            r"|is (?:\S+ ){1,5}big enough for|(?:and|come and|could|can|to) quote"
            r"|people (?:here |around here )?use"
            r"|a discount (?:for|if|on)"
            r"|are you free (?:on |the |for )?(?:\S+ ){0,4}for|selling (?:our|my) (?:house|flat"
            r"|home|place"
            r"|car|bike|\w+ bed)"
            r"|experiences? with|(?:like|want|need|love|possible|can i|can we|could i|could we"
            r"|trying|hoping) (?:to )?(?:book|reserve|hire|rent|buy|order) (?:an?|one|two|some"
            r"|your|the|\d+)|(?:do|does|can|will) (?:you|u|they|it|your \w+) (?:guys |also "
            r"|still |even |ever |have |do )*(?:sell|deliver|ship|offer|stock|cater|carry|accept"
            r"|take on|make|rent|repair|install|do (?:\w+ )?(?:repairs|deliveries|catering"
            r"|takeaway|weddings|birthday)|have (?:any|an?|the|some|vegan|gluten|space|room"
            r"|availability|\w+ (?:in stock|available|left))|take (?:on )?(?:bookings"
            r"|reservations|new|cards?|walk))|where (?:can|do|could) (?:i|we|you) (?:buy|get"
            r"|find|order|purchase)|where to buy"
            r"|(?:table|room|rooms|appointment|slot) (?:for|on|available|free|this|next|tomorrow"
            r"|tonight)|wholesale|who (?:makes|does|knows|sells|can)|should i (?:buy|get|go"
            r"|switch|choose|try|use)|free trial|(?:an?|request|book) demo|any (?:suggestions"
            r"|availability|openings|discounts?)"
        ),
        finds=(
            *(f"do {you} {verb}" for you in ("you", "u") for verb in _OFFERED),
            *(
                f"do you {also} {verb}"
                for also in ("also", "guys", "still", "ever")
                for verb in _OFFERED
            ),
            *each("hourly daily day", "rate rates"),
            *each("any", "honest decent reliable suggestions recommendations tips"),
            "would you have a",
            "would you have any",
            "are you taking on",
            "taking new",
            "new patients",
            "new clients",
            "new customers",
            "what would it cost",
            "what do you charge",
            "how much ?",
            "what costs",
            "how much do you charge",
            "what would you charge",
            "what is your fee",
            "what are your fees",
            "what are your rates",
            "what are your prices",
            "your price list",
            "price list",
            "a valuation",
            "a quotation",
            "need somebody to",
            "need someone to",
            "need a regular",
            "regular supplier",
            "looking for somebody",
            "looking for someone",
            "would you be interested",
            "like to stock",
            "like to sell",
            "supplying us",
            "supply us",
            "supplying me",
            "conference rates",
            "group rate",
            "bulk order",
            "what others think",
            "has anyone's",
            "signing up my",
            "sign up my",
            "any good for",
            "good for a",
            "start at",
            "starting price",
            "per head",
            "free estimates",
            "could you quote",
            "can you quote",
            "near me",
            "talk me into",
            "comparing",
            "evaluating",
            "are getting married",
            "am getting married",
            "'re getting married",
            "for our wedding",
            "for my wedding",
            "experiences ?",
            "suggestions ?",
            "happy customers",
            "minimum order",
            "student price",
            "reseller",
            "new in town",
            "just moved",
            "who would you",
            "who've you",
            "used before",
            "go to for",
            "in need of a",
            "need a plumber",
            "need an electrician",
            "need a dentist",
            "need a quote",
            "tempted by",
            "is there anything like",
            "free consultation",
            "book a viewing",
            "gift vouchers",
            "for a party",
            "for our party",
            "hen do",
            "stag do",
            "for our team",
        ),
        unless=plain(
            r"if (?:you|you're|anyone|anybody) (?:\S+ ){1,9}(?:try|go to|call|ask for"
            r"|look no further)"
            r"|(?:i|we|i've|we've|we're|i'm|we are|i am|already) (?:have |already )?booked"
            r"|(?:my|our) (?:booking|reservation)"
        ),
        also={"urgency.lead": 6},
        fires_on=(
            "Has anybody done business with Acme?",
            "do you deliver to Leeds?",
            "how much is a cut?",
            "can anyone recommend a plumber",
        ),
        silent_on=("I would recommend it", "anyone can see that", "how much we laughed"),
    ),
    Rule(
        id="sentiment.recommends",
        reach=13,
        points=4,
        why="sends others to us",
        anchors=listed("if you, if you're, if anyone, if anybody, if anyone's"),
        pattern=plain(
            r"if (?:you|you're|anyone|anybody|anyone's) (?:\S+ ){1,9}(?:try|go to|call|ask for"
            r"|look no"
            r" further|this is the)"
        ),
        finds=(
            *each("highly definitely", "recommend recommended"),
            *each("recommend", "them him her this these"),
        ),
        unless=plain(r"(?:not|never|wouldn't|don't|can't|cannot) (?:\w+ )?recommend"),
        also={"intent.praise": 22},
        fires_on=("If you need a dentist in Leeds try these", "highly recommended"),
        silent_on=(
            "if you need anything, write",
            "I would not recommend them",
            "can you recommend one",
        ),
    ),
    Rule(
        id="intent.job",
        points=60,
        why="looks for work",
        intent="other",
        finds=listed(
            "my cv, my resume, resume attached, cv attached, co-op placement, attach my cv, "
            "attached my cv, attach my resume, apprenticeship, apprenticeships, for work "
            "experience, are you hiring, are you recruiting, any vacancies, any jobs going, "
            "saturday job, summer job, job application, looking for work, looking for a job, come "
            "and work with you, work placement"
        ),
        fires_on=("I attach my CV and hope to hear from you", "are you hiring for the summer?"),
        silent_on=("good job", "a work experience student was rude to me", "I applied the paint"),
    ),
    Rule(
        id="intent.advert",
        points=60,
        why="offers something to us",
        intent="other",
        finds=listed(
            "seo, backlinks, guest post, first page of google, the first page within, website "
            "design services, web design services, affordable website, free audit, boost your "
            "sales, increase your sales, grow your business, more followers, your website "
            "ranking, pay only for results, samples on demand, our latest catalogue, see our "
            "catalogue, our wholesale catalogue"
        ),
        also={"urgency.advert": -6},
        fires_on=("We offer SEO and a free audit", "see our catalogue attached"),
        silent_on=("your website is down", "see the first page"),
    ),
)
