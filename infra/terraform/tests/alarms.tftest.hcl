mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "each_alarm_has_a_name_a_limit_and_a_page" {
  command = plan

  assert {
    condition = {
      for name, alarm in aws_cloudwatch_metric_alarm.one : name => "${alarm.statistic} ${alarm.namespace} ${alarm.metric_name} ${alarm.comparison_operator} ${alarm.threshold} ${alarm.evaluation_periods}x${alarm.period}"
      } == {
      events-dead        = "Maximum AWS/SQS ApproximateNumberOfMessagesVisible GreaterThanOrEqualToThreshold 1 1x60"
      due-dead           = "Maximum AWS/SQS ApproximateNumberOfMessagesVisible GreaterThanOrEqualToThreshold 1 1x60"
      delivery-dead      = "Maximum AWS/SQS ApproximateNumberOfMessagesVisible GreaterThanOrEqualToThreshold 1 1x60"
      bounces            = "Maximum AWS/SES Reputation.BounceRate GreaterThanOrEqualToThreshold 0.04 1x3600"
      complaints         = "Maximum AWS/SES Reputation.ComplaintRate GreaterThanOrEqualToThreshold 0.0008 1x3600"
      unknown-sends      = "Sum Winback/winback UnknownSends GreaterThanOrEqualToThreshold 1 1x300"
      store-stopped      = "Sum Winback/winback StoresPaused GreaterThanOrEqualToThreshold 1 1x300"
      codes-given-up     = "Sum Winback/winback CodesGivenUp GreaterThanOrEqualToThreshold 1 1x300"
      pool-low           = "Sum Winback/winback PoolsLow GreaterThanOrEqualToThreshold 1 1x3600"
      by-hand            = "Sum Winback/winback ByHand GreaterThanOrEqualToThreshold 1 1x86400"
      data-requested     = "Sum Winback/winback DataRequests GreaterThanOrEqualToThreshold 1 1x300"
      late-customers     = "Maximum Winback/winback OldestDueSeconds GreaterThanThreshold 900 1x300"
      import-failed      = "Sum AWS/States ExecutionsFailed GreaterThanOrEqualToThreshold 1 1x60"
      import-not-started = "Sum AWS/Events FailedInvocations GreaterThanOrEqualToThreshold 1 1x300"
      silent-pump        = "SampleCount Winback/winback OldestDueSeconds LessThanThreshold 1 5x60"
    }
    error_message = "What is watched, and from where on a person is called."
  }

  assert {
    condition     = { for name, alarm in aws_cloudwatch_metric_alarm.functions : name => one([for query in alarm.metric_query : query.expression if query.return_data == true]) } == { errors = "SUM(METRICS())", throttles = "SUM(METRICS())" }
    error_message = "Errors and throttles are summed."
  }

  assert {
    condition = alltrue([
      for name, metric in { errors = "Errors", throttles = "Throttles" } : toset([
        for query in aws_cloudwatch_metric_alarm.functions[name].metric_query : query.metric[0].dimensions.FunctionName if try(query.metric[0].metric_name == metric, false)
      ]) == toset(values(output.functions))
    ])
    error_message = "All ten functions count."
  }

  assert {
    condition = alltrue([
      for name, alarm in merge(aws_cloudwatch_metric_alarm.one, aws_cloudwatch_metric_alarm.functions) :
      alarm.alarm_name == "winback-${name}"
      && endswith(alarm.alarm_description, " Runbook: infra/operations/alarms/${name}.md")
      && alarm.alarm_actions == toset(["arn:aws:sns:eu-central-1:111122223333:winback-alarms"])
    ])
    error_message = "Every alarm tells the topic, and where its page is."
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.one["silent-pump"].treat_missing_data == "breaching"
      && aws_cloudwatch_metric_alarm.one["bounces"].treat_missing_data == "ignore"
      && aws_cloudwatch_metric_alarm.one["events-dead"].treat_missing_data == "notBreaching"
    )
    error_message = "Silence means trouble for the pump only."
  }
}

