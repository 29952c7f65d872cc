"""What every figure needs: rounds that take turns, ratios within a round, and how to tell what came out."""
