"""
Rules of sentiment beside the valence of words: the customer-service layer, sarcasm, stars.

Words and phrases with a valence of their own belong into the lexicon files, not here.
"""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, listed, plain
from mentionwatch.core.scoring.sarcasm import SARCASM_RULES, TROUBLE
from mentionwatch.core.scoring.text import View

_GOOD = (
    r"(?:great|good|nice|awesome|amazing|wonderful|lovely|fantastic|excellent|brilliant|perfect"
    r"|fabulous|super|terrific|outstanding|stellar|classy|impressive)"
)


def _stars(view: View) -> int:
    """Return the points of a star rating, enough to outweigh the words."""
    facts = view.facts
    if facts.rating is None or facts.rating_max <= 0:
        return 0
    share = facts.rating / facts.rating_max
    if share >= 0.75:
        return max(40, 20 - view.sentiment)
    if share < 0.6:
        return -max(40, 20 + view.sentiment)
    return 0


def _exclaimed(view: View) -> int:
    """Return the side of the sentiment, -1 or 1, where "!" stresses it."""
    if "!" not in view.words.plain or not view.sentiment:
        return 0
    return 1 if view.sentiment > 0 else -1


def _questioned(view: View) -> int:
    """Return 1 where a friendly text asks something: a request is not yet praise."""
    return int(view.sentiment > 0 and " ? " in view.words.plain)


