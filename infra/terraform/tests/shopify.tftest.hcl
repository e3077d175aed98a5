mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "without_a_source_there_is_no_bus" {
  command = plan

  assert {
    condition     = length(aws_cloudwatch_event_bus.shopify) + length(aws_cloudwatch_event_target.shopify) + length(aws_lambda_permission.shopify) == 0
    error_message = "Most shops come by the URL."
  }
}

run "a_shops_source_ends_at_receive_webhook_under_the_shops_name" {
  command = plan

  variables {
    shopify_event_sources = { books = "aws.partner/shopify.com/1234567/books" }
  }

  assert {
    condition = (
      aws_cloudwatch_event_bus.shopify["books"].name == "aws.partner/shopify.com/1234567/books"
      && aws_cloudwatch_event_bus.shopify["books"].event_source_name == "aws.partner/shopify.com/1234567/books"
      && jsondecode(aws_cloudwatch_event_rule.shopify["books"].event_pattern) == { source = ["aws.partner/shopify.com/1234567/books"] }
      && aws_cloudwatch_event_rule.shopify["books"].event_bus_name == "aws.partner/shopify.com/1234567/books"
    )
    error_message = "The bus is the partner's own, and its rule takes that partner alone."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.shopify["books"].arn == aws_lambda_function.web["receive-webhook"].arn
      && aws_cloudwatch_event_target.shopify["books"].input_transformer[0].input_template == "{\"store\": \"books\", \"event\": <aws.events.event.json>}"
    )
    error_message = "The function learns whose event it is."
  }

  assert {
    condition = (
      aws_lambda_permission.shopify["books"].principal == "events.amazonaws.com"
      && aws_lambda_permission.shopify["books"].source_arn == aws_cloudwatch_event_rule.shopify["books"].arn
    )
    error_message = "That rule, and no other, may start it so."
  }

  assert {
    condition     = aws_cloudwatch_event_archive.shopify["books"].retention_days == 14
    error_message = "What was not taken can be played again for two weeks."
  }
}

run "a_source_of_somebody_else_is_refused" {
  command = plan

  variables {
    shopify_event_sources = { books = "aws.partner/other.example/1/books" }
  }

  expect_failures = [var.shopify_event_sources]
}

run "a_name_that_no_store_can_have_is_refused" {
  command = plan

  variables {
    shopify_event_sources = { "Books & More" = "aws.partner/shopify.com/1234567/books" }
  }

  expect_failures = [var.shopify_event_sources]
}
