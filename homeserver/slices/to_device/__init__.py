"""Messages from device to device, which are no events of a room."""
