"""Before each step forward a context is asked for figures; each gate holds one of them against its bound."""

from __future__ import annotations

from strangler.cutover.gates.gate import Candidate, Verdict, own_gate
from strangler.cutover.gates.table import GATES, examine

__all__ = ["GATES", "Candidate", "Verdict", "examine", "own_gate"]
