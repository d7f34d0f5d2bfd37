"""The occasions for a push, one file each."""
