"""When and where it runs: sources, graphs, settings, the command line."""
