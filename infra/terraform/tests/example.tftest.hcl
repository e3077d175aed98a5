# The example is applied as a whole, values that are known only afterwards included: no dependency bites its own tail.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }

  mock_data "aws_region" {
    defaults = { name = "eu-central-1" }
  }

  mock_resource "aws_lambda_function_url" {
    defaults = { function_url = "https://any.lambda-url.eu-central-1.on.aws/" }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/any" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:function:any" }
  }

  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:eu-central-1:111122223333:any" }
  }

  mock_resource "aws_sesv2_email_identity" {
    defaults = { arn = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example" }
  }

  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:rule/any" }
  }

  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:layer:any:1" }
  }
}

run "the_simple_example_stands" {
  module {
    source = "./examples/simple"
  }

  variables {
    packages_dir = "tests/packages"
  }

  assert {
    condition     = toset(keys(output.urls)) == toset(["receive-webhook", "serve-offer", "redeem-code"])
    error_message = "The example tells where to call."
  }
}

run "and_the_module_by_itself" {
  variables {
    packages_dir         = "tests/packages"
    programs_zip         = "tests/packages/programs.zip"
    sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
  }

  assert {
    condition     = output.link_base == output.urls["serve-offer"] && !endswith(output.link_base, "/")
    error_message = "Without a domain of their own the links lead to serve-offer's URL."
  }
}
