"""The hold-out, opened once."""
