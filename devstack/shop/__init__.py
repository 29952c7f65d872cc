"""The shop and its service as processes, for those who look on from outside: the demo and the chaos runs."""
