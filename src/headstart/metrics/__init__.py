"""Classification metrics, pure functions."""
