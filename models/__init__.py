"""What we predict: online learners and their read-only scorers."""
