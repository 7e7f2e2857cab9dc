"""Other people's certstream servers as a source: what they say is matched and handed on, and none of it is verified."""
