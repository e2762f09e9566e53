"""What is particular to texts and to images: decode, classical features, preprocessing."""
