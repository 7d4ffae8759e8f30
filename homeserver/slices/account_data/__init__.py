"""What clients keep for a user, in all and for a room: settings, tags, ignored users, and the read marker."""
