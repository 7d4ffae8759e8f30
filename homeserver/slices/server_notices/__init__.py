"""Messages of the server's operators to its users, each in a room of their own with it."""
