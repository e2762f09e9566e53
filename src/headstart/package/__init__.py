"""Write a bundle, after the parity gate."""
