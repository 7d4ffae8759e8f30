"""What users have not read: how many events notify them, in the main timeline and in each thread of a room."""
