"""The brief: read, validate, write."""
