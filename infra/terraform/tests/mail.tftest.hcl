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
    condition = aws_sesv2_configuration_set_event_destination.mail.event_destination[0].matching_event_types == toset([
      "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "RENDERING_FAILURE",
    ])
    error_message = "Every event but opens and clicks."
  }

  assert {
    condition = (
      aws_sesv2_configuration_set_event_destination.mail.event_destination[0].enabled
      && aws_sesv2_configuration_set_event_destination.mail.event_destination[0].event_bridge_destination[0].event_bus_arn == "arn:aws:events:eu-central-1:111122223333:event-bus/default"
    )
    error_message = "SES tells the default bus."
  }

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.delivery.event_pattern) == {
      source = ["aws.ses"]
      detail = { mail = { tags = { "ses:configuration-set" = ["winback"] } } }
    }
    error_message = "The rule takes SES events of our own configuration set."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.delivery.arn == aws_lambda_function.worker["record-delivery"].arn
      && aws_lambda_permission.delivery.principal == "events.amazonaws.com"
      && aws_lambda_permission.delivery.source_arn == aws_cloudwatch_event_rule.delivery.arn
      && aws_lambda_permission.delivery.function_name == "winback-record-delivery"
    )
    error_message = "The rule, and only this rule, may call record-delivery."
  }
}

run "a_delivery_event_is_not_lost" {
  command = plan

  assert {
    condition     = aws_cloudwatch_event_target.delivery.dead_letter_config[0].arn == aws_sqs_queue.delivery_dead.arn
    error_message = "What cannot be handed over is kept."
  }

  assert {
    condition     = aws_lambda_function_event_invoke_config.delivery.destination_config[0].on_failure[0].destination == aws_sqs_queue.delivery_dead.arn
    error_message = "What fails in the function is kept."
  }

  assert {
    condition = jsondecode(aws_sqs_queue_policy.delivery_dead.policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = "arn:aws:sqs:eu-central-1:111122223333:winback-delivery-dead"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:events:eu-central-1:111122223333:rule/winback-record-delivery" } }
    }]
    error_message = "Only our rule writes there."
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
    condition     = contains(aws_sesv2_configuration_set_event_destination.mail.event_destination[0].matching_event_types, "CLICK")
    error_message = "With a domain clicks are told."
  }

  assert {
    condition     = aws_sesv2_configuration_set.mail.tracking_options[0].custom_redirect_domain == "click.shop.example" && aws_sesv2_configuration_set.mail.tracking_options[0].https_policy == "REQUIRE"
    error_message = "Clicks go over the shop's domain, by HTTPS."
  }
}
