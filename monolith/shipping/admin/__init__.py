from monolith.shipping.admin import packing, parcels, returns

__all__ = ["packing", "parcels", "returns"]
