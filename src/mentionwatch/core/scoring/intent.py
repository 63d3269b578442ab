"""Rules of intent: what the author wants of us, and whether it is addressed to anybody at all."""

from __future__ import annotations

import re

from mentionwatch.core.scoring.rule import Rule, each, listed, plain
from mentionwatch.core.scoring.text import View
from mentionwatch.core.scoring.words import LINK


def _shared(view: View) -> int:
    """Return 1 where a text passes on a link and asks nothing."""
    words = view.words.plain
    return int(LINK in words and " ? " not in words)


_ASKS = 12  # points from which a text asks for something


def _pleased(view: View) -> int:
    """Return 1 for each 4 points of positive sentiment, up to 6; 0 where it is a tone of asking."""
    if view.sentiment <= 0:
        return 0
    asked = view.intents.get
    if max(asked("question", 0), asked("request", 0), asked("lead", 0)) >= _ASKS:
        return 0
    return min(6, view.sentiment // 4)


_PUT_OFF = ("cancel", "move", "change", "reschedule", "rebook", "postpone")

INTENT_RULES = (
    Rule(
        id="intent.happy",
        points=4,
        why="is happy and asks for nothing",
        intent="praise",
        times=_pleased,
        fires_on=("This is wonderful, I love it",),
        silent_on=("Please send me the invoice, many thanks, best wishes", "This is not wonderful"),
    ),
    Rule(
        id="intent.question_mark",
        points=12,
        why="asks something",
        intent="question",
        anchors=("?", "？", "؟"),
        everywhere=True,
        also={"urgency.question": 5},
        fires_on=("Is the oat milk back?",),
        silent_on=("The oat milk is back!",),
    ),
    Rule(
        id="intent.question_words",
        points=12,
        why="asks how, when, where or whether",
        intent="question",
        anchors=each("is are", "there it the your you this these they"),
        pattern=plain(r"(?:is|are) (?:there|it|the|your|you|this|these|they) (?:\w+ ){1,12}\?"),
        reach=13,
        finds=(
            *listed(
                "wondering, anyone know, a question, question about, quick question, any "
                "questions, one question, my question, is it possible, be possible, are you open, "
                "are you closed, are you still, are you the, are you on, do i need, do i have to, "
                "do we need, do we have to, should i bring, should we bring, is it ok, is it "
                "okay, is it normal, anyone else's, can i bring, can we bring"
            ),
            *each(
                "how when where what",
                "do does did can could is are will would should time to long much many about kind"
                " type else was were happens happened",
            ),
            *each("can could may should", "i we someone anyone it they"),
            *each("do does did", "you u your anyone they"),
            *each("does", "it this the"),
            *each("have", "you they any"),
            *each("will would", "it this the your they"),
            *each("any", "idea chance news update updates word eta advice suggestions way"),
            *each("know", "if how when where what whether why"),
        ),
        also={"urgency.question_words": 3},
        fires_on=(
            "how do I reset the alarm",
            "Can I bring my dog?",
            "just wondering about the menu",
        ),
        silent_on=("I can see the sea", "the place where we met", "what a day"),
    ),
    Rule(
        id="intent.request",
        points=18,
        why="asks us to do something",
        intent="request",
        anchors=listed("looking to, trying to, hoping to, like to, wanted to, want to, love to"),
        pattern=plain(
            r"(?:looking|trying|hoping|wanted|want|like|love) to (?:speak|book|buy|order|change"
            r"|get|cancel"
            r"|pay|talk|make|find|return|use|check|add|contact|know|reach|upgrade|reset|register"
            r"|activate"
            r"|figure|sign|log|track|claim|file|reserve|rebook|switch|download|access|set)"
        ),
        finds=(
            *each(
                "please pls plz plse kindly",
                "help send fix let tell call contact advise confirm check change add dm email "
                "give get"
                " make sort explain update resolve respond reply answer look follow assist find "
                "bring put"
                " cancel refund do come provide keep open try see take investigate clarify rt "
                "allow stop"
                " note remove hurry work book reserve replace consider return address ! ? .",
            ),
            *each("can could would will cld", "you u someone anyone somebody anybody"),
            *each("i we i'll really just", "need require"),
            *each("need", "help assistance answers"),
            *each(
                "send give get tell email call contact message text show help assist update "
                "answer follow"
                " add refund rebook pay dm",
                "me us",
            ),
            *each("i'd we'd would", "like"),
            *each("change check cancel update track find add access reset", "my"),
            *each("help", "please pls ! with"),
            "let me know",
            "assistance",
            "look into it",
            "look into this",
            "any help",
            "any advice",
            "can he",
            "can she",
            "due again",
            "any weekday",
            "any day next",
        ),
        unless=plain(r"(?:can|could) you (?:believe|imagine)|would like to (?:thank|say thank)"),
        also={"urgency.request": 4},
        fires_on=(
            "please send me the invoice",
            "Could you change my booking",
            "I need help with my order",
        ),
        silent_on=("pleased to meet you", "it helps a lot", "can you believe it", "no need"),
    ),
    Rule(
        id="intent.customer",
        points=4,
        why="speaks of an order, a booking, an account of their own",
        intent="request",
        finds=(
            *each(
                "my our",
                "order orders flight flights package parcel bag bags luggage account booking "
                "reservation"
                " ticket tickets subscription phone card delivery trip seat seats device laptop tv"
                " internet service password credit refund money bill payment number email contract"
                " appointment room table car purchase gift connection data app computer camera item"
                " voucher itinerary confirmation membership plan policy claim router box name "
                "profile"
                " license download reward rewards points miles shoes dress jacket shirt food "
                "meal pizza"
                " drink coffee submission assignment grade quiz score new last first",
            ),
            *each(
                "i we i've we've ive just",
                "ordered bought purchased booked installed downloaded updated received upgraded "
                "paid"
                " registered submitted returned signed",
            ),
            *each(
                "your ur",
                "website web site app system online page portal form number link staff driver "
                "courier"
                " store shop branch team policy product products service services update customer",
            ),
            *each("trying tried", "to"),
        ),
        also={"sentiment.customer": -3, "urgency.customer": 4},
        fires_on=("my order number is 4711", "I bought two of them", "your website shows nothing"),
        silent_on=("in order to see it", "the app store"),
    ),
    Rule(
        id="intent.question_start",
        points=12,
        why="begins like a question",
        intent="question",
        anchors=listed(
            "is, are, can, does, do, did, will, how, what, when, where, which, who, was, has, "
            "wondering, curious, whats, what's, wheres, where's, hows"
        ),
        # Only at the start, behind a greeting; there a question needs no mark.
        pattern=re.compile(
            r"^ (?:(?:hi|hello|hey|quick|one|question|so|and|also|sorry|guys|all|there|@\w+) "
            r"(?:[,!.:] )*)*"
            r"(?:is|are|can|does|do|did|will|how|what|when|where|which|who|was|has|wondering"
            r"|curious"
            r"|whats|what's|wheres|where's|hows) (?!(?:a|an|not|your best|love|like|i|you) )"
        ),
        at_start=True,
        also={"urgency.question_start": 2},
        fires_on=("is Ana in on thursdays", "Hello, does the cake keep until Sunday"),
        silent_on=("What a day", "I know what is good", "Do not enter"),
    ),
    Rule(
        id="intent.wish",
        points=18,
        why="wishes for something we do not have yet",
        intent="request",
        anchors=("wish",),
        pattern=plain(
            r"wish (?:\S+ ){1,4}would (?:\w+ )?(?:add|do|open|bring|offer|have|make|stock|sell"
            r"|let|allow"
            r"|support|deliver|ship|start|run|include|put|come)"
        ),
        fires_on=("I wish Acme would add a dark mode",),
        silent_on=("best wishes", "I wish you would answer"),
    ),
    Rule(
        id="intent.please",
        points=14,
        why="says please",
        intent="request",
        anchors=listed("please, pls, plz, plse, kindly"),
        unless=plain(
            r"(?:oh|yes|yeah|more|bitch|girl) please|please (?:tell me (?:this|you)|god|lord)"
        ),
        fires_on=("skip us this week pls", "Please raise our limit"),
        silent_on=("we are pleased", "oh please"),
    ),
    Rule(
        id="intent.imperative",
        points=14,
        why="begins with what is to be done",
        intent="request",
        anchors=listed(
            "add, book, cancel, change, enable, disable, move, redeliver, repeat, reserve, send, "
            "skip, remove, replace, deliver, switch, extend, renew, wake, call, ring, phone, "
            "email, "
            "update, reset, hold, keep, put, bring, post, resend, forward, refund, activate, "
            "deactivate, fix, petition, dm, rebook, reschedule"
        ),
        pattern=re.compile(
            r"^ (?:(?:hi|hello|hey|and|also|ok|@\w+) (?:[,!.:] )*)*(?:add|book|cancel|change|enable"
            r"|disable|move|redeliver|repeat|reserve|send|skip|remove|replace|deliver|switch|extend"
            r"|renew|wake|call|ring|phone|email|update|reset|hold|keep|put|bring|post|resend"
            r"|forward"
            r"|refund|activate|deactivate|fix|petition|dm|rebook|reschedule) (?!(?:it )?up )"
        ),
        at_start=True,
        finds=(
            *(f"{must} to {verb}" for must in ("need", "have") for verb in _PUT_OFF),
            "if you could",
            "take me off",
            "remove me",
            "i need the",
            "i need a copy",
            "a copy of",
            "would be handy",
            "it'd be handy",
            "would be useful",
        ),
        also={"urgency.imperative": 2},
        fires_on=("Cancel my class on Friday", "I have to cancel Thursday", "wake us at six"),
        silent_on=("The change was small", "keep up the good work"),
    ),
    Rule(
        id="intent.may_we",
        points=26,
        why="asks to have something changed or done",
        intent="request",
        finds=tuple(
            f"{may} {who} {verb}"
            for may in ("can", "could", "may")
            for who in ("i", "we")
            for verb in listed(
                "move, change, swap, extend, add, switch, cancel, push, shift, have, get, return, "
                "exchange, postpone, rebook, transfer, upgrade, collect"
            )
        ),
        fires_on=("Can I move my slot to four?", "could we have a cot in the room"),
        silent_on=("can I ask whose hat it is", "we could see the sea"),
    ),
    Rule(
        id="urgency.help",
        points=6,
        why="asks for help",
        anchors=listed("help, in advance, assist, assistance, advise, advice, support"),
        pattern=plain(
            r"(?:please|pls|plz|any|need|some|your|for|can|could|you|anyone|someone|who|to) "
            r"(?:\w+ )?help(?! (?:others|people|the|those|a lot|you))"
            r"|help(?: me| us| please| pls| plz|(?: [!?])+ )|in advance|assist(?:ance)?"
            r"|(?:please|any|kindly) (?:advise|advice|suggestions)"
        ),
        fires_on=(
            "any help would be great",
            "Thanks in advance for your support",
            "please help me",
        ),
        silent_on=("it helps a lot", "we help others", "great support"),
    ),
    Rule(
        id="urgency.denied",
        points=4,
        why="says what is not so",
        anchors=listed(
            "not, won't, wont, can't, cant, cannot, couldn't, didn't, didnt, doesn't, doesnt, "
            "isn't, isnt, wasn't, hasn't, haven't, never, no, nothing, without, unable, don't, dont"
        ),
        fires_on=("I did not get it", "it won't open"),
        silent_on=("I noted it", "a notable can"),
    ),
    Rule(
        id="urgency.others",
        points=-6,
        why="speaks of other people",
        anchors=listed("he, she, his, her, him, people, those, world, who"),
        fires_on=("he likes it there", "people in the city"),
        silent_on=("the heat in here", "whose hat is it"),
    ),
    Rule(
        id="urgency.news",
        points=-11,
        why="passes on a link and asks nothing",
        times=_shared,
        fires_on=("Acme opens a shop in Leeds https://news.example/1",),
        silent_on=("Is this yours? https://news.example/1", "Acme opens a shop in Leeds"),
    ),
)
