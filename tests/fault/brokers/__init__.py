"""Whole kernels between a real broker and actors that remember every message by its id."""
