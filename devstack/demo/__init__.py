"""`make demo`: the shop, the relay and the first extracted service at work, killed on the way, and checked at the end.

Everything here looks on from outside: it talks to the shop over HTTP, kills processes, and reads the databases as a
role that may only read. Nothing of it is part of the flow that it shows.
"""
