mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "one_key_locks_all_that_is_stored" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.customers, aws_dynamodb_table.ledger] : table.server_side_encryption[0].enabled && table.server_side_encryption[0].kms_key_arn == var.kms_key_arn
    ])
    error_message = "Both tables."
  }

  assert {
    condition = alltrue([
      for queue in [aws_sqs_queue.events, aws_sqs_queue.due, aws_sqs_queue.delivery[0], aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead] :
      queue.kms_master_key_id == var.kms_key_arn
    ])
    error_message = "Every queue."
  }

  assert {
    condition     = aws_sns_topic.delivery[0].kms_master_key_id == var.kms_key_arn && aws_sns_topic.alarms.kms_master_key_id == var.kms_key_arn
    error_message = "Both topics."
  }

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.files.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
      && one(aws_s3_bucket_server_side_encryption_configuration.files.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn
      && one(aws_s3_bucket_server_side_encryption_configuration.files.rule).bucket_key_enabled
    )
    error_message = "The bucket."
  }

  assert {
    condition     = alltrue([for group in concat(values(aws_cloudwatch_log_group.function), [aws_cloudwatch_log_group.machine]) : group.kms_key_id == var.kms_key_arn])
    error_message = "Every log."
  }
}

run "each_role_opens_the_lock_for_its_own_calls" {
  command = plan

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = {
      for name, policy in aws_iam_role_policy.function : name => [
        for statement in jsondecode(policy.policy).Statement :
        "${split(".", statement.Condition.StringEquals["kms:ViaService"])[0]}: ${join(" ", statement.Action)}" if startswith(statement.Action[0], "kms:")
      ]
      } == {
      receive-webhook = ["sqs: kms:Decrypt kms:GenerateDataKey"]
      record-event    = ["dynamodb: kms:Decrypt", "s3: kms:Decrypt kms:GenerateDataKey", "sqs: kms:Decrypt"]
      find-lapsed     = ["dynamodb: kms:Decrypt", "sqs: kms:Decrypt kms:GenerateDataKey"]
      send-message    = ["dynamodb: kms:Decrypt", "sqs: kms:Decrypt"]
      record-delivery = ["dynamodb: kms:Decrypt", "sqs: kms:Decrypt kms:GenerateDataKey"]
      serve-offer     = ["dynamodb: kms:Decrypt"]
      redeem-code     = ["dynamodb: kms:Decrypt"]
      scan-customers  = ["dynamodb: kms:Decrypt"]
      import-orders   = ["dynamodb: kms:Decrypt", "s3: kms:Decrypt kms:GenerateDataKey"]
      pull-orders     = ["dynamodb: kms:Decrypt", "sqs: kms:Decrypt kms:GenerateDataKey"]
    }
    error_message = "The key opens through the services that a function calls, and for what it does there."
  }

  assert {
    condition = alltrue(flatten([
      for policy in aws_iam_role_policy.function : [
        for statement in jsondecode(policy.policy).Statement : statement.Resource == [var.kms_key_arn] if startswith(statement.Action[0], "kms:")
      ]
    ]))
    error_message = "This key and no other."
  }
}
