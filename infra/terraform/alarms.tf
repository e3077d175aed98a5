# What a person has to know of. Each alarm has a page that says what it means and what to do: <runbooks>/<alarm>.md.

locals {
  dead_letters = { events-dead = aws_sqs_queue.events_dead, due-dead = aws_sqs_queue.due_dead, delivery-dead = aws_sqs_queue.delivery_dead }

  # What holds for an alarm that says nothing else: anything at all in five minutes. Nothing heard means nothing happened.
  alarm_defaults = {
    namespace  = local.metrics_namespace
    dimensions = {}
    statistic  = "Sum"
    period     = 300
    periods    = 1
    compare    = "GreaterThanOrEqualToThreshold"
    limit      = 1
    missing    = "notBreaching"
    on         = true
  }

  # SES tells both rates as fractions, and nothing while nothing is sent: then the alarm stays what it was.
  reputation = {
    namespace  = "AWS/SES"
    dimensions = { "ses:configuration-set" = local.set }
    statistic  = "Maximum"
    period     = 3600
    missing    = "ignore"
  }

  alarms = merge(
    {
      for name, queue in local.dead_letters : name => merge(local.alarm_defaults, {
        says       = "A message that failed again and again lies in the dead-letter queue ${queue.name}."
        namespace  = "AWS/SQS"
        metric     = "ApproximateNumberOfMessagesVisible"
        dimensions = { QueueName = queue.name }
        statistic  = "Maximum"
        period     = 60
      })
    },
    {
      bounces = merge(local.alarm_defaults, local.reputation, {
        says   = "4 % of the mails or more bounce; at 5 % SES puts the account under review."
        metric = "Reputation.BounceRate"
        limit  = 0.04
      })

      complaints = merge(local.alarm_defaults, local.reputation, {
        says   = "0.08 % of the mails or more are called spam; at 0.1 % SES puts the account under review."
        metric = "Reputation.ComplaintRate"
        limit  = 0.0008
      })

      unknown-sends = merge(local.alarm_defaults, {
        says   = "SES gave no answer for a mail: it may have gone out, and it is never sent again by itself."
        metric = local.log_metrics["unknown-sends"].name
      })

      store-stopped = merge(local.alarm_defaults, {
        says   = "A breaker paused a store: it sends nothing until somebody lets it."
        metric = local.log_metrics["stores-paused"].name
      })

      codes-given-up = merge(local.alarm_defaults, {
        says   = "A mail was given up for its day because no code could be had for it: the store refused, was down, or a pool was empty."
        metric = local.log_metrics["codes-given-up"].name
      })

      # Every code that is taken says so: an hour, lest it rings for each.
      pool-low = merge(local.alarm_defaults, {
        says   = "A pool of codes that a shop imported runs low: when it is empty no mail of that offer leaves."
        metric = local.log_metrics["pools-low"].name
        period = 3600
      })

      # A day: a busy one rings once, and not for every mail.
      by-hand = merge(local.alarm_defaults, {
        says   = "A mail promised what its store cannot do by itself: the shop's people honour it when the customer comes."
        metric = local.log_metrics["by-hand"].name
        period = 24 * 60 * 60
      })

      # Apart from by-hand, which is silent for a day once it rang: each of these has its own term.
      data-requested = merge(local.alarm_defaults, {
        says   = "Somebody asked for their data: the file lies in the bucket, and a person sends it to them."
        metric = local.log_metrics["data-requested"].name
      })

      late-customers = merge(local.alarm_defaults, {
        says      = "A customer of a live store has been due for more than a quarter of an hour."
        metric    = local.log_metrics["oldest-due"].name
        statistic = "Maximum"
        compare   = "GreaterThanThreshold"
        limit     = 15 * 60
      })

      import-failed = merge(local.alarm_defaults, {
        says       = "An import of orders failed or was refused; it can be redriven."
        namespace  = "AWS/States"
        metric     = "ExecutionsFailed"
        dimensions = { StateMachineArn = aws_sfn_state_machine.imports.arn }
        period     = 60
      })

      # EventBridge tries for a day, but not where its role or the machine is gone. An event that it gave up holds nothing that
      # the upload does not: whoever uploads again makes another. So no queue keeps it, and a person is told.
      import-not-started = merge(local.alarm_defaults, {
        says       = "A file was uploaded and its import could not be started; it waits in the bucket."
        namespace  = "AWS/Events"
        metric     = "FailedInvocations"
        dimensions = { RuleName = aws_cloudwatch_event_rule.imports.name }
      })

      # Here nothing heard is the very thing to tell, unless the kill switch is thrown. Its own word at the end of a run is
      # counted and not its starts: one that starts and always fails is as silent.
      silent-pump = merge(local.alarm_defaults, {
        says      = "find-lapsed, which looks every minute who is due, has not come to the end of a run for five minutes."
        metric    = local.log_metrics["oldest-due"].name
        statistic = "SampleCount"
        period    = 60
        periods   = 5
        compare   = "LessThanThreshold"
        missing   = "breaching"
        on        = var.sending_enabled
      })
    },
  )

  # Over all functions together.
  function_alarms = {
    errors    = { metric = "Errors", says = "A function failed." }
    throttles = { metric = "Throttles", says = "A function was called more often than it may run at once." }
  }
}

resource "aws_cloudwatch_metric_alarm" "one" {
  for_each = local.alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.says} Runbook: ${var.runbooks}/${each.key}.md"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  comparison_operator = each.value.compare
  threshold           = each.value.limit
  treat_missing_data  = each.value.missing
  actions_enabled     = each.value.on
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "functions" {
  for_each = local.function_alarms

  alarm_name          = "${var.prefix}-${each.key}"
  alarm_description   = "${each.value.says} Runbook: ${var.runbooks}/${each.key}.md"
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = var.tags

  metric_query {
    id          = "all"
    expression  = "SUM(METRICS())"
    label       = "${each.value.metric} of all functions"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.lambda_names

    content {
      id = replace(metric_query.key, "-", "_")

      metric {
        namespace   = "AWS/Lambda"
        metric_name = each.value.metric
        dimensions  = { FunctionName = metric_query.value }
        stat        = "Sum"
        period      = 300
      }
    }
  }
}

# Locked by kms_key_arn or by nothing: the key that AWS manages for SNS does not let CloudWatch in.
resource "aws_sns_topic" "alarms" {
  name              = "${var.prefix}-alarms"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each = var.alarm_emails

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.key
}

resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for service, source in merge(
      { cloudwatch = "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${var.prefix}-*" },
      { for budget in var.monthly_budget_usd[*] : "budgets" => "arn:${local.partition}:budgets::${local.account}:*" },
      ) : {
      Effect    = "Allow"
      Principal = { Service = "${service}.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = source }
      }
    }]
  })
}
