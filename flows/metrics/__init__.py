"""What a live process tells of itself over HTTP: figures for Prometheus, and whether it is well."""
