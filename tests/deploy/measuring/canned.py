"""AWS that knows nothing and says so at once: what a function waits for here is its own work and the loopback's."""

import hashlib
import json
import time

from measuring.http import response, serve

QUOTA = {
    "SendQuota": {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0},
    "SendingEnabled": True,
    "ProductionAccessEnabled": True,
    "EnforcementStatus": "HEALTHY",
}
NOTHING = {"GetItem": {}, "Query": {"Items": [], "Count": 0}, "Scan": {"Items": [], "Count": 0}}
QUEUE = {"Attributes": {"ApproximateNumberOfMessages": "0", "ApproximateNumberOfMessagesNotVisible": "0"}}


class Canned:
    """The endpoint, and when it gave which answer."""

    def __init__(self, secrets):
        self.secrets = secrets
        self.answered = []

    async def start(self, tls=None):
        """Where it listens."""
        port, self.close = await serve(self._answer, tls)
        return f"{'https' if tls else 'http'}://127.0.0.1:{port}"

    async def _answer(self, request):
        target = request.headers.get("x-amz-target", "")
        service, _, call = target.partition(".")
        if service.startswith("DynamoDB"):
            service, body = "dynamodb", NOTHING.get(call, {})
        elif service.startswith("AmazonSSM"):
            name = json.loads(request.body)["Name"]
            value = next(value for suffix, value in self.secrets.items() if name.endswith(suffix))
            service, body = "ssm", {"Parameter": {"Name": name, "Type": "SecureString", "Value": value, "Version": 1}}
        elif service.startswith("AmazonSQS"):
            asked = json.loads(request.body)
            md5 = hashlib.md5(asked.get("MessageBody", "").encode()).hexdigest()
            body = QUEUE if call == "GetQueueAttributes" else {"MessageId": "1", "MD5OfMessageBody": md5}
            service = "sqs"
        elif request.path.startswith("/v2/email/account"):
            service, call, body = "ses", "GetAccount", QUOTA
        else:
            service, call, body = "other", request.path, {}
        answer = response(200, json.dumps(body).encode(), [("content-type", "application/x-amz-json-1.0")])
        # Written as soon as this returns: nothing else is between.
        self.answered.append((time.perf_counter(), service, call))
        return answer
