"""Foreign keys between contexts, cut without downtime: operations for migrations, and what still crosses a border.

docs/severing-foreign-keys.md has the recipe.
"""

from strangler.cutover.severing.columns import AddColumn, DropColumn
from strangler.cutover.severing.filling import FillColumn
from strangler.cutover.severing.nulls import AllowNull
from strangler.cutover.severing.operation import SeverForeignKey

__all__ = ["AddColumn", "AllowNull", "DropColumn", "FillColumn", "SeverForeignKey"]
