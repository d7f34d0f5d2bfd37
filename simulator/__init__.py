"""A small world of live commerce whose truth is known."""
