"""What we know: windows, profiles, labels, room statistics, the feature vector."""
