"""When which field of whose profile changed, for those who share rooms with them."""
