"""When to reach out to a user and when to keep quiet, with a reason for either."""
