"""
One SQLite file: what the channels said, what we did, and what follows from both.

All SQL of the program stands in this package, one module per table family, as functions over a
connection. `Store` (in ``store.database``) opens, locks and migrates.

    mention, reply, own_post, edit      what the channels said            items.py
    channel, stream, gap                how far each was read, and when   channels.py
    event                               what we did; append-only          events.py
    calendar                            hours and targets, by version     calendars.py
    conversation, clock, alias, dirty   derived from the above            conversations.py
"""
