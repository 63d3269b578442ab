"""
Ways into tables that were walked through as a whole.

Links are looked for from both ends each time an author is assessed; names go with their reply.
"""

SCRIPT = """
CREATE INDEX event_link ON event (json_extract(data, '$.mention_id')) WHERE kind = 'link';
CREATE INDEX reply_name_reply ON reply_name (reply_id);
"""
