# Two installations in one account differ in their prefix and in nothing else: whatever has a name is called after it.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  prefix                = "books"
  packages_dir          = "tests/packages"
  programs_zip          = "tests/packages/programs.zip"
  sender_identity_arns  = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
  ses_tenants           = ["outlet"]
  link_domain           = { name = "hello.shop.example", certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
  monthly_budget_usd    = 100
  shopify_event_sources = { outlet = "aws.partner/shopify.com/1234567/outlet" }
}

run "whatever_runs_and_keeps_is_called_after_the_stack" {
  command = plan

  assert {
    condition     = [aws_dynamodb_table.customers.name, aws_dynamodb_table.ledger.name] == ["books-customers", "books-ledger"]
    error_message = "Both tables."
  }

  assert {
    condition = [
      for queue in [aws_sqs_queue.events, aws_sqs_queue.due, aws_sqs_queue.delivery[0], aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead] : queue.name
    ] == ["books-events", "books-due", "books-delivery", "books-events-dead", "books-due-dead", "books-delivery-dead"]
    error_message = "Every queue."
  }

  assert {
    condition     = alltrue([for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : function.function_name == "books-${name}"])
    error_message = "Every function."
  }

  assert {
    condition     = aws_lambda_layer_version.programs[0].layer_name == "books-programs"
    error_message = "The layer."
  }

  assert {
    condition = (
      alltrue([for name, group in aws_cloudwatch_log_group.function : group.name == "/aws/lambda/books-${name}"])
      && aws_cloudwatch_log_group.machine.name == "/aws/vendedlogs/states/books-import-orders"
    )
    error_message = "Every log."
  }

  assert {
    condition = (
      alltrue([for name, role in aws_iam_role.function : role.name == "books-${name}"])
      && [aws_iam_role.scheduler.name, aws_iam_role.machine.name, aws_iam_role.import_rule.name] == ["books-scheduler", "books-import-machine", "books-import-rule"]
    )
    error_message = "Every role: their names are the whole account's, in all regions."
  }

  assert {
    condition     = aws_s3_bucket.files.bucket == "books-files-111122223333-eu-central-1"
    error_message = "The bucket."
  }
}

run "whatever_starts_and_tells_is_called_after_the_stack" {
  command = plan

  assert {
    condition     = [aws_sns_topic.delivery[0].name, aws_sns_topic.alarms.name] == ["books-delivery", "books-alarms"]
    error_message = "Both topics."
  }

  assert {
    condition = (
      aws_scheduler_schedule_group.winback.name == "books"
      && alltrue([for name, schedule in aws_scheduler_schedule.function : schedule.name == "books-${name}" && schedule.group_name == "books"])
    )
    error_message = "Every schedule, and their group."
  }

  assert {
    condition = (
      [aws_cloudwatch_event_rule.delivery[0].name, aws_cloudwatch_event_rule.imports.name] == ["books-record-delivery", "books-import-orders"]
      && [aws_cloudwatch_event_rule.shopify["outlet"].name, aws_cloudwatch_event_archive.shopify["outlet"].name] == ["books-shopify-outlet", "books-shopify-outlet"]
    )
    error_message = "Every rule, and Shopify's archive. Its bus is called like the partner's source."
  }

  assert {
    condition     = aws_sfn_state_machine.imports.name == "books-import-orders"
    error_message = "The state machine."
  }

  assert {
    condition     = aws_sesv2_configuration_set.mail.configuration_set_name == "books"
    error_message = "The configuration set."
  }

  assert {
    condition = (
      jsondecode(aws_cloudcontrolapi_resource.tenant["outlet"].desired_state).TenantName == "books-outlet"
      && aws_lambda_function.worker["send-message"].environment[0].variables.WINBACK_TENANT_PREFIX == "books-"
    )
    error_message = "A store's tenant, and send-message knows it by the same name."
  }

  assert {
    condition     = [aws_cloudfront_key_value_store.origin[0].name, aws_cloudfront_function.origin[0].name] == ["books-origin", "books-origin"]
    error_message = "What stands before the link domain."
  }
}

run "whatever_is_watched_is_called_after_the_stack" {
  command = plan

  assert {
    condition     = alltrue([for name, alarm in merge(aws_cloudwatch_metric_alarm.one, aws_cloudwatch_metric_alarm.functions) : alarm.alarm_name == "books-${name}"])
    error_message = "Every alarm."
  }

  assert {
    condition = alltrue([
      for name, filter in aws_cloudwatch_log_metric_filter.log : filter.name == "books-${name}" && filter.metric_transformation[0].namespace == "Winback/books"
    ])
    error_message = "Every figure out of the logs counts for this stack alone."
  }

  assert {
    condition     = [for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : statement.Condition.ArnLike["aws:SourceArn"] if statement.Principal.Service == "cloudwatch.amazonaws.com"] == ["arn:aws:cloudwatch:eu-central-1:111122223333:alarm:books-*"]
    error_message = "Its own alarms write to its topic."
  }

  assert {
    condition     = aws_cloudwatch_dashboard.winback.dashboard_name == "books" && aws_budgets_budget.month[0].name == "books"
    error_message = "The dashboard and the budget."
  }
}

run "secrets_lie_below_the_stacks_name" {
  command = plan

  assert {
    condition     = output.secrets_prefix == "/books" && aws_lambda_function.web["receive-webhook"].environment[0].variables.WINBACK_SECRETS_PREFIX == "/books"
    error_message = "Where secrets are looked for."
  }

  assert {
    condition = toset(flatten([
      for policy in aws_iam_role_policy.function : [
        for statement in jsondecode(policy.policy).Statement : [for resource in statement.Resource : split("/", resource)[1]] if statement.Action == ["ssm:GetParameter"]
      ]
    ])) == toset(["books"])
    error_message = "No function may read another stack's."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.machine.assume_role_policy).Statement[0].Condition.ArnLike["aws:SourceArn"] == "arn:aws:states:eu-central-1:111122223333:stateMachine:books-import-orders"
    )
    error_message = "Its own machine takes the machine's role."
  }
}
