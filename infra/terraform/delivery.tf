# What became of a mail comes back on two ways, each enough by itself: over the default bus, and over a topic and a queue.

locals {
  by_eventbridge = contains(var.delivery_events, "eventbridge")
  by_sns         = contains(var.delivery_events, "sns")

  # Opens prove nothing, so they are not asked for; nor is SEND: whatever follows on it (delivered, delayed, bounced) says as much.
  # Clicks are asked for only with a domain of the shop's own: otherwise SES would lead every link in the mail over a host of AWS.
  mail_events = concat(
    ["REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "RENDERING_FAILURE"],
    var.click_domain == null ? [] : ["CLICK"],
  )
}

resource "aws_sesv2_configuration_set_event_destination" "mail" {
  count = local.by_eventbridge ? 1 : 0

  configuration_set_name = aws_sesv2_configuration_set.mail.configuration_set_name
  event_destination_name = "record-delivery"

  event_destination {
    enabled              = true
    matching_event_types = local.mail_events

    # SES knows no other bus than the default one.
    event_bridge_destination {
      event_bus_arn = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/default"
    }
  }
}

# The default bus carries every SES event of the account. SES puts the configuration set's name into the tags of each mail, so that
# another installation's mails, and those of the rest of the company, stay outside.
resource "aws_cloudwatch_event_rule" "delivery" {
  count = local.by_eventbridge ? 1 : 0

  name        = "${var.prefix}-record-delivery"
  description = "What became of the mails, to record-delivery"
  tags        = var.tags

  event_pattern = jsonencode({
    source = ["aws.ses"]
    detail = {
      mail = {
        tags = {
          "ses:configuration-set" = [aws_sesv2_configuration_set.mail.configuration_set_name]
        }
      }
    }
  })
}

resource "aws_cloudwatch_event_target" "delivery" {
  count = local.by_eventbridge ? 1 : 0

  rule      = aws_cloudwatch_event_rule.delivery[0].name
  target_id = "record-delivery"
  arn       = aws_lambda_function.worker["record-delivery"].arn

  # For what EventBridge cannot hand over.
  dead_letter_config {
    arn = aws_sqs_queue.delivery_dead.arn
  }

  depends_on = [aws_lambda_permission.delivery, aws_sqs_queue_policy.delivery_dead]
}

# For what was handed over and failed in the function three times, or for six hours.
resource "aws_lambda_function_event_invoke_config" "delivery" {
  count = local.by_eventbridge ? 1 : 0

  function_name                = aws_lambda_function.worker["record-delivery"].function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 21600

  destination_config {
    on_failure {
      destination = aws_sqs_queue.delivery_dead.arn
    }
  }

  # Lambda refuses the destination while the role may not write to it.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_permission" "delivery" {
  count = local.by_eventbridge ? 1 : 0

  statement_id  = "ses-events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.worker["record-delivery"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.delivery[0].arn
}

# Locked by kms_key_arn or by nothing: the key that AWS manages for SNS does not let SES in.
resource "aws_sns_topic" "delivery" {
  count = local.by_sns ? 1 : 0

  name              = "${var.prefix}-delivery"
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "delivery" {
  count = local.by_sns ? 1 : 0

  arn = aws_sns_topic.delivery[0].arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ses.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.delivery[0].arn
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnEquals    = { "aws:SourceArn" = aws_sesv2_configuration_set.mail.arn }
      }
    }]
  })
}

resource "aws_sesv2_configuration_set_event_destination" "topic" {
  count = local.by_sns ? 1 : 0

  configuration_set_name = aws_sesv2_configuration_set.mail.configuration_set_name
  event_destination_name = "delivery-topic"

  event_destination {
    enabled              = true
    matching_event_types = local.mail_events

    sns_destination {
      topic_arn = aws_sns_topic.delivery[0].arn
    }
  }

  # SES refuses a topic that it may not write to.
  depends_on = [aws_sns_topic_policy.delivery]
}

# Raw: the queue holds what SES said, not an envelope around it.
resource "aws_sns_topic_subscription" "delivery" {
  count = local.by_sns ? 1 : 0

  topic_arn            = aws_sns_topic.delivery[0].arn
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.delivery[0].arn
  raw_message_delivery = true

  # For what SNS cannot hand over.
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.delivery_dead.arn })

  depends_on = [aws_sqs_queue_policy.delivery, aws_sqs_queue_policy.delivery_dead]
}

resource "aws_sqs_queue_policy" "delivery" {
  count = local.by_sns ? 1 : 0

  queue_url = aws_sqs_queue.delivery[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.delivery[0].arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_sns_topic.delivery[0].arn } }
    }]
  })
}

resource "aws_sqs_queue_policy" "delivery_dead" {
  queue_url = aws_sqs_queue.delivery_dead.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for service, source in merge(
      { for rule in aws_cloudwatch_event_rule.delivery : "events" => rule.arn },
      { for topic in aws_sns_topic.delivery : "sns" => topic.arn },
      ) : {
      Effect    = "Allow"
      Principal = { Service = "${service}.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.delivery_dead.arn
      Condition = { ArnEquals = { "aws:SourceArn" = source } }
    }]
  })
}
