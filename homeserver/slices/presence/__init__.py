"""Who is online. Kept in memory; the last state of each user survives no restart, as people come back by syncing."""
