"""Reports: events, rooms and users that people point out to the operator."""
