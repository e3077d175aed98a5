"""After the end: nothing of ours is left."""

from stages import expect


def expect_nothing_left(aws):
    """The account was empty before. It is again."""
    left = {
        "tables": aws.dynamodb.list_tables()["TableNames"],
        "functions": [function["FunctionName"] for function in aws.lambda_.list_functions()["Functions"]],
        "layers": [layer["LayerName"] for layer in aws.lambda_.list_layers()["Layers"]],
        "event source mappings": aws.lambda_.list_event_source_mappings()["EventSourceMappings"],
        "queues": aws.sqs.list_queues().get("QueueUrls", []),
        "topics": aws.sns.list_topics()["Topics"],
        "buckets": [bucket["Name"] for bucket in aws.s3.list_buckets()["Buckets"]],
        "rules": [rule["Name"] for rule in aws.events.list_rules()["Rules"]],
        "schedules": [schedule["Name"] for schedule in aws.scheduler.list_schedules()["Schedules"]],
        "state machines": [machine["name"] for machine in aws.stepfunctions.list_state_machines()["stateMachines"]],
        "alarms": [alarm["AlarmName"] for alarm in aws.cloudwatch.describe_alarms()["MetricAlarms"]],
        "roles": [role["RoleName"] for role in aws.iam.list_roles()["Roles"]],
        "log groups": [group["logGroupName"] for group in aws.logs.describe_log_groups()["logGroups"]],
        "parameters": aws.ssm.describe_parameters()["Parameters"],
        "configuration sets": aws.sesv2.list_configuration_sets()["ConfigurationSets"],
        "identities": aws.sesv2.list_email_identities()["EmailIdentities"],
    }
    for kind, names in left.items():
        expect(not names, f"no {kind} are left", names)
