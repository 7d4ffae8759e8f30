"""What clients ask first: where the server is, which versions it speaks, and what users may do."""
