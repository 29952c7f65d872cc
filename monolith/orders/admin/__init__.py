from monolith.orders.admin import carts, orders

__all__ = ["carts", "orders"]
