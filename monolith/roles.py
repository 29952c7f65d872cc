"""Who may do what in the back office and in the API: three groups, kept by every `migrate`.

What is taken away from a group by hand comes back with the next migrate; what is added by hand stays.
"""

from typing import Any

from django.apps import AppConfig

CATALOGUE = {"catalog.view_category", "catalog.view_product", "catalog.view_variant", "catalog.view_price"}
STOCK = {"inventory.view_warehouse", "inventory.view_stockitem", "inventory.view_knownstock"}
STOCK_IN_DETAIL = {
    *STOCK,
    *("inventory.view_stockmovement", "inventory.view_reservation"),
    *("inventory.view_transfer", "inventory.view_transferline"),
    *("inventory.view_ownership", "inventory.view_change"),
}
CUSTOMERS = {"customers.view_customer", "customers.view_address"}
ORDERS = {"orders.view_order", "orders.view_orderline"}
PROMOTIONS = {"orders.view_promotion"}
PAYMENTS = {"payments.view_payment", "payments.view_ownership", "payments.view_paymentrequest"}
PARCELS = {
    *("shipping.view_shipment", "shipping.view_shipmentline", "shipping.view_trackingevent"),
    *("shipping.view_return", "shipping.view_returnline", "shipping.view_packingjob"),
}

ROLES: dict[str, set[str]] = {
    # Answers customers, and keeps what the catalogue says.
    "support": {
        *CATALOGUE,
        *STOCK,
        *CUSTOMERS,
        *ORDERS,
        *PROMOTIONS,
        *PARCELS,
        *("catalog.add_category", "catalog.change_category"),
        *("catalog.add_product", "catalog.change_product"),
        *("catalog.add_variant", "catalog.change_variant"),
        *("customers.change_customer", "customers.add_address"),
        *("customers.change_address", "customers.delete_address"),
        *("orders.view_cart", "orders.view_cartitem", "orders.cancel_order"),
        *PAYMENTS,
        "shipping.add_return",
        *("notifications.view_email", "notifications.resend_email"),
        *("strangler_inbox.view_deadletter", "strangler_saga.view_sagainstance"),
        *("strangler_saga.resume_sagainstance", "strangler_saga.compensate_sagainstance"),
    },
    # Packs, sends, counts and takes back.
    "warehouse": {
        *CATALOGUE,
        *STOCK_IN_DETAIL,
        *ORDERS,
        *PARCELS,
        *("inventory.add_warehouse", "inventory.change_warehouse"),
        *("inventory.add_stockitem", "inventory.change_stockitem"),
        *("inventory.add_transfer", "inventory.change_transfer", "inventory.add_transferline"),
        *("shipping.ship_order", "shipping.deliver_shipment", "shipping.close_return"),
    },
    # Sets prices, and moves money.
    "finance": {
        *CATALOGUE,
        *STOCK_IN_DETAIL,
        *CUSTOMERS,
        *ORDERS,
        *PROMOTIONS,
        *PARCELS,
        "catalog.add_price",
        *("orders.add_promotion", "orders.change_promotion"),
        *("orders.refund_order", "payments.capture_payment", "shipping.write_off_shipment"),
        *PAYMENTS,
        "payments.view_ledgerentry",
        "reporting.view_dailysales",
    },
}


def grant(sender: AppConfig, using: str, **_signal: Any) -> None:
    """After `migrate`, once per app: Django has just made that app's permissions."""
    from django.contrib.auth.models import Group, Permission

    there = {
        permission.codename: permission
        for permission in Permission.objects.using(using).filter(content_type__app_label=sender.label)
    }
    for role, permissions in ROLES.items():
        wanted = {name.partition(".")[2] for name in permissions if name.startswith(f"{sender.label}.")}
        if wanted & there.keys():
            group, _ = Group.objects.using(using).get_or_create(name=role)
            group.permissions.add(*(there[codename] for codename in wanted & there.keys()))
