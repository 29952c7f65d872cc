"""A second service, for the checker's sake: it writes down each message each time its handler runs, and nothing else.

Its table has no constraint against doubles, so that the inbox is the only thing that keeps them out.
"""
