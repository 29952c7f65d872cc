"""Before each step forward a context is asked for figures; each gate holds one of them against its bound."""

from __future__ import annotations

from strangler.cutover.gates.gate import Candidate, Verdict, own_gate

__all__ = ["Candidate", "Verdict", "own_gate"]
