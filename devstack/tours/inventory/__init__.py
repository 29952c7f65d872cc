"""Inventory leaves the shop, and comes back: `make demo ARGS="--tour inventory"`."""
