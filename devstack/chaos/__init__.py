"""`make chaos`: the real shop under load, a seeded schedule of faults, and a checker that believes only its own log.

See docs/chaos.md. Nothing in here is part of what it tests: it talks to the shop over HTTP, stands between processes
and servers as a TCP proxy, kills and stops, and reads the databases once everything has come to rest.
"""
