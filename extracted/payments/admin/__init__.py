from extracted.payments.admin import ledger, payments, records

__all__ = ["ledger", "payments", "records"]
