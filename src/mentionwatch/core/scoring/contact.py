"""Rules about our own answering: waiting, on hold, no answer, asked before, other ways tried."""

from __future__ import annotations

from mentionwatch.core.scoring.rule import Rule, each, listed, plain

NUMBER = (
    r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|forty|several"
    r"|few|couple|couple of|many|multiple)"
)
UNIT = r"(?:mins?|minutes?|hrs?|hours?|days?|weeks?|wks?|months?|years?|business days)"
_NOBODY = r"(?:no one|noone|nobody|not one|no body|none of|does anyone|does anybody)"
_PEOPLE = r"(?:you guys|you|they|he|she|anyone|anybody)"
CONTACT_RULES = (
    Rule(
        id="urgency.no_answer",
        points=12,
        why="nobody answered so far",
        anchors=listed(
            "reply, replies, replied, response, responses, respond, responded, responding, "
            "answer, answers, answered, answering, heard, ignored, ignoring, ignore, get "
            "through, got through, reach, picks up, pick up, picked up, called back, call back, "
            "callback, unanswered, silence, get back, got back, gotten back, anyone there, "
            "anybody there, get ahold, get a hold, get hold, hear back, no update, no updates, "
            "no help, no communication, no one, nobody, crickets"
        ),
        pattern=plain(
            r"(?:no|any|without|without an?|zero|not an?|not one|never an?|awaiting|awaiting an?"
            r"|waiting (?:for|on) (?:an?|your|the|some)) (?:\w+ )?(?:reply|replies|response"
            r"|responses"
            r"|answer|answers|callback|call back)"
            r"|(?:not|never|haven't|hasn't|havent|hasnt|didn't|didnt|don't|dont|doesn't|doesnt"
            r"|won't"
            r"|wont|can't|cant|aren't|isn't|not even) (?:\w+ ){0,2}(?:reply|replied|replying"
            r"|respond"
            r"|responded|responding|answer|answered|answering|heard|hear back|called back"
            r"|call back|called (?:me|us) back|get back|got back|gotten back|pick(?:ed|ing|s)? up"
            r"|get through|reach|get (?:a )?hold|get ahold|return(?:ed|ing)? (?:my|our|calls?))"
            r"|(?:can't|cant|cannot|unable to|impossible to|couldn't|trying to|tried to|try to) "
            r"(?:\w+ )?"
            r"(?:get through|reach|get (?:a )?hold|get ahold|speak|talk|contact)"
            rf"|{_NOBODY} (?:\w+ ){{0,2}}(?:answers?|answered|answering|replies|replied|responds"
            r"|responded|picks up|picked up|called back|calls back|knows|helps|cares|ignored?"
            r"|ignoring)"
            rf"|{_PEOPLE} (?:\w+ )?(?:ignored?|ignoring)"
            r"|(?:being|been|was|am|i'm|keep|keeps|just) (?:\w+ )?ignor(?:ed|ing)|ignor(?:ed"
            r"|ing) (?:me|my|us|our)"
            r"|unanswered|radio silence|any(?:one|body) there|crickets"
            r"|no (?:updates?|help|communication|information|info|explanation|apology|one to help)"
            r"|(?:no one|nobody) (?:\w+ ){0,3}(?:help|answer|tell|call|know|can|will|at|has|is|was)"
        ),
        also={"sentiment.no_answer": -13, "intent.complaint": 15},
        fires_on=(
            "Still no reply??",
            "nobody answers the phone",
            "I haven't heard anything from you",
            "you never called back",
        ),
        silent_on=("Your quick reply was great", "I heard the answer on the radio"),
    ),
    Rule(
        id="urgency.on_hold",
        points=16,
        why="was kept waiting on the line or cut off",
        anchors=listed(
            "on hold, hung up, hang up, hanging up, hangs up, hold for, hold music, disconnected, "
            "disconnect, disconnects, cut off, transferred, busy signal, lines are busy, line is "
            "busy, voicemail, voice mail, hold time, hold times, cuts off, call volume, holding "
            "for, robot, automated, hold since, hold w, holding, been on hold, phone lines, hours "
            "on the phone, hour on the phone, minutes on the phone, mins on the phone, on the "
            "phone with you, on the phone for, been on the phone, spent on the phone"
        ),
        unless=plain(r"(?:disconnected|disconnects) (?:from )?(?:the )?(?:wifi|bluetooth|headset)"),
        also={"sentiment.on_hold": -12, "intent.complaint": 12},
        fires_on=("on hold for two hours", "your agent hung up on me"),
        silent_on=("Please hold the table for us", "He hung the picture up himself"),
    ),
    Rule(
        id="urgency.waiting",
        points=3,
        why="has been waiting",
        anchors=("sitting", "sat", "standing", "sit", "waiting"),
        # Who waits for a bus, or sits in a waiting room, does not wait for us.
        pattern=plain(
            rf"(?:sitting|sat|standing|sit) (?:\w+ ){{0,5}}(?:tarmac|runway|plane|gate|{UNIT})"
            r"|waiting(?! room| (?:for|on) (?:my (?:sister|brother|mum|mom|dad|wife|husband"
            r"|friends?"
            r"|kids|son|daughter|bus|train)|the (?:school )?(?:bus|train|tram)) )"
        ),
        finds=(
            *listed("waited, delay, delays, delayed, overdue, behind schedule"),
            *each("a the to long hour hours hr min minute mins longer", "wait"),
            *each(
                "hours hour hrs hr mins min minutes days weeks always is are was be again running",
                "late",
            ),
            *each("takes taking took waiting waited", "forever"),
            *each("take takes taking took", "so too this very ages long"),
            *each("long huge slow", "line lines queue queues"),
        ),
        unless=plain(
            r"can't wait|cant wait|cannot wait|couldn't wait|better late than never|worth the wait"
        ),
        also={"sentiment.waiting": -7, "intent.complaint": 10},
        fires_on=("I am still waiting for it", "waited an hour for a sandwich", "always late"),
        silent_on=("can't wait to see it", "open late, sitting outside", "wait and see"),
    ),
    Rule(
        id="urgency.duration",
        points=2,
        why="names how long it has taken",
        anchors=listed(
            "min, mins, minutes, minute, hr, hrs, hours, hour, days, day, weeks, week, months, "
            "month, years, year"
        ),
        pattern=plain(
            rf"(?:{NUMBER}|half an|(?:for|over|after|almost|than|another|about|an?) (?:an?"
            rf"|hour)) (?:\+ )?{UNIT}"
        ),
        also={"sentiment.duration": -5},
        fires_on=("it has been 3 weeks", "over two hours and counting"),
        silent_on=("day by day", "happy hours all week", "what a day"),
    ),
    Rule(
        id="urgency.asked_before",
        points=8,
        why="it is not the first time",
        anchors=(
            *listed("times, twice, already, again ?, again !, again ., still ?, again"),
            *each(
                "second third fourth fifth 2nd 3rd 4th 5th 6th umpteenth",
                "time email mail message call tweet letter attempt day week flight request",
            ),
            *each("multiple several numerous many two three four five six ten few", "times emails"),
            *each("multiple several numerous many two three four five six ten few", "calls people"),
            *each(
                "2 3 4 5 6 7 8 9 10 20", "times emails calls messages tweets people phone agents"
            ),
        ),
        pattern=plain(
            r"(?:second|third|fourth|fifth|\d+(?:nd|rd|th)|umpteenth) (?:time|email|mail|message"
            r"|call"
            r"|tweet|letter|attempt|day|week|flight|request)"
            r"|(?:\d+|two|three|four|five|six|ten|several|multiple|many|numerous|few) "
            r"(?:different )?"
            r"(?:times(?! better)|emails|calls|messages|attempts|tweets|requests|people|phone "
            r"calls|agents)"
            r"|(?:asked|called|emailed|wrote|written|tweeted|tried|told|contacted|complained"
            r"|phoned|sent) (?:\w+ ){0,4}(?:twice|already|before|repeatedly|again)"
            r"|already (?:\w+ )?(?:asked|called|emailed|written|wrote|told|sent|tried|contacted"
            r"|did|done"
            r"|filled|paid|submitted|dm'?e?d|spoke|spoken)|(?:still|again|twice)(?= [?!.])"
        ),
        finds=(
            *listed(
                "chasing this, chasing up, chasing my, following up on my, following up again, "
                "hello ? anyone, once again, yet again, repeatedly, every time, everytime, "
                "constantly, time in a row"
            ),
            *each(
                "still",
                "no not nothing haven't hasn't havent hasnt don't doesn't can't cant waiting "
                "isn't isnt"
                " on having unable sitting getting without need says saying trying stuck broken "
                "down",
            ),
        ),
        also={"sentiment.asked_before": -5, "intent.complaint": 8},
        fires_on=(
            "Asking for the third time",
            "I called twice",
            "still nothing from you",
            "Is it down again?",
        ),
        silent_on=("better in good times", "I still love it", "hope to come again soon"),
    ),
    Rule(
        id="urgency.tried_channels",
        points=10,
        why="tried to reach us another way before",
        anchors=("left", "sent", "send", "filled", "filling", "submitted"),
        pattern=plain(
            r"(?:filled|filling) (?:in|out|the|your|a|it)(?: \w+){0,3}"
            r"|(?:left|sent) (?:\w+ ){0,3}(?:voice ?mail|messages?|e ?mails?|dms?|letters?|form"
            r"|request)"
            r"|submitted (?:\w+ ){0,2}(?:form|ticket|request|complaint|claim)"
        ),
        finds=(
            *each(
                "i we i've we've ive have had already just and tried husband wife",
                "called rang phoned emailed texted messaged dm'd dmed complained chatted contacted"
                " written wrote mailed calling emailing",
            ),
            *each("spoke spoken talked chatted speaking", "to with"),
            *each("your ur", "rep reps agent agents representative"),
            "live chat",
            "phone calls",
        ),
        also={"sentiment.tried_channels": -5, "intent.complaint": 10},
        fires_on=(
            "I called and filled in the form on Tuesday",
            "sent you an email last week",
            "spoke to your shop yesterday",
        ),
        silent_on=("a café called Acme", "the wall calls for art", "in good form today"),
    ),
)
