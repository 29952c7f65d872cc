"""At stage `shadow` the service answers too; its answer is compared with the monolith's and thrown away.

The request pays for a copy of the answer and a place in a queue, nothing else: the service is asked by threads beside
it, the queue is short, and what finds no place in it is dropped and counted. Parallel Run:
<https://www.thoughtworks.com/insights/blog/microservices/parallel-run>.
"""

from __future__ import annotations

from strangler.cutover.shadow.comparing import Rules
from strangler.cutover.shadow.run import Shadow

__all__ = ["Rules", "Shadow"]
