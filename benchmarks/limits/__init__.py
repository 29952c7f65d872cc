"""What the kit does at its edges: `python -m benchmarks.limits`, which writes docs/limits.md."""
