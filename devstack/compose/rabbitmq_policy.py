"""Sets the policy that `manage.py cdc_doctor` prints, by RabbitMQ's management API: what no queue takes is kept.

Reads RABBITMQ_API (http://host:15672), RABBITMQ_USER, RABBITMQ_PASSWORD and RABBITMQ_VHOST. Exits 1 when it is refused.
"""

import base64
import json
import os
import sys
import urllib.error
import urllib.request

EXCHANGE = "events"
UNROUTABLE = f"{EXCHANGE}.unroutable"
POLICY = {"pattern": f"^{EXCHANGE}$", "apply-to": "exchanges", "definition": {"alternate-exchange": UNROUTABLE}}


def main() -> int:
    api, vhost = os.environ["RABBITMQ_API"], os.environ["RABBITMQ_VHOST"]
    credentials = f"{os.environ['RABBITMQ_USER']}:{os.environ['RABBITMQ_PASSWORD']}"
    request = urllib.request.Request(  # noqa: S310  (the address is the operator's)
        f"{api}/api/policies/{vhost}/{UNROUTABLE}",
        data=json.dumps(POLICY).encode(),
        headers={
            "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
            "Content-Type": "application/json",
        },
        method="PUT",
    )
    try:
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
    except (urllib.error.URLError, OSError) as error:
        print(f"RabbitMQ at {api} did not take the policy {UNROUTABLE}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
