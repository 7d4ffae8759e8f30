"""The page that logs people in for clients that do not know how to."""
