"""What the data is fit for."""
