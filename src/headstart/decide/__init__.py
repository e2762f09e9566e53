"""The decision and the memo."""
