"""How good a policy was: the mathematics of a backtest, and the page that shows it."""
