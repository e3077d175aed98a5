mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "what_became_of_a_mail_comes_back" {
  command = plan

  assert {
    condition = aws_sesv2_configuration_set_event_destination.mail[0].event_destination[0].matching_event_types == toset([
      "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "RENDERING_FAILURE",
    ])
    error_message = "Every event but opens and clicks."
  }

  assert {
    condition = (
      aws_sesv2_configuration_set_event_destination.mail[0].event_destination[0].enabled
      && aws_sesv2_configuration_set_event_destination.mail[0].event_destination[0].event_bridge_destination[0].event_bus_arn == "arn:aws:events:eu-central-1:111122223333:event-bus/default"
    )
    error_message = "SES tells the default bus."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.delivery[0].event_pattern) == {
      source = ["aws.ses"]
      detail = { mail = { tags = { "ses:configuration-set" = ["winback"] } } }
    }
    error_message = "The rule takes SES events of our own configuration set."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.delivery[0].arn == aws_lambda_function.worker["record-delivery"].arn
      && aws_lambda_permission.delivery[0].principal == "events.amazonaws.com"
      && aws_lambda_permission.delivery[0].source_arn == aws_cloudwatch_event_rule.delivery[0].arn
      && aws_lambda_permission.delivery[0].function_name == "winback-record-delivery"
    )
    error_message = "The rule, and only this rule, may call record-delivery."
  }
}

run "a_delivery_event_is_not_lost" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.delivery[0].dead_letter_config[0].arn == aws_sqs_queue.delivery_dead.arn
    error_message = "What cannot be handed over is kept."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.delivery[0].destination_config[0].on_failure[0].destination == aws_sqs_queue.delivery_dead.arn
    error_message = "What fails in the function is kept."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.delivery_dead.policy).Statement == [for service, source in {
      events = "arn:aws:events:eu-central-1:111122223333:rule/winback-record-delivery"
      sns    = "arn:aws:sns:eu-central-1:111122223333:winback-delivery"
      } : {
      Effect    = "Allow"
      Principal = { Service = "${service}.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:111122223333:winback-delivery-dead"
      Condition = { ArnEquals = { "aws:SourceArn" = source } }
    }]
    error_message = "Only our rule and our topic write there."
  }
}

run "bounces_and_complaints_are_suppressed_twice" {
  command = plan

  assert {
    condition     = toset(aws_sesv2_configuration_set.mail.suppression_options[0].suppressed_reasons) == toset(["BOUNCE", "COMPLAINT"])
    error_message = "SES keeps a second net."
  }

  assert {
    condition     = length(aws_sesv2_configuration_set.mail.tracking_options) == 0
    error_message = "Links are left as they are."
  }
}

run "clicks_go_over_the_shops_own_domain" {
  command = plan

  variables {
    click_domain = "click.shop.example"
  }

  assert {
    condition     = contains(aws_sesv2_configuration_set_event_destination.mail[0].event_destination[0].matching_event_types, "CLICK")
    error_message = "With a domain clicks are told."
  }

  assert {
    condition     = aws_sesv2_configuration_set.mail.tracking_options[0].custom_redirect_domain == "click.shop.example" && aws_sesv2_configuration_set.mail.tracking_options[0].https_policy == "REQUIRE"
    error_message = "Clicks go over the shop's domain, by HTTPS."
  }
}

run "and_by_a_second_way" {
  command = plan

  assert {
    condition = (
      aws_sesv2_configuration_set_event_destination.topic[0].event_destination[0].sns_destination[0].topic_arn == aws_sns_topic.delivery[0].arn
      && aws_sesv2_configuration_set_event_destination.topic[0].event_destination[0].matching_event_types == aws_sesv2_configuration_set_event_destination.mail[0].event_destination[0].matching_event_types
    )
    error_message = "SES tells the topic the same news."
  }

  assert {
    condition = (
      aws_sns_topic_subscription.delivery[0].raw_message_delivery
      && aws_sns_topic_subscription.delivery[0].endpoint == aws_sqs_queue.delivery[0].arn
      && jsondecode(aws_sns_topic_subscription.delivery[0].redrive_policy).deadLetterTargetArn == aws_sqs_queue.delivery_dead.arn
      && jsondecode(aws_sqs_queue_redrive_policy.delivery[0].redrive_policy).deadLetterTargetArn == aws_sqs_queue.delivery_dead.arn
    )
    error_message = "The topic fills the queue with what SES said, and nothing is lost."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.delivery[0].function_name == aws_lambda_function.worker["record-delivery"].arn
      && aws_lambda_event_source_mapping.delivery[0].function_response_types == toset(["ReportBatchItemFailures"])
      && aws_sqs_queue.delivery[0].visibility_timeout_seconds >= 6 * aws_lambda_function.worker["record-delivery"].timeout
    )
    error_message = "The queue feeds record-delivery."
  }

  assert {
    condition = (
      jsondecode(aws_sns_topic_policy.delivery[0].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == aws_sesv2_configuration_set.mail.arn
      && jsondecode(aws_sqs_queue_policy.delivery[0].policy).Statement[0].Condition.ArnEquals["aws:SourceArn"] == aws_sns_topic.delivery[0].arn
    )
    error_message = "Only our configuration set writes to the topic, and only our topic to the queue."
  }
}

run "the_bus_alone_is_enough" {
  command = plan

  variables {
    delivery_events = ["eventbridge"]
  }

  assert {
    condition     = length(aws_sns_topic.delivery) == 0 && length(aws_sqs_queue.delivery) == 0 && length(aws_cloudwatch_event_rule.delivery) == 1
    error_message = "Without sns no topic and no queue."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function["record-delivery"].policy, "sqs:ReceiveMessage") && !contains(keys(output.queues), "delivery")
    error_message = "Nor does anybody read one."
  }
}

run "the_topic_alone_is_enough" {
  command = plan

  variables {
    delivery_events = ["sns"]
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.delivery) == 0 && length(aws_lambda_permission.delivery) == 0 && length(aws_sqs_queue.delivery) == 1
    error_message = "Without eventbridge no rule."
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.function["record-delivery"].policy, "sqs:SendMessage")
    error_message = "Nor is anything put away that the bus would have brought."
  }
}
