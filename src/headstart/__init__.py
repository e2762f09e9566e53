"""Headstart: should this feature be built on a pretrained model? An answer with evidence."""
