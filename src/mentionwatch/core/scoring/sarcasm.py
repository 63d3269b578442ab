"""Rules of sentiment that hear the opposite of what is said: mock thanks, sarcasm."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, plain

TROUBLE = (
    r"(?:nothing|no|not|never|zero|cancell?(?:ed|ing)|delay(?:s|ed|ing)?|los(?:t|ing|e)|late"
    r"|wait(?:ing|ed)?"
    r"|hold|hours?|hrs|mins|minutes|broken?|breaking|ruin(?:ed|ing)?|fail(?:ed|ing|s|ure)?"
    r"|charg(?:ed|ing)|wast(?:ed|ing)"
    r"|refus(?:ed|ing)|missed|missing|miss|mak(?:e|ing) (?:me|us)|made (?:me|us)|leav(?:e|ing) "
    r"(?:me|us)"
    r"|left (?:me|us)|won't|wont|can't|cant|couldn't|didn't|don't|doesn't|dont|still|again|worst"
    r"|rude|stuck"
    r"|stranded|screw(?:ed|ing)?|mess(?:ed|ing)?|ignor(?:ed|ing)|hung|hanging|keeping|lack|wrong"
    r"|lying|terrible|kill(?:ing|ed)|poison(?:ing|ed)?|choking|crying"
    r"|horrible|poor|bad|problems?|issues?|down|useless|forgetting|forgot|messing|overbook(?:ed"
    r"|ing)?)"
)

# Two words each: most of the single ones are far too common to run a pattern for.
_MOCKING = (
    "yeah right",
    *each("#", "not sarcasm sarcastic"),
    *each(
        "oh", "great joy good goody lovely wonderful look yay boy how the fun perfect awesome yes"
    ),
    *each("oh", "brilliant that's what"),
    *each("just", "great lovely wonderful perfect fantastic brilliant peachy dandy awesome what"),
    *each("just", "fabulous"),
    *each("gotta", "love"),
    "got to love",
    "have to love",
    *each("don't", "you ya just love"),
    *each("dont", "you ya just love"),
    *each("love", "it when how that waiting sitting being getting waking having paying standing"),
    *each("love", "working spending not"),
    *each("loving", "it how the"),
    *each("loved", "it how waiting sitting being"),
    *each("can't", "wait"),
    *each("cant", "wait"),
    "so much fun",
    "so much joy",
    "so much love",
    *each("nothing", "like says better beats"),
    *each(
        "how", "nice lovely convenient wonderful kind thoughtful sweet original surprising exciting"
    ),
    *each("how", "fun glad excited happy thrilled pleased"),
    *each("so", "glad excited happy thrilled pleased"),
    *each("really", "glad excited happy thrilled pleased"),
    *each("what a", "surprise joy shock treat shocker wonderful great lovely nice"),
    *each("exactly", "what how where"),
    *each("my", "favorite favourite fav"),
    *each("lucky", "me us"),
    *each("yay", "me us for another more ! i"),
    *each("great", "way start times time"),
    *each("awesome", "way start"),
    *each("lovely", "way start"),
    *each("nice", "way start times"),
    *each("fantastic", "way start"),
    *each("perfect", "way start"),
    *each("wonderful", "way start"),
    *each("brilliant", "way start"),
    *each("excellent", "way start"),
    *each("good", "way start times time"),
    *each("fun", "times time"),
    *each("that's", "always nice fun great helpful reassuring comforting"),
    *each("always", "fun nice great lovely a"),
)

SARCASM_RULES = (
    Rule(
        id="sentiment.mock_thanks",
        points=-16,
        why="thanks for trouble",
        anchors=(
            *each("thanks thx", "for to a but so again very"),
            "thank you for",
            "thank you so",
            "thank you very",
            "thank you to",
            "way to",
            *each("great good nice well bravo awesome excellent", "job work done on at with for"),
            *each("great good nice awesome excellent", "not losing canceling cancelling delaying"),
            *each("kudos congrats congratulations bravo", "on for to"),
        ),
        pattern=plain(
            rf"(?:thanks|thank you|thx)(?: so much| very much| a lot| again| a bunch)? (?:for"
            rf"|to) (?:\w+ ){{0,3}}{TROUBLE}"
            r"|thanks a (?:lot|bunch|million) [.!]* ?(?:\w+ ){0,4}(?:for nothing|not|now)"
            r"|thanks but no thanks|thanks for nothing"
            r"|way to (?:go|ruin|lose|make|treat|keep|screw|start|run|take|be|fail|mess|not|help"
            r"|leave|let|kill|drop)"
            rf"|(?:great|good|nice|well|bravo|awesome|excellent)(?: job| work| done)? (?:on |at "
            rf"|with |for |in )?(?:\w+ )?"
            r"(?:not|losing|cancell?ing|delaying|ruining|making (?:me|us)|wasting|messing"
            r"|forgetting)"
            rf"|(?:kudos|congrats|congratulations|bravo) (?:on |for |to )?(?:\w+ ){{0,3}}{TROUBLE}"
        ),
        unless=plain(
            r"(?:huge|big|massive|many|special) thanks|(?:thanks|thank you|thx)(?: so much"
            r"| very much"
            r"| a lot| again)? (?:for|to) (?:\w+ ){0,2}(?:sorting|fixing|solving|saving|rescuing"
            r"|helping|finding|explaining|repairing|clearing|staying|squeezing|fitting)"
        ),
        also={"intent.complaint": 12},
        fires_on=(
            "Thanks for losing my parcel",
            "way to ruin my birthday",
            "great job not answering",
        ),
        silent_on=(
            "Thanks for the tip, all fine",
            "Thanks for sorting out my mess",
            "the way to your shop",
            "well done!",
        ),
    ),
    Rule(
        id="sentiment.sarcasm",
        points=-12,
        why="says the opposite of what is meant",
        anchors=_MOCKING,
        pattern=plain(
            r"yeah right|# not(?: [.!#]*)*|# sarcas\w+|oh (?:great|joy|good|goody|lovely"
            r"|wonderful|look|yay|boy|how|the joys?|fun|perfect|awesome|yes|brilliant|that's"
            r"|what)"
            r"|just (?:great|lovely|wonderful|perfect|fantastic|brilliant|peachy|dandy|awesome"
            r"|what (?:i|we) needed|fabulous)"
            r"|gotta love|(?:got to|have to|you've got to) love|(?:don't|dont) (?:you |ya "
            r")?(?:just )?love"
            r"|(?:love|loving|loved) (?:it )?(?:when|how|that (?:i|my|the|you)|waiting|sitting"
            r"|being|getting|waking|having to|paying|standing|working|spending|not)"
            r"|(?:can't|cant) wait (?:to|for|til|till) (?:\w+ ){0,4}(?:work|school|wake|exam"
            r"|exams|finals?|homework|monday|class|classes|bus|traffic|gym|study|studying|essay"
            r"|hours|line|queue|6|5|early|again)"
            r"|so much (?:fun|joy|love for)|nothing (?:like|says|better than|beats) (?:\w+ "
            r")?(?:\w+ing|an?|your|my|to)"
            r"|how (?:nice|lovely|convenient|wonderful|kind|thoughtful|sweet|original|surprising"
            r"|exciting|fun) (?:of|to|that|[.!])"
            r"|what a (?:surprise|joy|shock|treat|shocker|wonderful way|great way|lovely way"
            r"|great start|lovely start|nice way)"
            r"|exactly (?:what|how|where) (?:i|we) (?:needed|wanted|want|need)|my (?:favou?rite"
            r"|fav) (?:thing|part|way|pastime)"
            r"|(?:lucky|yay|yippee|hooray|woo|woohoo) (?:me|us|for|another|more|!? ?i (?:get"
            r"|have))|(?:great|awesome|lovely|nice|fantastic|perfect|wonderful|brilliant"
            r"|excellent|good) (?:way|start) to (?:\w+ )?(?:start|end|begin|spend|my|the|treat"
            r"|wake|run)"
            r"|(?:so|how|really|very) (?:glad|excited|happy|thrilled|pleased) (?:i|to|that i) "
            r"(?:\w+ ){0,3}(?:work|school|paid|up|bought|pay|wake|sick|spend|study|alone|finals"
            r"|waste|wait|sitting)"
            r"|(?:fun|great|nice|good) times? (?:at|with|in) (?:the )?(?:work|dentist|hospital"
            r"|school|dmv|airport)|that's (?:always )?(?:nice|fun|great|helpful|reassuring"
            r"|comforting) [.!…]"
            r"|always (?:fun|nice|great|lovely|a pleasure) (?:when|to|being|having|waiting|getting)"
        ),
        also={"intent.complaint": 6},
        fires_on=(
            "Oh great, another delay",
            "love it when nobody picks up",
            "what a surprise. #not",
        ),
        silent_on=("I love your shop", "great start, keep it up", "not yet", "love the new menu"),
    ),
)
