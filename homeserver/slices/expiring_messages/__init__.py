"""Messages that lose their content at a time that their sender set."""
