"""Journeys through the shop's extractions: `make demo ARGS="--tour reporting"`."""
