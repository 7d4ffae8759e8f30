"""Which threads a user follows, and which they have said they do not."""
