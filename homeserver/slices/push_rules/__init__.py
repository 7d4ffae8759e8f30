"""Push rules: the predefined ones, what users changed of them, and their own."""
