"""Stages in order, resumed and recorded."""
