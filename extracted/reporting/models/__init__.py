"""Everything is kept per generation, so that a new copy can be built beside the one that answers."""

from extracted.reporting.models.facts import LineFact, MovementFact, OrderFact, ReturnFact
from extracted.reporting.models.figures import CohortMonth, Customer, Product, ProductDay, SalesDay, StockMonth
from extracted.reporting.models.generations import Generation, Serving

__all__ = [
    "CohortMonth",
    "Customer",
    "Generation",
    "LineFact",
    "MovementFact",
    "OrderFact",
    "Product",
    "ProductDay",
    "ReturnFact",
    "SalesDay",
    "Serving",
    "StockMonth",
]
