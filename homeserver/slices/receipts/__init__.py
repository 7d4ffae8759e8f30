"""Read receipts, read markers, and the unread counts that follow from them."""
