"""Intervals, corrected tests, power."""
