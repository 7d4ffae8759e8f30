"""Who is typing. Kept in memory only."""
