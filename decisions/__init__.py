"""What we do: slates, pushes, and every no with its reason."""
