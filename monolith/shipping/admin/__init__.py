from monolith.shipping.admin import parcels, returns

__all__ = ["parcels", "returns"]
