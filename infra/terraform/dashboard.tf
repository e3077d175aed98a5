# One page that tells whether all is well: mails, who waits, what failed.

locals {
  set = aws_sesv2_configuration_set.mail.configuration_set_name

  charts = [
    {
      title = "Mails"
      stat  = "Sum"
      metrics = [
        for metric in ["Send", "Delivery", "Bounce", "Complaint", "Reject"] : ["AWS/SES", metric, "ses:configuration-set", local.set]
      ]
    },
    {
      title = "Reputation: SES looks at 5 % bounces, 0.1 % complaints"
      stat  = "Maximum"
      metrics = [
        for metric in ["Reputation.BounceRate", "Reputation.ComplaintRate"] : ["AWS/SES", metric, "ses:configuration-set", local.set]
      ]
    },
    {
      title   = "The longest that a customer has been due"
      stat    = "Maximum"
      metrics = [[local.metrics_namespace, "OldestDueSeconds"]]
    },
    {
      title   = "Handed to send-message, without an answer, stores paused"
      stat    = "Sum"
      metrics = [for metric in ["Hints", "UnknownSends", "StoresPaused"] : [local.metrics_namespace, metric]]
    },
    {
      title = "Messages that wait"
      stat  = "Maximum"
      metrics = [
        for name in concat([aws_sqs_queue.events.name, aws_sqs_queue.due.name], aws_sqs_queue.delivery[*].name) :
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name]
      ]
    },
    {
      title = "Messages that failed for good"
      stat  = "Maximum"
      metrics = [
        for queue in [aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead] :
        ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue.name]
      ]
    },
    {
      title   = "Calls"
      stat    = "Sum"
      metrics = [for name in values(local.lambda_names) : ["AWS/Lambda", "Invocations", "FunctionName", name]]
    },
    {
      title   = "Errors"
      stat    = "Sum"
      metrics = [for name in values(local.lambda_names) : ["AWS/Lambda", "Errors", "FunctionName", name]]
    },
    {
      title   = "Time taken, 99 of 100"
      stat    = "p99"
      metrics = [for name in values(local.lambda_names) : ["AWS/Lambda", "Duration", "FunctionName", name]]
    },
    {
      title   = "Codes given up, pools that run low, to be honoured by hand"
      stat    = "Sum"
      metrics = [for metric in ["CodesGivenUp", "PoolsLow", "ByHand"] : [local.metrics_namespace, metric]]
    },
    {
      title = "Imports"
      stat  = "Sum"
      metrics = [
        for metric in ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed"] :
        ["AWS/States", metric, "StateMachineArn", aws_sfn_state_machine.imports.arn]
      ]
    },
    {
      title   = "Webhooks that hold nothing for us"
      stat    = "Sum"
      metrics = [[local.metrics_namespace, "WebhooksIgnored"]]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "winback" {
  dashboard_name = var.prefix

  dashboard_body = jsonencode({
    widgets = concat(
      [{
        type   = "alarm"
        x      = 0
        y      = 0
        width  = 24
        height = 3
        properties = {
          title  = "Alarms"
          alarms = [for alarm in concat(values(aws_cloudwatch_metric_alarm.one), values(aws_cloudwatch_metric_alarm.functions)) : alarm.arn]
        }
      }],
      # Two beside each other.
      [for number, chart in local.charts : {
        type       = "metric"
        x          = number % 2 * 12
        y          = 3 + floor(number / 2) * 6
        width      = 12
        height     = 6
        properties = merge(chart, { region = local.region, view = "timeSeries", period = 300 })
      }],
    )
  })
}
