"""A batch of ten for every function, in the order an order meets them: what each keeps in memory for it."""

import json
import zipfile
from datetime import datetime, timezone

from cloud import ENDPOINT
from measuring.function import REGION, Function
from shop import STORE, moment, signed_headers
from stages import Failed, expect

TEN = range(10)
LINK_BASE = "https://hello.shop.example"
WEBHOOK_SECRET = b"a webhook's secret, 24 b."
SECRETS = {
    "keys/lookup": "a key to look up",
    "keys/code": "a key of codes",
    "keys/link": "1:a key of links",
    "webhook-secrets": "whsec_YSB3ZWJob29rJ3Mgc2VjcmV0LCAyNCBiLg==",
}
BUCKET, KEY = "files", f"imports/{STORE}/orders.csv"
# What a shop uploads: ten pieces of 2 MB, as the importer reads a file.
UPLOAD_BYTES = 20 << 20


def environment(work):
    """All that the module tells its functions, the same for each."""
    return {
        "WINBACK_CUSTOMERS_TABLE": "customers",
        "WINBACK_LEDGER_TABLE": "ledger",
        "WINBACK_EVENTS_QUEUE_URL": f"{ENDPOINT}/000000000000/events",
        "WINBACK_DUE_QUEUE_URL": f"{ENDPOINT}/000000000000/due",
        "WINBACK_CONFIGURATION_SET": "winback",
        "WINBACK_LINK_BASE": LINK_BASE,
        "WINBACK_SECRETS_PREFIX": "/winback",
        "WINBACK_DUE_SHARDS": "8",
        "WINBACK_FILES_BUCKET": BUCKET,
        "WINBACK_PROGRAMS_DIR": str(work / "programs/winback"),
    }


class Batches:
    """Runs them on the stand-in, and remembers the peak of each function and an event to ask it with."""

    def __init__(self, aws, executables, work, layer):
        self.aws, self.executables, self.work = aws, executables, work
        self.environment = {**environment(work), "AWS_ENDPOINT_URL": ENDPOINT}
        with zipfile.ZipFile(layer) as archive:
            archive.extractall(work / "programs")
        self.peaks, self.events = {}, {}

    async def run(self):
        """All functions."""
        self.make_what_they_stand_on()
        await self.asked("scan-customers", [{"scheduled_at": moment(24), "set": {"store": STORE, "state": "live"}}])
        await self.asked("receive-webhook", [order(number) for number in TEN])
        await self.asked("record-event", [self.batch("events")])
        await self.asked("find-lapsed", [{"scheduled_at": moment()}])
        hints = self.batch("due")
        await self.asked("find-lapsed", [{"scheduled_at": moment()} for _ in TEN])
        await self.asked("send-message", [hints])
        mails = self.aws.outbox()
        expect(len(mails) == len(TEN), "send-message mailed ten", len(mails))
        await self.asked("record-delivery", [delivered(mail) for mail in mails])
        await self.asked("serve-offer", [url_event("GET", path_in(mail.text, "/o/")) for mail in mails])
        codes = [message["offer"] for key, message in self.aws.items("ledger").items() if "#message#" in key]
        await self.asked("redeem-code", [redeemed(json.loads(offer)["code"], at) for at, offer in enumerate(codes)])
        await self.asked("scan-customers", [{"scheduled_at": moment(24 - at)} for at in TEN])
        # Nobody gave a key to a store: what is measured is the start and the list of stores.
        await self.asked("pull-orders", [{"scheduled_at": moment(24 - at)} for at in TEN])
        await self.imports()

    async def asked(self, name, events):
        """A function in a process of its own, asked with all events."""
        log = self.work / f"{name}.log"
        async with Function(name, self.executables[name], self.environment, log) as function:
            for event in events:
                answer = await function.invoke(event)
                if isinstance(answer, dict) and answer.get("statusCode", 200) >= 400:
                    raise Failed(f"{name} refused: {answer}")
                expect(not (answer or {}).get("batchItemFailures"), f"{name} took the whole batch", answer)
            self.peaks[name] = max(self.peaks.get(name, 0), function.peak_megabytes())
        self.events[name] = events[-1]
        return answer

    async def imports(self):
        """A file of 20 MB is cut; a small one is recorded, since the stand-in takes its time for each order."""
        line = "B-{0:07},reader{0}@example.com,2025-03-01,25.80,EUR\n"
        head = "order_id,email,placed_at,total,currency\n"
        for count in (UPLOAD_BYTES // len(line.format(0)), 100):
            text = head + "".join(line.format(number) for number in range(count))
            etag = self.aws.s3.put_object(Bucket=BUCKET, Key=KEY, Body=text.encode())["ETag"].strip('"')
            cut = await self.asked("import-orders", [{"cut": {"key": KEY, "etag": etag}}])
        parts = [{"part": {"key": KEY, "etag": etag, "number": number}} for number in cut["parts"]]
        await self.asked("import-orders", [*parts, {"finish": {"key": KEY, "etag": etag}}])
        self.events["import-orders"] = {"cut": {"key": KEY, "etag": etag}}

    def make_what_they_stand_on(self):
        """Tables, queues, secrets: what Terraform makes of it all otherwise."""
        for table, index in (("customers", True), ("ledger", False)):
            self.aws.dynamodb.create_table(TableName=table, BillingMode="PAY_PER_REQUEST", **keys(index))
        for queue in ("events", "due"):
            self.aws.sqs.create_queue(QueueName=queue)
        for name, value in SECRETS.items():
            below = f"stores/{STORE}/{name}" if name == "webhook-secrets" else name
            self.aws.ssm.put_parameter(Name=f"/winback/{below}", Value=value, Type="SecureString")
        self.aws.sesv2.create_configuration_set(ConfigurationSetName="winback")
        self.aws.sesv2.create_email_identity(EmailIdentity="shop.example")
        self.aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})

    def batch(self, queue):
        """Ten messages of a queue, as Lambda's poller hands them over."""
        url = self.environment[f"WINBACK_{queue.upper()}_QUEUE_URL"]
        messages = self.aws.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        expect(len(messages) == len(TEN), f"ten messages wait on {queue}", len(messages))
        arn = f"arn:aws:sqs:{REGION}:000000000000:{queue}"
        return {
            "Records": [
                {
                    "messageId": message["MessageId"],
                    "receiptHandle": message["ReceiptHandle"],
                    "body": message["Body"],
                    "attributes": {"ApproximateReceiveCount": "1"},
                    "messageAttributes": {},
                    "md5OfBody": message["MD5OfBody"],
                    "eventSource": "aws:sqs",
                    "eventSourceARN": arn,
                    "awsRegion": REGION,
                }
                for message in messages
            ]
        }


