"""Measurements. Ratios from one run on one machine; nothing here asserts a time."""
