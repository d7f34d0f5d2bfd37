"""The commands of the command line, one a module with `add(subparsers)` and `run(args)`."""