def keys(index):
    """The keys of a table, and of its index where it has one."""
    names = [("pk", "S"), *([("due_shard", "S"), ("due", "N")] if index else [])]
    due = [("due_shard", "HASH"), ("due", "RANGE")]
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in due]
    indexes = [{"IndexName": "due", "KeySchema": schema, "Projection": {"ProjectionType": "KEYS_ONLY"}}]
    return {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in names],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        **({"GlobalSecondaryIndexes": indexes} if index else {}),
    }


def order(number):
    """An order of long ago, as the store's webhook tells it."""
    data = {
        "order_id": f"10{number}",
        "email": f"reader{number}@example.com",
        "name": f"Reader {number}",
        "total": "45.00",
        "currency": "EUR",
        "placed_at": moment(100 * 24),
        "marketing_consent": True,
    }
    body = json.dumps({"type": "order.placed", "timestamp": moment(100 * 24), "data": data})
    return url_event("POST", f"/webhooks/{STORE}", signed_headers(WEBHOOK_SECRET, f"msg_{number}", body), body)


def redeemed(code, number):
    """A code at a till."""
    body = {"code": code, "order_id": f"till-{number}", "total": "52.00", "currency": "EUR"}
    return url_event("POST", "/redeem", {"content-type": "application/json"}, json.dumps(body))


def delivered(mail):
    """What EventBridge hands over of a mail that arrived."""
    tags = {name: [value] for name, value in mail.tags.items()}
    told = {"timestamp": moment(), "messageId": mail.id, "destination": mail.to, "tags": tags}
    delivery = {"timestamp": moment(), "recipients": mail.to}
    return {
        "version": "0",
        "id": mail.id,
        "detail-type": "Email Delivered",
        "source": "aws.ses",
        "account": "000000000000",
        "time": moment(),
        "region": REGION,
        "resources": [],
        "detail": {"eventType": "Delivery", "mail": told, "delivery": delivery},
    }


def path_in(text, page):
    """The path of the first link in a letter that leads to one of our pages."""
    return page + text.split(LINK_BASE + page, 1)[1].split()[0].rstrip(").>")


def url_event(method, path, headers=None, body=None):
    """A request as a function URL hands it over."""
    now = datetime.now(timezone.utc)
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "a reader"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "hello.shop.example", **(headers or {})},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "url",
            "domainName": "url.lambda-url.eu-central-1.on.aws",
            "domainPrefix": "url",
            "http": http,
            "requestId": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        **({} if body is None else {"body": body}),
        "isBase64Encoded": False,
    }
