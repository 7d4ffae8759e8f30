"""Events about events: edits, threads, references, reactions."""
