"""Read receipts: where users are in a room, and in its threads."""
