"""Starts ministack, the stand-in for AWS, with what the shop needs and it lacks. Each gap is named here, and nowhere
else:

- EventBridge Scheduler puts the time a run was meant for into its input; ministack hands the placeholder on as it is.
- SES tells EventBridge what became of a mail, in AWS's own name; ministack's SES tells nothing, and its EventBridge
  takes nothing in AWS's name. Here it takes events of `aws.ses` from whoever calls PutEvents.
- SES keeps no record that shows a mail's headers and tags. Here each accepted request is a line in a file, and so is
  each event that a schedule handed over.
- SES signs for a domain once it has seen its records in the DNS. ministack never looks; here they are seen at once.
- Who may call SendMessage may call SendMessageBatch: IAM has no action for a batch. ministack asks for one.
- Who sends a mail must be allowed to use the sender's identity and the configuration set. ministack asks about `*`.
- Lambda tells a function by its environment how to write its log; ministack keeps that to itself.
- An alarm is read back as it was written; ministack tells half of it, and nothing of an alarm over several metrics.
- Of a queue that was emptied AWS tells "OK"; ministack adds how many messages it took.
- Policies may ask whether a connection is encrypted. On loopback none is, and all are taken to be.
- A connection that idled for 75 seconds is closed, also under a request that has just come and is carried out: its
  client never hears of it and asks again. Here connections stay open.
- Schedules are looked at every ten seconds. Here every second; a minute stays a minute.
"""

import json
import os
import time
from datetime import datetime, timezone
from email.utils import parseaddr
from xml.sax.saxutils import escape

import hypercorn.asyncio
from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id
from ministack.services import cloudwatch, eventbridge, lambda_svc, scheduler, ses_v2

OUTBOX = os.environ["STAND_IN_OUTBOX"]
SCHEDULED = os.environ["STAND_IN_SCHEDULED"]


def fill_in_schedules():
    """A schedule's input has its placeholders filled in."""
    invoke = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None):
        if event.get("Source") == "aws.scheduler" and "Input" in target:
            at = datetime.fromtimestamp(int(event["Time"]), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            words = [("scheduled-time", at), ("schedule-arn", rule["Arn"]), ("execution-id", event["EventId"])]
            text = target["Input"]
            for word, value in [*words, ("attempt-number", "1")]:
                text = text.replace(f"<aws.scheduler.{word}>", value)
            target = {**target, "Input": text}
            keep(SCHEDULED, {"function": target["Arn"].rsplit(":", 1)[-1], "event": json.loads(text)})
        return invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_target
    assert scheduler._SCHEDULE_TICK_INTERVAL == 10
    scheduler._SCHEDULE_TICK_INTERVAL = 1


def let_ses_speak():
    """Whoever calls PutEvents may say that SES said it."""
    put_events = eventbridge._put_events

    def take_events(data, allow_aws_source=False):
        ses = all(entry.get("Source") == "aws.ses" for entry in data.get("Entries", []))
        return put_events(data, allow_aws_source=allow_aws_source or ses)

    eventbridge._put_events = take_events


def keep_mails():
    """What SES accepts is kept as it was asked."""
    answer = ses_v2.handle_request

    async def take_mail(method, path, headers, body, query_params):
        answered = await answer(method, path, headers, body, query_params)
        if method == "POST" and path.rstrip("/").endswith("/outbound-emails") and answered[0] == 200:
            accepted = {"at": time.time(), "id": json.loads(answered[2])["MessageId"], "request": json.loads(body)}
            keep(OUTBOX, accepted)
        return answered

    ses_v2.handle_request = take_mail


def keep(file, entry):
    """A line in a file, for the proof to read."""
    with open(file, "a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")


def see_dns_records():
    """A domain's records are in the DNS, so SES signs for it."""
    attributes_of = ses_v2._easy_dkim_attributes

    def attributes(identity, *others):
        known = attributes_of(identity, *others)
        return {**known, "SigningEnabled": True, "Status": "SUCCESS"} if known["Tokens"] else known

    ses_v2._easy_dkim_attributes = attributes


def tell_feeds_as_aws():
    """What came of the last poll of a queue, in AWS's word."""
    response_of = lambda_svc._esm_response

    def response(esm, *others):
        known = response_of(esm, *others)
        fine = str(known.get("LastProcessingResult")).startswith("OK")
        return {**known, "LastProcessingResult": "OK"} if fine else known

    lambda_svc._esm_response = response


def allow_batches():
    """A batch is allowed to whom the single call is."""
    action_of = iam_actions.extract_iam_action

    def extract_iam_action(*request):
        action = action_of(*request)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = extract_iam_action


def ask_for_sender_and_configuration_set():
    """A mail needs two permissions, on what it names."""
    enforce, resource_of = app._enforce_ses_v2, iam_actions._ses_v2_resource_arn

    def is_mail(method, path):
        return method == "POST" and path.rstrip("/").endswith("/outbound-emails")

    def resource(method, path, body, region, account):
        if not is_mail(method, path):
            return resource_of(method, path, body, region, account)
        address = parseaddr(json.loads(body)["FromEmailAddress"])[1]
        known = address if address in ses_v2._identities else address.rsplit("@", 1)[-1]
        return f"arn:aws:ses:{region}:{account}:identity/{known}"

    def enforce_both(method, path, headers, body, query_params, request_id):
        refused = enforce(method, path, headers, body, query_params, request_id)
        configuration_set = json.loads(body).get("ConfigurationSetName") if is_mail(method, path) else None
        if refused or not app.AUTH or not configuration_set:
            return refused
        region = app.extract_region(headers, query_params)
        arn = f"arn:aws:ses:{region}:{get_account_id()}:configuration-set/{configuration_set}"
        return app._enforce_data_plane("sesv2", "ses:SendEmail", headers, query_params, request_id, resource_arn=arn)

    app._enforce_ses_v2, iam_actions._ses_v2_resource_arn = enforce_both, resource


def take_loopback_for_encrypted():
    """What policies see as `aws:SecureTransport`."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda source_ip, _: pin(source_ip, True)


def tell_how_to_log():
    """A function's environment says in which format and from which level on it writes its log."""
    environment_of = lambda_svc._provided_worker_env

    def environment(config, code_dir, port):
        logging = config.get("LoggingConfig") or {}
        told = {
            "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat"),
            "AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel"),
            "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup"),
        }
        known = environment_of(config, code_dir, port)
        return {**{name: value for name, value in told.items() if value}, **known}

    lambda_svc._provided_worker_env = environment


