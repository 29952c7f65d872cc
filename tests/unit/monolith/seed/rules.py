"""What the services keep true, as queries: each finds the rows that break its rule. `until` ends the history."""

RULES = {
    "lines add up to their order": """
        SELECT o.number FROM orders_order o JOIN orders_orderline l ON l.order_id = o.id GROUP BY o.id
        HAVING o.subtotal <> sum(l.unit_price * l.quantity) OR o.discount <> sum(l.discount)
            OR o.tax < sum(l.tax) OR o.total <> o.subtotal - o.discount + o.shipping_cost + o.tax""",
    "every order has lines": "SELECT number FROM orders_order WHERE id NOT IN (SELECT order_id FROM orders_orderline)",
    "a line costs what its variant cost that day": """
        SELECT l.id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        WHERE l.unit_price IS DISTINCT FROM (
            SELECT amount FROM catalog_price p WHERE p.variant_id = l.variant_id AND p.valid_from <= o.placed_at
            ORDER BY p.valid_from DESC LIMIT 1)""",
    "a line copies its variant": """
        SELECT l.id FROM orders_orderline l JOIN catalog_variant v ON v.id = l.variant_id
        JOIN catalog_product p ON p.id = v.product_id
        WHERE l.sku <> v.sku OR l.name <> p.name || CASE v.name WHEN '' THEN '' ELSE ', ' || v.name END""",
    "an order is younger than its customer": """
        SELECT number FROM orders_order o JOIN customers_customer c ON c.id = o.customer_id
        WHERE o.placed_at < c.created_at OR o.customer_email <> c.email OR o.customer_name <> c.name""",
    "it goes to an address of the customer": """
        SELECT number FROM orders_order o WHERE NOT EXISTS (
            SELECT FROM customers_address a WHERE a.customer_id = o.customer_id AND o.ship_to = jsonb_build_object(
                'recipient', a.recipient, 'street', a.street, 'postal_code', a.postal_code, 'city', a.city,
                'country', a.country))""",
    "stock is the sum of its movements": """
        SELECT i.id FROM inventory_stockitem i LEFT JOIN inventory_stockmovement m ON m.item_id = i.id
        GROUP BY i.id HAVING i.on_hand <> coalesce(sum(m.quantity), 0)""",
    "stock was never negative": """
        SELECT id FROM (SELECT id, sum(quantity) OVER (PARTITION BY item_id ORDER BY created_at, quantity DESC) AS level
                        FROM inventory_stockmovement) levels WHERE level < 0""",
    "reserved is what is actively reserved": """
        SELECT i.id FROM inventory_stockitem i
        LEFT JOIN inventory_reservation r ON r.item_id = i.id AND r.status = 'active'
        GROUP BY i.id HAVING i.reserved <> coalesce(sum(r.quantity), 0)""",
    "each line has its reservation": """
        SELECT l.id FROM orders_orderline l JOIN orders_order o ON o.id = l.order_id
        LEFT JOIN (inventory_reservation r JOIN inventory_stockitem i ON i.id = r.item_id
                   JOIN inventory_warehouse w ON w.id = i.warehouse_id)
            ON (r.reference, i.sku, w.code) = (o.number, l.sku, l.warehouse)
        LEFT JOIN shipping_shipmentline s ON s.order_line_id = l.id
        WHERE r.quantity IS DISTINCT FROM l.quantity
           OR r.status <> CASE WHEN o.status = 'cancelled' THEN 'released'
                               WHEN s.id IS NOT NULL THEN 'fulfilled' ELSE 'active' END""",
    "a parcel leaves the warehouse where its goods were reserved": """
        SELECT p.id FROM shipping_shipment p JOIN shipping_shipmentline s ON s.shipment_id = p.id
        JOIN orders_orderline l ON l.id = s.order_line_id
        WHERE l.warehouse <> p.warehouse OR l.order_id <> p.order_id""",
    "no more is shipped than was ordered": """
        SELECT l.id FROM orders_orderline l JOIN shipping_shipmentline s ON s.order_line_id = l.id
        GROUP BY l.id HAVING sum(s.quantity) > l.quantity""",
    "what is shipped has left the stock, what was received is back": """
        SELECT o.number FROM orders_order o
        LEFT JOIN LATERAL (SELECT sum(s.quantity) FROM shipping_shipmentline s JOIN shipping_shipment p
            ON p.id = s.shipment_id WHERE p.order_id = o.id) shipped (units) ON true
        LEFT JOIN LATERAL (SELECT sum(b.quantity) FROM shipping_returnline b JOIN shipping_return r
            ON r.id = b.returned_id WHERE r.order_id = o.id AND r.status = 'received') back (units) ON true
        WHERE (coalesce(-shipped.units, 0), coalesce(back.units, 0)) <> (
            SELECT coalesce(sum(quantity) FILTER (WHERE reason = 'shipped'), 0),
                   coalesce(sum(quantity) FILTER (WHERE reason = 'returned'), 0)
            FROM inventory_stockmovement WHERE reference = o.number)""",
    "payments are the sums of their ledger": """
        SELECT p.order_number FROM payments_payment p JOIN payments_ledgerentry e ON e.payment_id = p.id GROUP BY p.id
        HAVING p.authorised <> sum(amount) FILTER (WHERE kind = 'authorised')
            OR p.captured <> coalesce(sum(amount) FILTER (WHERE kind = 'captured'), 0)
            OR p.refunded <> coalesce(sum(amount) FILTER (WHERE kind = 'refunded'), 0)""",
    "a payment's status follows from its amounts": """
        SELECT order_number FROM payments_payment p
        LEFT JOIN payments_ledgerentry v ON v.payment_id = p.id AND v.kind = 'voided'
        WHERE p.status <> CASE
            WHEN v.id IS NOT NULL AND captured = 0 THEN 'voided' WHEN v.id IS NOT NULL THEN 'refunded'
            WHEN refunded > 0 AND refunded = authorised THEN 'refunded' WHEN refunded > 0 THEN 'partially_refunded'
            WHEN captured = 0 THEN 'authorised' WHEN captured = authorised THEN 'captured'
            ELSE 'partially_captured' END""",
    "each order has a payment of its total": """
        SELECT o.number FROM orders_order o LEFT JOIN payments_payment p ON p.order_number = o.number
        WHERE p.authorised IS DISTINCT FROM o.total OR p.customer_email <> o.customer_email""",
    "what has left the shop is paid": """
        SELECT o.number FROM orders_order o JOIN payments_payment p ON p.order_number = o.number
        WHERE o.status IN ('shipped', 'delivered', 'completed', 'returned', 'refunded') AND p.captured <> o.total
           OR (o.status IN ('refunded', 'cancelled')) AND p.status NOT IN ('refunded', 'voided')
           OR o.status NOT IN ('cancelled', 'refunded') AND o.status <> 'returned' AND p.status = 'refunded'
              AND NOT EXISTS (SELECT FROM shipping_return r WHERE r.order_id = o.id)""",
    "an order's status follows from its parcels": """
        SELECT o.number FROM orders_order o
        JOIN LATERAL (SELECT count(*) AS lines, count(s.id) AS shipped, count(p.delivered_at) AS delivered
            FROM orders_orderline l LEFT JOIN shipping_shipmentline s ON s.order_line_id = l.id
            LEFT JOIN shipping_shipment p ON p.id = s.shipment_id WHERE l.order_id = o.id) n ON true
        WHERE NOT CASE o.status
            WHEN 'placed' THEN shipped = 0 WHEN 'cancelled' THEN shipped = 0
            WHEN 'partially_shipped' THEN shipped > 0 AND shipped < lines
            WHEN 'shipped' THEN shipped = lines AND delivered < lines
            WHEN 'refunded' THEN shipped = lines ELSE delivered = lines END
           OR (o.shipped_at IS NOT NULL) <> (shipped = lines)
           OR (o.cancelled_at IS NOT NULL) <> (o.status = 'cancelled')
           OR (o.delivered_at IS NOT NULL) <> (delivered = lines)""",
    "an order is completed after thirty days, unless something happened": """
        SELECT number FROM orders_order
        WHERE status = 'delivered' AND delivered_at <= %(until)s::timestamptz - interval '30 days'
           OR status = 'completed' AND delivered_at > %(until)s::timestamptz - interval '30 days'""",
    "things happen one after the other": """
        SELECT o.number FROM orders_order o JOIN shipping_shipment p ON p.order_id = o.id
        LEFT JOIN shipping_return r ON r.order_id = o.id
        WHERE NOT (o.placed_at < p.packed_at AND p.packed_at <= coalesce(p.dispatched_at, p.packed_at)
            AND coalesce(p.dispatched_at, p.packed_at) <= coalesce(p.delivered_at, 'infinity')
            AND p.packed_at <= coalesce(o.shipped_at, 'infinity')
            AND coalesce(p.delivered_at, '-infinity') <= coalesce(o.delivered_at, 'infinity')
            AND coalesce(o.delivered_at, '-infinity') < coalesce(r.requested_at, 'infinity')
            AND coalesce(r.requested_at, '-infinity') < coalesce(r.closed_at, 'infinity'))""",
    "a return gives back what its goods cost": """
        SELECT r.number FROM shipping_return r JOIN shipping_returnline b ON b.returned_id = r.id
        JOIN orders_orderline l ON l.id = b.order_line_id
        GROUP BY r.id HAVING r.refunded <> CASE r.status WHEN 'received' THEN
            sum(round((l.unit_price * l.quantity - l.discount + l.tax) * b.quantity / l.quantity, 2)) ELSE 0 END
            OR bool_or(b.quantity > l.quantity)""",
    "what a return gives back is in the ledger": """
        SELECT r.number FROM shipping_return r JOIN orders_order o ON o.id = r.order_id
        JOIN payments_payment p ON p.order_number = o.number
        WHERE p.refunded < r.refunded OR r.status <> 'received' AND p.refunded > 0""",
    "parcels in the carrier's hands are tracked": """
        SELECT p.id FROM shipping_shipment p LEFT JOIN shipping_trackingevent t ON t.shipment_id = p.id
        WHERE p.dispatched_at BETWEEN %(until)s::timestamptz - interval '100 days' AND %(until)s GROUP BY p.id
        HAVING count(t.id) = 0 OR p.carrier = '' OR (max(t.reported_at) FILTER (WHERE t.status = 'delivered'))
            IS DISTINCT FROM p.delivered_at""",
    "days are counted as the signal counts": """
        SELECT day FROM reporting_dailysales FULL JOIN (
            SELECT (placed_at AT TIME ZONE 'UTC')::date AS day, count(*) FILTER (WHERE status <> 'cancelled') AS orders,
                   coalesce(sum(total) FILTER (WHERE status NOT IN ('cancelled', 'refunded')), 0) AS revenue
            FROM orders_order GROUP BY 1) real
        USING (day) WHERE reporting_dailysales.orders IS DISTINCT FROM real.orders
           OR reporting_dailysales.revenue IS DISTINCT FROM real.revenue""",
    "customers are counted as the signal counts": """
        SELECT c.id FROM customers_customer c LEFT JOIN orders_order o ON o.customer_id = c.id GROUP BY c.id
        HAVING order_count <> count(*) FILTER (WHERE status <> 'cancelled')
            OR lifetime_value <> coalesce(sum(total) FILTER (WHERE status NOT IN ('cancelled', 'refunded')), 0)
            OR last_order_at IS DISTINCT FROM max(placed_at) FILTER (WHERE status <> 'cancelled')""",
    "a code is redeemed by orders of its time": """
        SELECT code FROM orders_promotion c LEFT JOIN orders_order o ON o.promotion_code = c.code GROUP BY c.id
        HAVING redemptions <> count(*) FILTER (WHERE status <> 'cancelled')
            OR bool_or(o.placed_at < valid_from OR o.placed_at >= valid_until
                       OR o.subtotal < minimum OR discount = 0)""",
    "what happened in the last days was told once": """
        SELECT number FROM orders_order o WHERE placed_at >= %(until)s::timestamptz - interval '14 days' AND (
            SELECT count(*) FILTER (WHERE template = 'order_confirmation' AND address = o.customer_email)
            FROM notifications_email
            WHERE order_number = o.number AND status = 'sent' AND body LIKE '%%' || o.total || '%%'
        ) <> 1""",
    "transfers have moved what they say": """
        SELECT t.number FROM inventory_transfer t JOIN inventory_transferline l ON l.transfer_id = t.id
        JOIN inventory_stockitem i ON i.sku = l.sku AND i.warehouse_id IN (t.source_id, t.destination_id)
        LEFT JOIN inventory_stockmovement m ON m.item_id = i.id AND m.reference = t.number
        WHERE coalesce(m.quantity, 0) <> CASE
            WHEN i.warehouse_id = t.source_id AND t.dispatched_at IS NOT NULL THEN -l.quantity
            WHEN i.warehouse_id = t.destination_id AND t.received_at IS NOT NULL THEN l.quantity ELSE 0 END""",
}
