"""A card gateway in a process of its own, for the shop on one machine and for tests: `python -m devstack.gateway`.

It takes no money. What a real one does to those who call it, it can be told to do: be slow, be away, answer when nobody
waits any more, answer twice, decline. Every movement of money is in its own log, so that a check need believe nobody
else.
"""