def read_alarms_back():
    """What was asked for by PutMetricAlarm is what DescribeAlarms tells, to whom asks for one alarm by its name."""
    put, describe = cloudwatch._put_metric_alarm, cloudwatch._describe_alarms
    asked = {}

    def put_metric_alarm(params, *protocol):
        answer = put(params, *protocol)
        if answer[0] == 200 and "AlarmName" in params:
            asked[params["AlarmName"][0]] = members(params)
        return answer

    def describe_alarms(params, *protocol):
        name = params.get("AlarmNames.member.1", [""])[0]
        alarm = cloudwatch._alarms.get(name)
        if name not in asked or alarm is None:
            return describe(params, *protocol)
        known = {**{key: alarm[key] for key in ("AlarmArn", "StateValue", "StateReason")}, **asked[name]}
        found = xml({"DescribeAlarmsResult": {"MetricAlarms": {"member": {"1": known}}}})
        return cloudwatch._xml(200, "DescribeAlarmsResponse", found)

    cloudwatch._put_metric_alarm, cloudwatch._describe_alarms = put_metric_alarm, describe_alarms


def members(params):
    """The members of a request that was written as `A.member.1.B=...`. Tags are told by another call."""
    tree = {}
    for path, values in params.items():
        *above, name = path.split(".")
        if path.split(".")[0] in ("Action", "Version", "Tags"):
            continue
        inner = tree
        for step in above:
            inner = inner.setdefault(step, {})
        inner[name] = values[0]
    return tree


def xml(tree):
    """The same as an answer has it: `<A><member><B>...`."""
    if not isinstance(tree, dict):
        return escape(tree)
    if set(tree) == {"member"}:
        entries = tree["member"]
        return "".join(f"<member>{xml(entries[number])}</member>" for number in sorted(entries, key=int))
    return "".join(f"<{name}>{xml(inner)}</{name}>" for name, inner in tree.items())


def keep_connections():
    """Clients decide how long a connection lives."""
    serve = hypercorn.asyncio.serve

    def patient(application, config, *others):
        config.keep_alive_timeout = 3600
        return serve(application, config, *others)

    hypercorn.asyncio.serve = patient


if __name__ == "__main__":
    fill_in_schedules()
    let_ses_speak()
    keep_mails()
    see_dns_records()
    tell_feeds_as_aws()
    allow_batches()
    ask_for_sender_and_configuration_set()
    take_loopback_for_encrypted()
    tell_how_to_log()
    read_alarms_back()
    keep_connections()
    app.main()
