"""
Rules of urgency: danger, threats, time, money, loss, outage, churn, leads; points off for praise.

Most finds also say something about sentiment and intent (`also`). What speaks of our own answering
(waiting, on hold, asked before) stands in `contact`.
"""

from __future__ import annotations

import re

from mentionwatch.core.scoring.rule import Rule, each, listed, plain
from mentionwatch.core.scoring.text import View


def _unhappy(view: View) -> int:
    """Return 1 for each 4 points of negative sentiment, up to 6."""
    return min(6, -view.sentiment // 4) if view.sentiment < 0 else 0


def _happy(view: View) -> int:
    """Return 1 for each 4 points of positive sentiment, up to 6."""
    return min(6, view.sentiment // 4) if view.sentiment > 0 else 0


def _capitals(view: View) -> int:
    """Return 1 where at least three words are shouted; short forms ("BBC") are no shouting."""
    tokens = view.words.tokens
    if sum(map(str.isupper, tokens)) < 3:  # almost always
        return 0
    return int(sum(len(token) > 3 for token in filter(str.isupper, tokens)) >= 3)


_THING = (
    r"(?:order|orders|package|packages|parcel|parcels|bag|bags|luggage|baggage|suitcase|item|items"
    r"|delivery|shipment|refund|payment|money|card|ticket|tickets|voucher|keys?|phone|wallet|book"
    r"|points|credit|gift card|account|reservation|booking|confirmation|invoice|stuff)"
)
_PAPER = (
    r"(?:card|passport|voucher|vouchers|coupon|coupons|session|points|pts|miles|link|links|offer"
    r"|offers"
    r"|deal|password|licence|license|membership|code|codes|promo|ticket|tickets|claim|crew|token"
    r"|certificate|subscription|trial|warranty|contract|credit|credits|reservation|quote)"
)
URGENCY_RULES = (
    Rule(
        id="urgency.mention",
        points=14,
        why="somebody wrote",
        times=lambda _: 1,
        fires_on=("Hello",),
        silent_on=({"messages_unanswered": 1},),
    ),
    Rule(
        id="urgency.addressed",
        points=4,
        why="it is addressed to us",
        needs="addressed",
        times=lambda view: int(view.facts.addressed),
        fires_on=({"text": "hello", "addressed": True},),
        silent_on=({"text": "hello", "addressed": False},),
    ),
    Rule(
        id="urgency.unhappy",
        points=2,
        why="the author is unhappy",
        times=_unhappy,
        also={"intent.unhappy": 4},
        fires_on=("This is terrible and I am angry",),
        silent_on=("This is not terrible, and I am not angry",),
    ),
    Rule(
        id="urgency.happy",
        points=-2,
        why="the author is happy",
        times=_happy,
        fires_on=("This is wonderful, I love it",),
        silent_on=("This is not wonderful",),
    ),
    Rule(
        id="urgency.low_stars",
        points=14,
        why="one or two stars of five",
        needs="rating",
        times=lambda view: int(
            view.facts.rating is not None
            and view.facts.rating_max > 0
            and view.facts.rating / view.facts.rating_max <= 0.4
        ),
        fires_on=({"text": "meh", "rating": 1.0}, {"text": "", "rating": 2.0}),
        silent_on=({"text": "meh", "rating": 3.0}, "one star hotel"),
    ),
    Rule(
        id="urgency.private",
        points=4,
        why="a private message expects an answer",
        needs="private",
        times=lambda view: int(view.facts.private),
        fires_on=({"text": "hello", "private": True},),
        silent_on=({"text": "hello", "private": False},),
    ),
    Rule(
        id="urgency.capitals",
        points=2,
        why="is written in capitals",
        times=_capitals,
        fires_on=("WHERE IS MY ORDER? ANSWER", "I want MY MONEY BACK PLEASE"),
        silent_on=("Where is my order? Answer me", "The NHS and the BBC told me", "LATE"),
    ),
    Rule(
        id="urgency.safety",
        points=34,
        why="may be a danger to health or safety",
        anchors=("expired", "injured", "injury", "injuries"),
        # "expired" is said of food and of vouchers: four words around it decide.
        pattern=re.compile(
            rf"(?:^ (?:(?!{_PAPER} )\S+ ){{0,3}}| (?:(?!{_PAPER} )\S+ ){{4}})expired (?!{_PAPER} )"
            r"|(?<! insult to)(?<! no)(?<! no serious) injur(?:y|ies|ed) (?!reserve |time |list )"
        ),
        finds=listed(
            "mould, mold, mouldy, moldy, allergic, contaminated, in hospital, "
            "ambulance, unsafe, dangerous, hazard, hazardous, overdose, maggots, maggot, "
            "cockroach, cockroaches, a rat, rats in, rats on, mouse in, mouse droppings, bed "
            "bugs, bedbugs, exploded, got sick, got ill, use by date, best before, out of date, "
            "past its date, not safe, isn't safe, coeliac, celiac, anything with nuts, has nuts in"
        ),
        # Who asks for a price of ours does not tell of a danger.
        unless=plain(
            r"not dangerous|glass in hand|got sick of|how much|quote|price|prices|estimate"
            r"|do you (?:do"
            r"|treat|offer|remove|develop|sell)|(?:physio|massage|hazard lights)|like to order"
            r"|head exploded"
            r"|deliver (?:\S+ ){1,4}hospital|st john ambulance"
        ),
        also={"sentiment.safety": -12, "intent.complaint": 20},
        fires_on=(
            "Expired!",
            "there is mould on the wall of our room",
            "is the walnut cake safe? my son is allergic",
        ),
        silent_on=(
            "my voucher expired",
            "how much to remove black mould?",
            "the date is next Friday",
        ),
    ),
    Rule(
        id="urgency.legal",
        points=28,
        why="threatens with law, authorities or the press",
        anchors=listed(
            "my lawyer, our lawyer, a lawyer, my lawyers, our lawyers, lawyer will, lawyers will, "
            "attorney, solicitor, sue you, sue them, will sue, i'll sue, we'll sue, gonna sue, "
            "going to sue, want to sue, have to sue, should sue, can sue, suing, sued, lawsuit, "
            "legal action, legal team, legal advice, legal steps, legal proceedings, legal "
            "department, letter before action, letter before claim, tribunal, small claims, class "
            "action, in court, to court, county court, court case, court order, trading "
            "standards, ombudsman, bbb, better business bureau, consumer protection, "
            "environmental health, health inspector, health inspectors, health department, food "
            "standards, osha, chargeback, the police, police report, police will, police have, "
            "regulator, local newspaper, the newspaper, to the newspapers, to the papers, "
            "journalist, journalists, to the press, the press about, local news, go public, going "
            "public, watchdog, gdpr, data protection, data breach, formal complaint, official "
            "complaint, file a complaint, filing a complaint, report you, reported you, reporting "
            "you, dispute, disputing"
        ),
        unless=plain(
            r"food court|tennis courts?|court (?:side|yard)|courtside|supreme court|the press "
            r"release"
            r"|(?:read|buy|bought|in) (?:\w+ )?newspapers?|work for the police|tennis court"
        ),
        also={"sentiment.legal": -8, "intent.complaint": 15},
        fires_on=("You will hear from my lawyer", "next step: small claims court"),
        silent_on=("Meet me at the food court", "buy the newspaper", "please tell Sue"),
    ),
    Rule(
        id="urgency.fraud",
        points=9,
        why="speaks of fraud or theft",
        anchors=listed(
            "fraud, fraudulent, scam, scammed, scammers, stolen, stole, hacked, identity theft, "
            "ripped off, rip off, ripoff, unauthorized, unauthorised, thieves, stealing, "
            "counterfeit, phishing"
        ),
        also={"sentiment.fraud": -6, "intent.complaint": 15},
        fires_on=("I was scammed by this shop", "unauthorised payment on my card"),
        silent_on=("the identity of your brand", "rip the tape off"),
    ),
    Rule(
        id="urgency.stranded",
        points=16,
        why="somebody cannot get away or home",
        anchors=listed(
            "stranded, locked out, trapped, home, sleep, slept, sleeping, locked in, locked us "
            "in, locked me in, locked inside, stuck in, stuck inside"
        ),
        pattern=plain(
            r"stranded|locked out|trapped|locked (?:us |me )?in(?:side)?|stuck (?:in"
            r"|inside) (?:the|your|a|an)"
            r" (?:lift|elevator|toilet|bathroom|building|shop|store|room)|no (?:ride"
            r"|transport) home|(?:can't|cannot|cant|no way) (?:get |to get )?home"
            r"|(?:sleep|slept|sleeping) (?:at|in|on) (?:the |an? )?(?:airport|floor|station"
            r"|street|lobby)"
        ),
        also={"sentiment.stranded": -10, "intent.complaint": 12},
        fires_on=("We are stranded at the station", "locked out of my flat"),
        silent_on=("I sleep well at home", "slept in a lovely room"),
    ),
    Rule(
        id="urgency.stuck",
        points=5,
        why="is held up, or misses something",
        anchors=("stuck", "missed", "missing", "miss"),
        pattern=plain(
            r"stuck(?! (?:with|in my head))|(?:miss|missed|missing) (?:\w+ ){0,3}(?:connection"
            r"|connecting"
            r"|flight|train|wedding|funeral|appointment|interview|meeting|surgery|birthday)"
        ),
        also={"sentiment.stuck": -9, "intent.complaint": 10},
        fires_on=("still stuck in the lift", "will miss my connection because of you"),
        silent_on=("That song is stuck in my head", "we miss the old menu"),
    ),
    Rule(
        id="urgency.time_critical",
        points=4,
        why="cannot wait long",
        anchors=listed(
            "asap, urgent, urgently, emergency, immediately, right now, deadline, right away, "
            "running out of time, today, tonight, tomorrow, this morning, this afternoon, this "
            "evening, in an hour, time sensitive, hurry, by friday, by monday, last minute, "
            "before it's too late, on my way, in the next"
        ),
        fires_on=("I need this fixed today", "This is urgent"),
        silent_on=("that was on my mind for minutes", "he came last week, in minutes"),
    ),
    Rule(
        id="urgency.money",
        points=7,
        why="is about money taken or owed",
        anchors=listed(
            "refund, refunds, refunded, money back, charged, charge, charging, overcharged, "
            "billed, bill, billing, reimburse, reimbursed, reimbursement, compensation, "
            "compensate, deducted, double charged, charges, invoice, took money, taken money, "
            "debited, pay for, paid for, paid, fee, fees, payment, owe, owed, credit, deposit, "
            "receipt, transaction"
        ),
        pattern=plain(
            r"refund(?:s|ed)?|money back|over ?charged|(?:double|wrongly|incorrectly) (?:charged"
            r"|billed)"
            r"|(?:charged|billed|charging|debited|deducted) (?:me|us|my|our|for|twice|an?|the|again"
            r"|\$|£|€|\d+)|(?:been|was|were|got|getting|being|i'm|am) (?:over ?)?(?:charged|billed)"
            r"|reimburse(?:d|ment)?|compensat(?:e|ion)|(?:took|taken) (?:\w+ ){0,3}money|owes? "
            r"(?:me|us)"
            r"|(?:you|i'm|am) owed?|(?:billing|payment) (?:issue|problem|error|failed|question)"
            r"|(?:why|wrong|extra|hidden|unexpected) (?:\w+ ){0,3}(?:charges?|fees?|bill)"
            r"|(?:my|our) bill"
            r"|(?:i|i've|we|we've) (?:already )?paid"
        ),
        also={"sentiment.money": -5, "intent.complaint": 10},
        fires_on=("You charged me twice", "where is my refund", "I want my money back"),
        silent_on=("fully charged in an hour", "Who is in charge here", "Bill is a great waiter"),
    ),
    Rule(
        id="urgency.lost",
        points=12,
        why="something did not arrive or is lost",
        anchors=listed(
            "lost, losing, lose, missing, never arrived, never received, misplaced, not "
            "received, haven't received, havent received, hasn't arrived, hasnt arrived, didn't "
            "receive, didnt receive, not arrived, didn't arrive, didnt arrive, not delivered, "
            "never delivered, never came, never got, where is, where's, wheres, where are, "
            "undelivered, still haven't got, didn't get, didnt get, haven't got, no sign of, "
            "never showed up, no show, not turned up, didn't come, wrong item, wrong order, "
            "wrong size, not been delivered, hasn't been delivered"
        ),
        pattern=plain(
            rf"(?:lost|losing|lose|missing|misplaced|where(?:'?s| is| are)) (?:\w+ ){{0,2}}{_THING}"
            rf"|{_THING} (?:is |are |was |were |got |still |has been )?(?:\w+ )?(?:lost|missing"
            rf"|misplaced)"
            r"|(?:never|not|hasn't|hasnt|haven't|havent|didn't|didnt|not been|hasn't been|never "
            r"been)"
            r" (?:\w+ ){0,2}(?:arrived?|received?|delivered|showed up|turned up|came|come|got|get)"
            r"|undelivered|no sign of|no show|wrong (?:item|order|size|colour|color|address"
            r"|product)"
        ),
        also={"sentiment.lost": -10, "intent.complaint": 15},
        fires_on=("You lost my bag", "My parcel never arrived", "Where is my order?"),
        silent_on=("We got lost in the old town, lovely place", "Where is your shop?"),
    ),
    Rule(
        id="urgency.outage",
        points=8,
        why="the product or service does not work",
        anchors=listed(
            "down, outage, outages, not working, isn't working, isnt working, doesn't work, "
            "doesnt work, don't work, dont work, didn't work, won't work, wont work, never "
            "works, stopped working, not work, crashes, crashed, crashing, crash, keeps, won't "
            "load, wont load, broken, error, errors, glitch, glitches, glitchy, bug, bugs, "
            "buggy, offline, freezes, freezing, frozen, log in, login, access, connect, no "
            "internet, no wifi, no signal, no power, no water, no service, no heating, out of "
            "order, broke, malfunction, malfunctioning, faulty, defective, fix, issue, issues, "
            "problem, problems, trouble, failed, fails, not loading, wont open, won't open, "
            "won't let, wont let, not connecting, leaking, leak, leaks, damaged, cracked, "
            "disappeared, won't turn on, not letting"
        ),
        pattern=plain(
            r"(?:is|are|was|were|still|been|went|goes|site|website|app|system|server|servers"
            r"|internet"
            r"|service|network|line|lines|page) (?:\w+ )?down(?! (?:the|to|on|for|by|here|there"
            r"|in))"
            r"|outages?|(?:not|isn't|isnt|doesn't|doesnt|don't|dont|didn't|didnt|won't|wont"
            r"|never|stopped"
            r"|aren't|wasn't|quit) (?:\w+ )?(?:work|works|working|load|loading|open|opening|start"
            r"|connect|connecting|letting|let|function|functioning|sync|syncing|charge|charging)"
            r"|crash(?:es|ed|ing)|keeps? (?:\w+ )?(?:saying|crashing|freezing|telling|giving"
            r"|failing"
            r"|going|asking|stopping|dropping|losing|showing|getting|loading|buffering"
            r"|disconnecting)"
            r"|error(?:s| message| code)?|glitch(?:es|y)?|bug(?:s|gy)|offline|freez(?:es|ing)"
            r"|frozen"
            r"|(?:can't|cant|cannot|couldn't|unable to|not able to) (?:\w+ )?(?:log ?in|login"
            r"|log into"
            r"|access|connect|sign in|open|load|get (?:in|on|into|online|through))"
            r"|no (?:internet|wifi|signal|power|water|heating|electricity|hot water)"
            r"|out of order|(?:is|are|was|were|came|arrived|my|it) (?:\w+ )?(?:broken|damaged"
            r"|cracked)"
            r"|broke|malfunction(?:ing)?|faulty|defective|leak(?:s|ing)|disappeared"
            r"|(?:an?|the|having|have|had|any|this|these|some|more|got) (?:\w+ )?(?:issues?"
            r"|problems?|trouble)"
            r"|fix (?:this|it|that|your|the|my|ur)|failed|fails"
        ),
        unless=plain(
            r"(?:if|is) (?:that's|this is|it's|that|this|it) (?:an? )?(?:problem|issue)"
            r"|trouble elsewhere"
        ),
        also={"sentiment.outage": -7, "intent.complaint": 12},
        fires_on=(
            "Is Acme down again?",
            "the app crashes when I pay",
            "My kettle stopped working",
            "can't log in since noon",
        ),
        silent_on=(
            "I scrolled down to the Acme section",
            "He works down the road",
            "open the door and let me in",
        ),
    ),
    Rule(
        id="urgency.cancelled",
        points=13,
        why="something was cancelled",
        anchors=listed(
            "cancelled, canceled, cancelling, canceling, cancel, cancels, cancellation, "
            "cancellations, rebook, rebooked, rebooking, rescheduled, rescheduling"
        ),
        also={"sentiment.cancelled": -7},
        fires_on=("You cancelled our booking", "nobody can rebook us"),
        silent_on=("rebooted and fine", "a cancer charity"),
    ),
    Rule(
        id="urgency.churn",
        points=9,
        why="is about to leave us",
        anchors=(
            *listed(
                "never again, last time, lost a customer, lost my business, losing a "
                "customer, lost me, losing customers, losing my business, elsewhere, "
                "switching, switch to, cancel my, cancelling my, canceling my, done with, "
                "boycott, unfollow, unsubscribe, goodbye, be back, go back, never, no more, "
                "close my account, closing my account, competitor, stay away, avoid, steer "
                "clear, think twice, ever again, leaving, going to switch, don't waste, not "
                "recommend, regret, wouldn't recommend, disappointed customer"
            ),
            *each(
                "not",
                "fly buy shop use order eat stay come go book purchase return deal be recommend",
            ),
        ),
        pattern=plain(
            r"never again|last time i|(?:lost|losing) (?:a|an|my|me|another) (?:\w+ "
            r"){0,2}(?:customer"
            r"|business|client|passenger)|lost me(?: as)?|losing customers|(?:business|money) "
            r"elsewhere"
            r"|go(?:ing)? elsewhere|switch(?:ing)? (?:to|back|from|my|provider|providers|banks?)"
            r"|(?:cancel|cancell?ing|close|closing) (?:my|our) (?:\w+ )?(?:account|subscription"
            r"|membership|contract|service|plan|card|policy)|(?:am|i'm|im|so|we're|i am) done with"
            r"|boycott(?:ing)?|unfollow|unsubscribe"
            r"|(?:won't|wont|will not|not|never) (?:\w+ ){0,2}(?:be back|go(?:ing)? back|be "
            r"returning"
            r"|return|recommend(?:ed)?)"
            r"|(?:will|i'll|i'd|would|we'll) (?:definitely |certainly |probably )?(?:never|not) "
            r"(?:\w+ )?"
            r"(?:fly|buy|shop|use|order|eat|stay|come|go|book|purchase|return|deal)"
            r"|never (?:fly|flying|buy|buying|shop|shopping|use|using|order|ordering|booking"
            r"|staying"
            r"|coming|going|book|purchase|choose|choosing)"
            r"|stay(?:ing)? away|steer clear|think twice|not ever again|don't waste"
        ),
        also={"sentiment.churn": -14, "intent.complaint": 15},
        fires_on=("Never again!", "You just lost a customer", "I will never buy from you again"),
        silent_on=("I never get tired of it", "see you again soon, I'll be back", "no more stock?"),
    ),
)