run "the_logs_are_counted" {
  command = plan

  assert {
    condition = {
      for name, filter in aws_cloudwatch_log_metric_filter.log : name => [filter.log_group_name, filter.pattern, filter.metric_transformation[0].name, filter.metric_transformation[0].value]
      } == {
      oldest-due       = ["/aws/lambda/winback-find-lapsed", "{ $.fields.message = \"pumped\" }", "OldestDueSeconds", "$.fields.oldest_due_seconds"]
      hints            = ["/aws/lambda/winback-find-lapsed", "{ $.fields.message = \"pumped\" }", "Hints", "$.fields.hints"]
      unknown-sends    = ["/aws/lambda/winback-send-message", "{ $.fields.message = \"unknown\" }", "UnknownSends", "1"]
      stores-paused    = ["/aws/lambda/winback-send-message", "{ $.fields.message = \"store paused\" }", "StoresPaused", "1"]
      stores-broken    = ["/aws/lambda/winback-record-delivery", "{ $.fields.message = \"store paused\" }", "StoresPaused", "1"]
      stores-left      = ["/aws/lambda/winback-record-event", "{ $.fields.message = \"store paused\" }", "StoresPaused", "1"]
      codes-given-up   = ["/aws/lambda/winback-send-message", "{ $.fields.message = \"code given up\" }", "CodesGivenUp", "1"]
      pools-low        = ["/aws/lambda/winback-send-message", "{ $.fields.message = \"pool runs low\" }", "PoolsLow", "1"]
      by-hand          = ["/aws/lambda/winback-send-message", "{ $.fields.message = \"to be honoured by hand\" }", "ByHand", "1"]
      data-requested   = ["/aws/lambda/winback-record-event", "{ $.fields.message = \"somebody asked for their data: send them this file\" }", "DataRequests", "1"]
      webhooks-ignored = ["/aws/lambda/winback-receive-webhook", "{ $.fields.message = \"webhook ignored\" }", "WebhooksIgnored", "1"]
    }
    error_message = "The filters look for the words that the functions log."
  }
}

run "people_are_told_where_they_look" {
  command = plan

  variables {
    alarm_emails       = ["anna@shop.example", "operations@shop.example"]
    runbooks           = "https://wiki.shop.example/winback"
    monthly_budget_usd = 100
  }

  assert {
    condition     = { for email, subscription in aws_sns_topic_subscription.alarms : email => [subscription.protocol, subscription.topic_arn] } == { for email in ["anna@shop.example", "operations@shop.example"] : email => ["email", aws_sns_topic.alarms.arn] }
    error_message = "Each address is subscribed."
  }

  assert {
    condition     = endswith(aws_cloudwatch_metric_alarm.functions["errors"].alarm_description, "https://wiki.shop.example/winback/errors.md")
    error_message = "The page is where the shop keeps it."
  }

  assert {
    condition = (
      aws_budgets_budget.month[0].limit_amount == "100"
      && { for notification in aws_budgets_budget.month[0].notification : notification.notification_type => notification.threshold } == { ACTUAL = 80, FORECASTED = 100 }
      && alltrue([for notification in aws_budgets_budget.month[0].notification : notification.subscriber_sns_topic_arns == toset([aws_sns_topic.alarms.arn])])
    )
    error_message = "The budget tells the same topic, before it is spent."
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : statement.Principal.Service] == ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    error_message = "Alarms and budget may write to the topic."
  }
}

run "nobody_asked_for_a_budget" {
  command = plan

  assert {
    condition     = length(aws_budgets_budget.month) == 0 && length(aws_sns_topic_subscription.alarms) == 0
    error_message = "Without a word there is no budget and nobody is mailed."
  }

  assert {
    condition = [for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : [statement.Principal.Service, statement.Condition]] == [
      ["cloudwatch.amazonaws.com", {
        StringEquals = { "aws:SourceAccount" = "111122223333" }
        ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:winback-*" }
      }],
    ]
    error_message = "Only our alarms write to the topic."
  }

  assert {
    condition     = aws_cloudwatch_dashboard.winback.dashboard_name == "winback" && length(jsondecode(aws_cloudwatch_dashboard.winback.dashboard_body).widgets) == 13
    error_message = "The dashboard shows the alarms and twelve charts."
  }
}
