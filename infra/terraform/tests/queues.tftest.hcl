mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "a_message_is_not_handed_out_twice_while_it_is_worked_on" {
  command = plan

  assert {
    condition     = aws_sqs_queue.events.visibility_timeout_seconds >= 6 * aws_lambda_function.worker["record-event"].timeout
    error_message = "events stays hidden for six timeouts of record-event."
  }

  assert {
    condition     = aws_sqs_queue.due.visibility_timeout_seconds >= 6 * aws_lambda_function.worker["send-message"].timeout
    error_message = "due stays hidden for six timeouts of send-message."
  }
}

run "visibility_follows_a_longer_timeout" {
  command = plan

  variables {
    timeout_seconds = { record-event = 100, send-message = 200 }
  }

  assert {
    condition     = aws_lambda_function.worker["record-event"].timeout == 100 && aws_sqs_queue.events.visibility_timeout_seconds >= 600
    error_message = "record-event takes 100 s, so events stays hidden for 600 s."
  }

  assert {
    condition     = aws_lambda_function.worker["send-message"].timeout == 200 && aws_sqs_queue.due.visibility_timeout_seconds >= 1200
    error_message = "send-message takes 200 s, so due stays hidden for 1,200 s."
  }
}

run "one_bad_message_does_not_bring_nine_good_ones_back" {
  command = plan

  assert {
    condition = alltrue([
      for mapping in [aws_lambda_event_source_mapping.events, aws_lambda_event_source_mapping.due] :
      mapping.function_response_types == toset(["ReportBatchItemFailures"]) && mapping.batch_size == 10
    ])
    error_message = "Both queues hand out ten at a time and take back only what failed."
  }

  assert {
    condition = (
      aws_lambda_event_source_mapping.events.event_source_arn == aws_sqs_queue.events.arn
      && aws_lambda_event_source_mapping.events.function_name == aws_lambda_function.worker["record-event"].arn
      && aws_lambda_event_source_mapping.due.event_source_arn == aws_sqs_queue.due.arn
      && aws_lambda_event_source_mapping.due.function_name == aws_lambda_function.worker["send-message"].arn
    )
    error_message = "events feeds record-event, due feeds send-message."
  }
}

run "what_fails_again_and_again_is_kept_for_a_person" {
  command = plan

  assert {
    condition = (
      aws_sqs_queue_redrive_policy.events.queue_url == aws_sqs_queue.events.id
      && jsondecode(aws_sqs_queue_redrive_policy.events.redrive_policy).deadLetterTargetArn == aws_sqs_queue.events_dead.arn
      && aws_sqs_queue_redrive_policy.due.queue_url == aws_sqs_queue.due.id
      && jsondecode(aws_sqs_queue_redrive_policy.due.redrive_policy).deadLetterTargetArn == aws_sqs_queue.due_dead.arn
    )
    error_message = "Each queue has its own dead-letter queue."
  }

  assert {
    condition = (
      jsondecode(aws_sqs_queue_redrive_allow_policy.events_dead.redrive_allow_policy).sourceQueueArns == [aws_sqs_queue.events.arn]
      && jsondecode(aws_sqs_queue_redrive_allow_policy.due_dead.redrive_allow_policy).sourceQueueArns == [aws_sqs_queue.due.arn]
    )
    error_message = "A dead-letter queue takes from its own queue only."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.events, aws_sqs_queue.due, aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead] :
      queue.sqs_managed_sse_enabled
    ])
    error_message = "Every queue is encrypted."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.events, aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead] :
      queue.message_retention_seconds == 1209600
    ])
    error_message = "An order and everything dead is kept for 14 days."
  }
}

run "a_small_account_sends_with_two" {
  command = plan

  assert {
    condition     = aws_lambda_event_source_mapping.due.scaling_config[0].maximum_concurrency == 2
    error_message = "At 14 mails a second two run at once: the least that AWS accepts."
  }
}

run "a_big_account_sends_with_twenty" {
  command = plan

  variables {
    sending_rate = 200
  }

  assert {
    condition     = aws_lambda_event_source_mapping.due.scaling_config[0].maximum_concurrency == 20
    error_message = "At 200 mails a second twenty run at once."
  }
}

run "no_account_goes_over_the_limit_of_aws" {
  command = plan

  variables {
    sending_rate = 50000
  }

  assert {
    condition     = aws_lambda_event_source_mapping.due.scaling_config[0].maximum_concurrency == 1000
    error_message = "AWS accepts 1,000 at most."
  }
}
