"""Rules of what went wrong, told without a word of anger: most complaints are."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, listed, plain

_SAW_TO = (
    r"(?:did|fixed|repaired|changed|replaced|serviced|fitted|installed|updated|washed|cleaned|cut"
    r"|moved|switched|touched)"
)

_BAD = listed(
    "dry, cold, hard, fat, fatty, off, shut, closed, dirty, filthy, grubby, late, rude, abrupt, "
    "dismissive, patronising, patronizing, wet, sticky, bitter, sour, salty, greasy, oily, tiny, "
    "missing, flat, slow, loose, short, raw, burnt, burned, rancid, soggy, chewy, tough, rubbery, "
    "watery, bland, empty, flooded, cracked, bent, dented, dusty, damp, itchy, noisy, useless, "
    "broken, torn, wrong, blank, dull, uneven, crooked, grumpy, unfriendly, unhelpful, "
    "unprofessional, clueless, disorganised, disorganized, chaotic, overpriced, understaffed, "
    "cramped, stuffy, freezing, unusable, unreadable, incomplete, unfinished, faulty, blocked, "
    "smashed, crushed, squashed, melted, spilled, spilt, scratched, stained, faded, blurry, "
    "pixelated, wilted, dead, droopy, stale, undercooked, overcooked, lukewarm, tepid, flimsy, "
    "sold out, under water, nowhere, full of"
)
_BAD_STATE = rf"(?:{'|'.join(_BAD)})"

FAULT_RULES = (
    Rule(
        id="sentiment.defect",
        points=-4,
        why="names what is wrong with it",
        anchors=listed(
            "squeak, squeaks, squeaking, squeaky, rattle, rattles, rattling, wobbly, wobbles, "
            "jammed, snapped, peeling, faded, shrank, shrunk, stained, stains, chipped, blurry, "
            "crooked, scuffed, scratch, scratches, dents, mouldy, moldy, stale, soggy, "
            "undercooked, overcooked, tasteless, bland, lukewarm, freezing, moths, weevils, "
            "draughty, smelly, smelled of, smelt of, smells of, full of holes, went flat, gone "
            "off, was off, were off, tasted off, not cooked, not clean, not cleaned, too salty, "
            "too sweet, too small, too tight, falling apart, fallen apart, coming apart, coming "
            "off, came away, comes off, went dead, is dead, was dead, broke off, fallen off, "
            "split open, half empty, half full, half the size, not as described, not as shown, "
            "not as pictured, doesn't fit, didn't fit, does not fit, won't fit, won't close, "
            "won't charge, won't start, won't stay, overflowing, blocked, flickers, flickering, "
            "buzzing"
        ),
        unless=plain(r"how much|quote|could you (?:fix|repair)|can you (?:fix|repair)"),
        also={"urgency.defect": 2, "intent.complaint": 12},
        fires_on=("brakes still squeak", "the chicken was off", "it came half empty"),
        silent_on=("a day off", "a small half, please", "it fits", "how much to fix the scratch"),
    ),
    Rule(
        id="sentiment.let_down",
        points=-3,
        why="tells how they were let down",
        anchors=listed(
            "expected, since, neither, nobody, no one, had to, left me, left us, keeps, kept, "
            "above the quote, over the quote, quoted, agreed"
        ),
        pattern=plain(
            r"(?:i|we) expected (?:\w+ ){0,2}(?:more|better|care|for)"
            r"|since (?:the |your |my |our )?(?:last |latest |new )?(?:update|upgrade|service"
            rf"|repair|change|move|switch)|since you {_SAW_TO}"
            r"|(?:neither|nobody|no one)(?: \w+){0,4} (?:came|turned up|showed up|told|warned"
            r"|asked|bothered|noticed|offered|apologi[sz]ed|was there|on the desk|at the desk)"
            r"|had to (?:throw|bin|chase|redo|pay (?:again|twice|extra)|buy another"
            r"|ask (?:twice|three)"
            r"|explain (?:it|everything|again)|go back|come back|wait|clean|return|send it back)"
            r"|left (?:me|us) (?:\w+ )?(?:sitting|standing|waiting|without|with|in the|there|to)"
            r"|(?:keeps|kept) (?:breaking|stopping|dropping|failing|crashing|leaking|coming"
            r"|falling|cutting|asking|telling|saying|changing|ringing|cancelling|losing"
            r"|forgetting|freezing|beeping|flashing|tripping|blowing|sending|charging"
            r"|ignoring|interrupting)|than (?:\w+ )?(?:quoted|agreed)"
            r"|(?:above|over) the quote"
        ),
        finds=(
            *listed(
                "neither turned up, neither came, didn't turn up, did not turn up, hasn't turned "
                "up, never turned up, to somebody else, to someone else, somebody else's, the "
                "wrong, a wrong, the opposite of, without asking, without telling, without "
                "warning, no explanation, no apology, no warning, not even a sorry, shame about, "
                "such a shame, real shame, a pity, nobody order, don't bother, do not bother, not "
                "what i, not what we, wasn't what, isn't what, nothing like the, not happy, not "
                "impressed, not acceptable, should not happen, shouldn't happen, should not have "
                "to, shouldn't have to, been like this, been like that, like this since, like "
                "that since, nothing here, not the first time, not the one i, not the one we, "
                "instead of the, still the same, same problem, no better, got worse, getting "
                "worse, worse than before, every single time, every single week, every single "
                "day, every other day, went wrong, gone wrong, going wrong, made a mistake, your "
                "mistake, your fault, rushed us, rushed me, ignored us, walked past us, sighed "
                "at, rolled her eyes, rolled his eyes, talked over, used to do proper, changed "
                "the recipe, smaller now, dearer now, went up again"
            ),
            *each("still", "squeaks squeak leaks leak drips drip smells broken cold wrong dirty"),
            *each("still not", "fixed here arrived working done sorted right ready back"),
        ),
        unless=plain(
            r"i(?:'ve|'d)? (?:\w+ )?(?:gave|given|deleted|ordered|entered|typed|put|sent|chose"
            r"|chosen|picked"
            r"|bought|clicked|wrote) (?:\w+ )?(?:the|a) wrong"
        ),
        also={"urgency.let_down": 2, "intent.complaint": 12},
        fires_on=(
            "Neither of the buses turned up",
            "you gave it to somebody else",
            "I expected a bit more care",
            "the car pulls left since you did the tracking",
        ),
        silent_on=(
            "I know you since May",
            "neither do I",
            "nobody else makes it",
            "we had to laugh",
        ),
    ),
    Rule(
        id="sentiment.by_now",
        points=-2,
        why="says how long it has been so",
        finds=(
            *each("minutes hours days weeks months years", "now"),
            *each("cold down out off that this broken closed waiting dead", "since"),
            "and counting",
        ),
        also={"intent.complaint": 8},
        fires_on=(
            "the showers have been cold for nine days now",
            "it has been like that since May",
        ),
        silent_on=("two days from now on", "open since 1980", "now it works"),
    ),
    Rule(
        id="sentiment.state",
        points=-3,
        why="says in what bad state it was",
        anchors=_BAD,
        pattern=plain(
            rf"(?:was|were|came|arrived|tasted|felt|looked|looks)(?: \w+)?(?: \w+)? {_BAD_STATE}"
            r"(?! (?:season|peak|the beaten))"
        ),
        unless=plain(rf"(?:wasn't|weren't|not|never|nothing) (?:\w+ ){{0,3}}{_BAD_STATE}"),
        also={"intent.complaint": 10},
        fires_on=("the doughnuts were dry", "the pitch was under water"),
        silent_on=("it was never cold", "the sea was calm", "a dry wine"),
    ),
    Rule(
        id="sentiment.bad_deal",
        points=-3,
        why="got something else, or less, than agreed",
        anchors=listed(
            "ordered, paid, asked for, booked, bought, went from, gone from, up from, going from, "
            "raised from, increased from, jumped from"
        ),
        pattern=plain(
            r"(?:ordered|paid|asked for|booked|bought) (?:\S+ ){1,12}(?:(?:and|but"
            r"|,)(?: \w+)? (?:got"
            r"|received) (?:an?|the|one|two|only|just|\d+|half|none|nothing|something"
            r"|another)"
            r"|but(?: \w+)? (?:was|were|got|received|came))"
            r"|(?:went|gone|going|up|raised|increased|jumped) from (?:[$£€] )?\d+ (?:[.,] \d+ )?"
            r"(?:[$£€] )?to"
        ),
        reach=18,
        finds=listed(
            "no show, never showed, didn't show, never called, nobody called, no one called, "
            "didn't call, didn't ring, forgot about, forgot us, forgot me, forgot my, "
            "overcharged, added to my bill, ran out of, out of stock again, still haven't, still "
            "hasn't, still isn't, keeps dropping, cutting out, cuts out, died after, broke after, "
            "only lasted, lasted two, lasted three, after one wash, after two washes, after one "
            "use, second time this, third time this, third one, same issue, same fault, came back "
            "with, makes a noise, making a noise, logged out, logged me out, lost my data, waste "
            "of money, waste of time, daylight robbery, too expensive, so expensive, expected "
            "better, let me down, let us down, short changed, wrong change, without a word, no "
            "heating, no hot water, no internet, no signal, no towels, no seat, no toilet paper, "
            "can't get through, walked out, sent away, turned away, turned us away, the bill was, "
            "charged more, charged extra, extra charge, hidden fee, hidden fees, says delivered, "
            "marked delivered, marked as delivered, said delivered, left it  left in the rain, in "
            "the rain, on the sidewalk,    what do you propose, what are you going to do, what do "
            "you intend, nowhere to be found, another customer's, another child's, another "
            "guest's,     no refund, price went up, prices went up, twice the price, double the "
            "price, never like this, was never like, is still running, not repaired, not fixed"
        ),
        also={"intent.complaint": 12},
        fires_on=("I ordered a ten and got a fourteen", "it went from $3 to $8 a month"),
        silent_on=("ordered two and picked them up", "from 9 to 5", "the same each day"),
    ),
    Rule(
        id="intent.called_off",
        points=8,
        why="something was called off",
        intent="complaint",
        anchors=listed("cancelled, canceled, cancelling on, called off, rescheduled again"),
        fires_on=("You cancelled our booking",),
        silent_on=("Please cancel our booking", "a cancer charity"),
    ),
)
