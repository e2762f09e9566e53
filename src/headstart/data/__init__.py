"""Reading labelled files and splitting them."""
