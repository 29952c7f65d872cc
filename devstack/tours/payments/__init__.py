"""Payments leave the shop while it sells, and the gateway fails in every way: `make demo ARGS="--tour payments"`."""
