# Whoever looks at a bill or a list of resources sees by the tags what is Winback's: all that takes tags has them, functions or not.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir          = "tests/packages"
  sender_domain         = "shop.example"
  ses_tenants           = ["outlet"]
  link_domain           = { name = "hello.shop.example", certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
  monthly_budget_usd    = 100
  shopify_event_sources = { outlet = "aws.partner/shopify.com/1234567/outlet" }
  tags                  = { shop = "Anna's" }
}

run "what_keeps_something_is_tagged" {
  command = plan

  assert {
    condition = alltrue([
      for resource in [
        aws_dynamodb_table.customers, aws_dynamodb_table.ledger, aws_s3_bucket.files, aws_cloudwatch_log_group.machine,
        aws_sqs_queue.events, aws_sqs_queue.due, aws_sqs_queue.delivery[0], aws_sqs_queue.events_dead, aws_sqs_queue.due_dead, aws_sqs_queue.delivery_dead,
      ] : resource.tags == tomap(var.tags)
    ])
    error_message = "Tables, bucket, queues, the machine's log."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.tags == tomap(var.tags)])
    error_message = "The functions' logs."
  }
}

run "what_runs_something_is_tagged" {
  command = plan

  assert {
    condition     = alltrue([for role in concat(values(aws_iam_role.function), [aws_iam_role.scheduler, aws_iam_role.machine, aws_iam_role.import_rule]) : role.tags == tomap(var.tags)])
    error_message = "Roles."
  }

  assert {
    condition = alltrue([
      for resource in [
        aws_sfn_state_machine.imports, aws_scheduler_schedule_group.winback, aws_cloudfront_distribution.links[0],
        aws_lambda_event_source_mapping.events, aws_lambda_event_source_mapping.due, aws_lambda_event_source_mapping.delivery[0],
        aws_cloudwatch_event_rule.delivery[0], aws_cloudwatch_event_rule.imports,
        aws_cloudwatch_event_rule.shopify["outlet"], aws_cloudwatch_event_bus.shopify["outlet"],
      ] : resource.tags == tomap(var.tags)
    ])
    error_message = "The state machine, the schedules' group, the link domain, what feeds the functions, rules and buses."
  }
}

run "what_sends_and_tells_is_tagged" {
  command = plan

  assert {
    condition = alltrue([
      for resource in [
        aws_sesv2_configuration_set.mail, aws_sesv2_email_identity.sender[0], aws_sns_topic.delivery[0], aws_sns_topic.alarms, aws_budgets_budget.month[0],
      ] : resource.tags == tomap(var.tags)
    ])
    error_message = "What sends, topics, the budget."
  }

  assert {
    condition     = alltrue([for alarm in merge(aws_cloudwatch_metric_alarm.one, aws_cloudwatch_metric_alarm.functions) : alarm.tags == tomap(var.tags)])
    error_message = "Alarms."
  }

  assert {
    condition     = jsondecode(aws_cloudcontrolapi_resource.tenant["outlet"].desired_state).Tags == [{ Key = "shop", Value = "Anna's" }]
    error_message = "Tenants, in the words of Cloud Control."
  }
}