SENTIMENT_RULES = (
    Rule(
        id="sentiment.word",
        points=0,
        why="a word with a valence",
        fires_on=("This is good", "what a terrible day", "😡"),
        silent_on=("This is a table", "3 days"),
    ),
    Rule(
        id="sentiment.stars",
        points=1,
        why="the stars say more than the words",
        needs="rating",
        times=_stars,
        fires_on=({"text": "lovely place", "rating": 1.0}, {"text": "ok", "rating": 5.0}),
        silent_on=({"text": "lovely place", "rating": 3.0}, "five stars"),
    ),
    Rule(
        id="sentiment.changed",
        points=-4,
        why="found it different from before",
        anchors=listed(
            "different from, tastes different, tasted different, taste different, bit "
            "different, so "
            "different, not the same, isn't the same, wasn't the same, not as good, not like last, "
            "changed the, changed your, what happened to, than last time, from last time, unlike "
            "last, smaller than, differed from, not what it, differs from, different to, different "
            "than"
        ),
        also={"urgency.changed": 5, "intent.complaint": 10},
        fires_on=("The latte tasted different from last time", "you changed the recipe"),
        silent_on=("a different shop", "we changed trains", "the same as ever"),
    ),
    Rule(
        id="sentiment.fault",
        points=-4,
        why="tells of something done wrong",
        anchors=listed(
            "forgot, forgotten, leaking, dripping, under repair, sticky, fell out, fell off, came "
            "off, fell apart, wet through, someone else's, somebody else's, wrong one, isn't mine, "
            "not mine, got something, came back with, came home with, you said, they said, no "
            "longer works, out of paper, no slot, no explanation, nothing happened, half empty, "
            "wrong name, mixed up, spelled wrong, spelt wrong, raw chicken, hair in, undercooked, "
            "burnt, stone cold, without a word, never mentioned, never told, never showed, no "
            "show, "
            "shrugged, left without, by mistake, double booked, overbooked, given away, scratched, "
            "dented, torn, ripped, smashed"
        ),
        also={"intent.fault": 8, "urgency.fault": 3},
        fires_on=("the handle came off on day two", "You said four weeks"),
        silent_on=("I came home late", "he said no", "we half expected it"),
    ),
    Rule(
        id="sentiment.delight",
        points=6,
        why="tells of delight without naming it",
        intent="praise",
        anchors=listed(
            "customer for life, no notes, every penny, credit where, can't thank, cannot thank, "
            "miracle, miracle workers, still smiling, over the moon, hats off, chapeau, how it "
            "should be done, tidy job, every single one, best kept secret, game changer, the only "
            "reason, like butter, without us asking, without being asked, went out of their way, "
            "went the extra, put a smile, treat ourselves, worth the drive, worth the detour, "
            "will remember, we'll remember, saved the day, saved my day, saved our day, spot on, "
            "next level, chef's kiss, fair play, within an hour, within the hour, in under an "
            "hour, on the dot, bang on time, right on time, fits perfectly, works perfectly, "
            "works a treat, like a dream, like a charm, out of his way, out of her way, nothing "
            "was too much, couldn't do enough, could not do enough, explained everything,  so "
            "patient, very patient, felt welcome, felt at home, feel welcome, feel at home, "
            "refused to charge,  fair price, fair prices, cleaned up after, left no mess, no "
            "mess, knows his stuff, knows her stuff, know their stuff, we will be back, i will be "
            "back, we'll be back, will use again, would use again, will order again, would order "
            "again, will come again, my go to, our go to, best in town, lifesaver, life saver, "
            "saved us, fixed it in, gone in minutes, kids loved, everyone loved, exactly like "
            "the, as described, good as new, like new, looks new, same day, wouldn't take any, "
            "didn't charge, did not charge, free of charge, arrived early, came early, ahead of "
            "schedule, easy to book, so easy, good people, honest people, no pain, no ads, "
            "nothing broken, nothing spilled,  legends, absolute gem, hidden gem, no fuss, no "
            "nonsense, no hassle, no pressure, in no time, huge thanks, big thanks, massive "
            "thanks, thanks to everyone, thanks to all, a big thank,   can't fault, cannot fault, "
            "couldn't fault, couldn't ask for more, worth every, back for a second,  five out of "
            "five, ten out of ten, 10 out of 10, 10 / 10, 5 / 5"
        ),
        also={"intent.praise": 10},
        fires_on=("no notes", "You have a customer for life"),
        silent_on=("no note on the door", "the only one left"),
    ),
    Rule(
        id="sentiment.praise",
        points=12,
        why="praises our people or our work",
        intent="praise",
        anchors=(*each("thanks thank", "for to so a very you"),),
        pattern=plain(
            r"(?:thank you|thanks)(?: so much| you| very much| a lot)? (?:for|to) (?:all |your "
            r"|the |an?"
            r" |being |such |my |our )*(?:\w+ )?(?:great|good|quick|excellent|amazing|awesome"
            r"|wonderful"
            r"|help|helping|fast|prompt|response|reply|service|support|being|getting|lovely|kind"
            r"|best"
            r"|fantastic|hospitality|follow|staff|care|bringing)"
        ),
        finds=(
            *listed(
                "shout out, shoutout, kudos, hats off, props to, well done, above and beyond, five "
                "stars, 5 stars, a pleasure, keep it up, keep up the, love your, love you, love "
                "you "
                "love you guys"
            ),
            *each("good great nice excellent amazing", "job work"),
            *(f"made my {x}" for x in ("day", "night", "week", "year", "trip")),
            *each("i we really much truly", "appreciate appreciated"),
            *each(
                "best excellent exceptional amazing great good awesome fantastic outstanding "
                "wonderful"
                " friendly",
                "service staff crew team experience support people flight food place shop company"
                " airline customer",
            ),
            *each("very so super extremely really most always", "helpful impressed friendly kind"),
        ),
        unless=plain(
            r"appreciate (?:if|it if|an?|some|your help)|(?:good|great|nice) (?:job|work) (?:on "
            r"|at )?"
            r"(?:not|losing|cancell?ing|delaying|ruining|with the delay)"
        ),
        also={"urgency.praise": -3},
        fires_on=("Kudos to your staff", "thank you for the great service", "you made my day"),
        silent_on=("Great, another delay", "I would appreciate an answer", "the best before date"),
    ),
    Rule(
        id="sentiment.thanks",
        points=8,
        why="says thanks",
        anchors=listed(
            "thanks, thank, thx, thnx, tysm, cheers, thank you, thanx, tnx, ty, grateful, thankful"
        ),
        unless=plain(
            rf"no thanks|thanks (?:but|to (?:you|your))|(?:thanks?|thx|you) (?:\w+ "
            rf"){{0,3}}{TROUBLE}"
        ),
        also={"intent.praise": 3},
        fires_on=("thank you!", "Thanks, see you on Monday"),
        silent_on=("thanks for losing my bag", "no thanks"),
    ),
    *SARCASM_RULES,
    Rule(
        id="sentiment.service",
        points=-4,
        why="speaks of the customer service itself",
        anchors=(
            "customer service",
            "customer care",
            "customerservice",
            "customer support",
            "customer relations",
            "customer experience",
        ),
        unless=plain(
            rf"(?:{_GOOD}|thank|thanks|best|love|loved|friendly|kudos|impressed|helpful|awesome"
            rf"|top notch) (?:\w+ ){{0,6}}customer (?:service|care|support|experience)|customer "
            rf"(?:service|care|support|experience) (?:\w+ ){{0,5}}{_GOOD}"
        ),
        also={"urgency.service": 7, "intent.complaint": 6},
        fires_on=("your customer service, honestly", "customer service is a joke"),
        silent_on=("great customer service", "customer parking behind the house"),
    ),
    Rule(
        id="sentiment.cannot",
        points=-6,
        why="cannot do what they want to do",
        anchors=listed(
            "can't, cant, cannot, couldn't, couldnt, unable, not able, won't let, wont let, "
            "doesn't "
            "let, impossible, not allowed, not allowing, refused, refuses, refuse, refusing, not "
            "let"
        ),
        pattern=plain(
            r"(?:i|we|customers|you|it|and|still|she|he|they|that|but|why|even|who|people) "
            r"(?:\w+ )?(?:can't|cant|cannot|couldn't|couldnt)"
            r"(?! (?:wait|stop|believe how (?:good|great)|get enough|go wrong|beat|thank|help "
            r"but|complain|recommend))"
            r"|unable to|not able to|(?:won't|wont|doesn't|not|will not|wouldn't|didn't) (?:let"
            r"|allow)(?:ing)? (?:me|us|my)|impossible to|refus(?:ed|es|e|ing) to"
        ),
        also={"urgency.cannot": 4, "intent.complaint": 6},
        fires_on=("I can't change my order", "we were unable to pay"),
        silent_on=("I can't wait to visit", "you can't beat that", "I couldn't recommend it more"),
    ),
    Rule(
        id="sentiment.failed_us",
        points=-3,
        why="says what was not done",
        finds=each(
            "you u they he she staff it that agent system website site app who which crew company"
            " guys people all just still really even also which service",
            "didn't didnt doesn't doesnt don't dont won't wont haven't hasn't havent hasnt "
            "isn't isnt"
            " wasn't wasnt never aren't wouldn't weren't",
        ),
        unless=plain(
            r"(?:didn't|didnt|doesn't|doesnt|don't|dont|won't|wont|never|isn't|wasn't|haven't"
            r"|hasn't)"
            r" (?:disappoint|mind|miss|need to|hurt|worry|forget|fail|be sorry|fails|disappoints)"
        ),
        also={"intent.complaint": 6},
        fires_on=("you guys didn't tell me", "it never switches off"),
        silent_on=("it doesn't disappoint", "I don't know", "You won't be sorry"),
    ),
    Rule(
        id="sentiment.lacking",
        points=-6,
        why="says that something is missing",
        anchors=listed(
            "no, lack, lacking, lacks, zero, not enough, without a, without an, without any, "
            "without notice, without warning, without explanation, without explaining, without "
            "asking, without telling, without reason, without apology, without food, without "
            "water"
        ),
        pattern=plain(
            r"(?:there|there's|with|and|have|has|had|got|but|is|are|was|were|get|still|,|[.]|we"
            r"|they|you|#) (?:\w+ )?(?:no|zero) (?!problem|problems|issues?|doubt|matter|one "
            r"else|worries|thanks|charge|complaints|longer|wonder|need|better|hassle|way|fuss"
            r"|damage"
            r"|forms|nonsense|mess|pressure|stress|rush|surprises|pain|hurry|blisters|regrets"
            r"|ads|queues?|waiting|catch|hidden"
            r"|wait)\w+"
            r"|lack of|lack(?:s|ing) (?:in )?\w+|without (?:an? |any )?(?:notice|warning"
            r"|explanation|explaining|asking|telling|reason|apology|food|water)|not enough"
        ),
        also={"urgency.lacking": 2, "intent.complaint": 4},
        fires_on=("there is no heating in the room", "lack of information"),
        silent_on=("no problem at all", "there is no doubt", "no complaints"),
    ),
    Rule(
        id="sentiment.supposed",
        points=-5,
        why="was promised or expected otherwise",
        anchors=(
            *listed(
                "supposed, should have, should've, promised, told, said, expect, even though, "
                "only to, supposedly, as advertised, instead of"
            ),
            *each("and but ,", "yet"),
        ),
        pattern=plain(
            r"supposed to|should(?: have|'ve|n't have) (?:\w+)|(?:you|they|was|were|been) "
            r"(?:\w+ )?promised|(?:told|tell) (?:me|us|you|him|her) (?:that|it|they|we|to|i"
            r"|there|no|you|he)"
            r"|(?:was|were|been|being|got) told|(?:you|they|it|she|he|website|rep|agent) (?:\w+ "
            r")?(?:said|says) (?:it|they|he|she|that|i|my|you|the|no|there|we|on)"
            r"|(?:you|do|i|they) expect (?:me|us|people|your|better|more)|instead of|as "
            r"advertised|only to (?:be|find|have|get)|even though|(?:and|but|,) yet|supposedly"
        ),
        also={"urgency.supposed": 2, "intent.complaint": 6},
        fires_on=(
            "It was supposed to come on Monday",
            "they said it would work",
            "I was told to wait",
        ),
        silent_on=("a promising start", "said thank you", "no need to tell me twice"),
    ),
    Rule(
        id="sentiment.challenge",
        points=-9,
        why="a reproach put as a question",
        anchors=(
            *each("how", "do is many much the in does can about long are could"),
            *each("what", "is are the kind a has happened gives exactly good"),
            *each("when", "will are do can is"),
            "what's the",
            "what's going",
            "what's wrong",
            "what's up",
            "what's happening",
        ),
        pattern=plain(
            r"how (?:do you|can you|could you|is it|is this|are you|many times|much longer|the hell"
            r"|in the|does this|can a|about you|long (?:does|do|is|will|must|until|before|it))"
            r"|what (?:is|are|the|kind|a|has|happened|gives|exactly|good) (?:\w+ )?(?:hell|heck"
            r"|fuck"
            r"|happening|going on|wrong|point|deal|hold ?up|problem|issue|joke|mess|excuse"
            r"|of (?:company|service)|you doing)|what's (?:the|going|wrong|up with|happening)"
            r"(?: (?:deal|point|hold ?up|problem|issue|excuse|on|use))?"
            r"|when (?:will|are|do|can|is) (?:you|i|this|we|it|your) (?:\w+ )?(?:fix|fixed|going"
            r"|get"
            r"|learn|be|ever|finally|expect|start|stop)"
        ),
        finds=(
            *listed(
                "why on earth, wtf, please explain, care to explain, someone explain, is this a "
                "joke, is this how, is this what, is this some, is this the way, is this "
                "really, is "
                "this even, who thought, who runs, are you serious, are you kidding, are you "
                "joking, are you guys, are you even, are you ever, are you seriously, are you "
                "really, do you even, do you really, do you guys, do you people, do you not, do "
                "you "
                "think, do you realize"
            ),
            *each(
                "why",
                "is are do does did didn't don't doesn't won't wont can't cant isn't aren't hasn't"
                " haven't would should was were have has am must the not no so can bother even tell"
                " say you ur wasn't",
            ),
            *each("how", "come hard difficult dare"),
            *each("really seriously srsly", "?"),
        ),
        unless=plain(r"why not|(?:that's|thats|is|this is|know|see|reason|reasons) why|why i love"),
        also={"urgency.challenge": 3, "intent.complaint": 4},
        fires_on=(
            "Why is it always late?",
            "how come nobody knows?",
            "Seriously?",
            "Are you kidding me",
        ),
        silent_on=("that's why I love it", "How much is it?", "Are you open on Sunday?"),
    ),
    Rule(
        id="sentiment.demand",
        points=-5,
        why="tells us what to do better",
        anchors=listed(
            "fix, you need, need to, needs to, should, do better, step up, get it together, get "
            "your, wake up, sort, improve, come on, cmon, c'mon, please stop, do something, "
            "hire, bring back, sort it, shame, get with, could be better, could have been, "
            "needs, you guys need, just stop, get a clue, get a grip, get a new, learn to, "
            "learn how, figure it, figure this, at least you, at least tell, at least have, at "
            "least give, at least be, at least let, at least answer, at least try"
        ),
        pattern=plain(
            r"fix (?:it|this|that|your|ur|the|my|yo)|(?:you|u|ya|guys|they|y'all|yall|really"
            r"|seriously|company) (?:\w+ )?(?:needs?|should|must|have|gotta|ought) (?:to "
            r")?(?!know|try|see|check out|be proud)\w+|do better|step (?:it )?up|(?:get|got) "
            r"(?:it|your \w+|ur \w+|your act) together|wake up (?:and|!)|sort (?:it|this"
            r"|yourselves?|your|out)"
            r"|(?:need|needs) (?:some |to |major |an? |serious )?(?:improve|improvement|fix"
            r"|fixing|work|upgrade|update|be fixed|learn|change|do|train|get|stop|step)"
            r"|(?:please|kindly|must|should|to) improve|improve your|(?:please |just )stop "
            r"(?:\w+ing|the|with|this)|come on|cmon|c'mon|learn (?:to|how)|figure (?:it|this) "
            r"out|do something|hire (?:more|some|people|better)|bring back|shame on|get (?:a"
            r"|with) (?:clue|grip|the program|new)|could(?: have)? be(?:en)? (?:\w+ )?better|at "
            r"least (?:you|tell|have|give|be|let|answer|try)"
        ),
        fires_on=("you need to fix your website", "Do better.", "please stop sending mails"),
        silent_on=("the next bus stop", "You should try the cake", "some fix of coffee"),
    ),
    Rule(
        id="sentiment.worse_before",
        points=-5,
        why="compares us with better days or better others",
        anchors=listed(
            "used to, anymore, any more, no longer, worse, downhill, went from, than this, than "
            "that, than your, than you, than u, worse than, not even, didn't even, can't even, "
            "don't even, doesn't even"
        ),
        pattern=plain(
            r"used to (?:be|love|like|have)|any ?more|no longer|(?:better|would rather|rather) "
            r"(?:\w+ ){0,2}than (?:this|that|your?|u)|worse (?:than|and)|going downhill|gone "
            r"downhill|went downhill|not even|didn't even|can't even|don't even|doesn't even"
        ),
        also={"intent.complaint": 4},
        fires_on=("It used to be good", "your app no longer opens", "gone downhill"),
        silent_on=("better than ever", "I use it even more", "used tools"),
    ),
    Rule(
        id="sentiment.wish",
        points=-4,
        why="wishes it were otherwise",
        anchors=listed(
            "wish, would be nice, would be great, would have been, would've been, would be good, "
            "hoping, hopefully, hope, if only, too bad, would like, would love"
        ),
        pattern=plain(
            r"(?:i|we|really|just|only) wish(?: (?:you|i|we|it|they|there|that|the|your|my))"
            r"|(?:would|wouldn't|wld|it'd) (?:\w+ )?(?:be|have been|'ve been) (?:\w+ )?(?:nice"
            r"|great|good|helpful|better|cool|awesome|appreciated)|if only|too bad"
        ),
        also={"urgency.wish": 2},
        fires_on=("I wish you had answered", "would be nice to get an answer"),
        silent_on=("best wishes for the new year", "nice, hope to see you"),
    ),
    Rule(
        id="sentiment.exclaimed",
        points=3,
        why='stressed by "!"',
        times=_exclaimed,
        fires_on=("That is great!", "That is terrible!"),
        silent_on=("That is great", "Look!"),
    ),
    Rule(
        id="sentiment.asked",
        points=-6,
        why="kind words around a question",
        times=_questioned,
        fires_on=("Is it a good place?",),
        silent_on=("It is a good place", "Is it a bad place?"),
    ),
)
