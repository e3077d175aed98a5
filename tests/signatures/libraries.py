"""What PyPI has, behind the words of tests/examples/signatures.rs: reads deliveries, a line of JSON each, and says of each
whether its signature holds (`hear`), or signs it (`sign`). The moment is told in unix seconds."""

import base64
import json
import sys
from datetime import datetime, timezone

import stripe
from standardwebhooks import Webhook, WebhookVerificationError


def by_standard_webhooks(platform, secret):
    """BigCommerce's secret is text, and encoded for the library, which decodes it again."""
    return Webhook(base64.b64encode(secret.encode()).decode() if platform == "bigcommerce" else secret)


def sign(platform, secret, now, body):
    if platform == "stripe":
        return {"stripe-signature": stripe.WebhookSignature.generate_signature_header(body, secret, now)}
    at = datetime.fromtimestamp(now, timezone.utc)
    signature = by_standard_webhooks(platform, secret).sign("msg_1", at, body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}


def hear(platform, secret, headers, body):
    try:
        if platform == "stripe":
            stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        else:
            by_standard_webhooks(platform, secret).verify(body, headers)
    except (stripe.SignatureVerificationError, WebhookVerificationError):
        return "does not hold"
    return "holds"


wish, now = sys.argv[1], int(sys.argv[2])
for line in sys.stdin.buffer:
    delivery = json.loads(line)
    words = delivery["wiring"].split()
    platform, secret = words if len(words) == 2 else ("own", *words)
    if wish == "sign":
        print(json.dumps({**delivery, "headers": sign(platform, secret, now, delivery["body"])}))
    else:
        print(json.dumps({"signature": hear(platform, secret, delivery["headers"], delivery["body"])}))
