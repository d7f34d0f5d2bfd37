"""Where it rests: Redis, the decision log, dead letters, and the reader."""
