"""Public data sets, each read in its own format and told in the contract's events."""
