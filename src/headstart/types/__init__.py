"""The words of the field: frozen records and errors."""
