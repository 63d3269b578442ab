"""Rules of what went wrong, told without a word of anger: most complaints are."""

from __future__ import annotations

from mentionwatch.core.scoring.contact import NUMBER, UNIT
from mentionwatch.core.scoring.rule import Rule, each, listed, plain

_SAW_TO = (
    r"(?:did|fixed|repaired|changed|replaced|serviced|fitted|installed|updated|washed|cleaned|cut"
    r"|moved|switched|touched)"
)

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
            "above the quote, over the quote, quoted"
        ),
        pattern=plain(
            r"(?:i|we) expected (?:\w+ ){0,2}(?:more|better|care|for)"
            rf"|since (?:the |your |my |our )?(?:last |latest |new )?(?:update|upgrade|service"
            rf"|repair"
            rf"|change|move|switch)|since you {_SAW_TO}"
            r"|(?:neither|nobody|no one)(?: \w+){0,4} (?:came|turned up|showed up|told|warned"
            r""
            r"|asked|bothered|noticed|offered|apologi[sz]ed|was there|on the desk|at the desk)"
            r"|had to (?:throw|bin|chase|redo|pay (?:again|twice|extra)|buy another"
            r"|ask (?:twice|three)"
            r"|explain (?:it|everything|again)|go back|come back|wait|clean|return|send it back)"
            r"|left (?:me|us) (?:\w+ )?(?:sitting|standing|waiting|without|with|in the|there|to)"
            r"|(?:keeps|kept) (?:\w+ing)|(?:more|higher) than (?:\w+ )?(?:quoted|agreed)"
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
        anchors=("now", "since"),
        pattern=plain(
            rf"(?:for )?{NUMBER} {UNIT} (?:and counting|now)|(?:cold|down|out|off|like that"
            rf"|like this"
            r"|broken|closed|waiting|dead) since"
        ),
        also={"intent.complaint": 8},
        fires_on=(
            "the showers have been cold for nine days now",
            "it has been like that since May",
        ),
        silent_on=("two tickets for now", "open since 1980", "now it works"),
    ),
)
