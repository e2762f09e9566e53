"""Candidate backbones, measured."""
