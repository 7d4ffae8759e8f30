"""Room aliases, and the public room directory."""
