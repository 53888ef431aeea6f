"""The district as its admin writes it: its files, read into values that never change."""
