"""The event nearest to a moment."""
