"""A device that nobody is logged in with: it collects keys of messages for whoever logs in next."""
