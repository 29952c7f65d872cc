from monolith.payments.admin import ownership, payments

__all__ = ["ownership", "payments"]
