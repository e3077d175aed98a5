locals {
  # Opens prove nothing, so they are not asked for; nor is SEND: whatever follows on it (delivered, delayed, bounced) says as much. Clicks are asked for only with a domain of the shop's own: otherwise SES would lead
  # every link in the mail over a host of AWS.
  mail_events = concat(
    ["REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "RENDERING_FAILURE"],
    var.click_domain == null ? [] : ["CLICK"],
  )
}

resource "aws_sesv2_configuration_set" "mail" {
  configuration_set_name = var.prefix
  tags                   = var.tags

  reputation_options {
    reputation_metrics_enabled = true
  }

  sending_options {
    sending_enabled = true
  }

  # SES keeps its own list as a second net under our suppression.
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }

  dynamic "tracking_options" {
    for_each = var.click_domain[*]

    content {
      custom_redirect_domain = tracking_options.value
      https_policy           = "REQUIRE"
    }
  }
}

resource "aws_sesv2_configuration_set_event_destination" "mail" {
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
  rule      = aws_cloudwatch_event_rule.delivery.name
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
  statement_id  = "ses-events"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.worker["record-delivery"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.delivery.arn
}

resource "aws_sqs_queue_policy" "delivery_dead" {
  queue_url = aws_sqs_queue.delivery_dead.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.delivery_dead.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.delivery.arn } }
    }]
  })
}
