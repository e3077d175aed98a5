mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "mails_go_out" {
  command = plan

  assert {
    condition = (
      aws_sesv2_configuration_set.mail.sending_options[0].sending_enabled
      && aws_lambda_event_source_mapping.due.enabled
      && aws_scheduler_schedule.function["find-lapsed"].state == "ENABLED"
      && aws_cloudwatch_metric_alarm.one["silent-pump"].actions_enabled
    )
    error_message = "Unless told otherwise all is on."
  }
}

run "one_word_stops_every_mail" {
  command = plan

  variables {
    sending_enabled = false
  }

  assert {
    condition     = !aws_sesv2_configuration_set.mail.sending_options[0].sending_enabled
    error_message = "SES takes no mail any more."
  }

  assert {
    condition     = !aws_lambda_event_source_mapping.due.enabled && aws_scheduler_schedule.function["find-lapsed"].state == "DISABLED"
    error_message = "Nobody looks who is due, and nobody is handed to send-message."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.events.enabled != false
      && aws_lambda_event_source_mapping.delivery[0].enabled != false
      && aws_scheduler_schedule.function["scan-customers"].state == "ENABLED"
    )
    error_message = "Orders, bounces and the nightly scan go on."
  }

  assert {
    condition     = !aws_cloudwatch_metric_alarm.one["silent-pump"].actions_enabled && aws_cloudwatch_metric_alarm.one["bounces"].actions_enabled
    error_message = "A pump that was switched off calls nobody."
  }
}
