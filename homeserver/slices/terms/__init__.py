"""Documents that people accept when they register."""
