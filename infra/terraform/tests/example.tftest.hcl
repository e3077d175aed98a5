# The examples are applied as a whole, values that are known only afterwards included: no dependency bites its own tail.

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
    defaults = {
      arn                     = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example"
      dkim_signing_attributes = { tokens = ["one", "two", "three"] }
    }
  }

  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:111122223333:any" }
  }

  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
  }

  mock_resource "aws_cloudfront_key_value_store" {
    defaults = { arn = "arn:aws:cloudfront::111122223333:key-value-store/any" }
  }

  mock_resource "aws_cloudfront_function" {
    defaults = { arn = "arn:aws:cloudfront::111122223333:function/any" }
  }

  mock_resource "aws_cloudfront_distribution" {
    defaults = { domain_name = "any.cloudfront.net", hosted_zone_id = "Z2FDTNDATAQYW2" }
  }

  mock_resource "aws_cloudwatch_metric_alarm" {
    defaults = { arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:any" }
  }

  mock_resource "aws_sfn_state_machine" {
    defaults = { arn = "arn:aws:states:eu-central-1:111122223333:stateMachine:any" }
  }

  mock_resource "aws_cloudwatch_event_bus" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:event-bus/any" }
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
    sender_domain = "shop.example"
    packages_dir  = "tests/packages"
  }

  assert {
    condition     = toset(keys(output.winback.urls)) == toset(["receive-webhook", "serve-offer", "redeem-code"])
    error_message = "The example tells where to call."
  }

  assert {
    condition     = output.winback.dns_records["dkim-1"] == { name = "one._domainkey.shop.example", type = "CNAME", value = "one.dkim.amazonses.com" }
    error_message = "The example tells what to write into the DNS."
  }
}

run "the_complete_example_stands" {
  module {
    source = "./examples/complete"
  }

  variables {
    packages_bucket = "shop-example-builds"
    programs_zip    = "tests/packages/programs.zip"
    certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    zone_id         = "Z0123456789ABCDEFGHIJ"
  }

  assert {
    condition     = output.winback.link_base == "https://hello.shop.example" && output.winback.webhook_base == "https://hello.shop.example"
    error_message = "Links and webhooks go over the shop's domain."
  }

  assert {
    condition     = toset(keys(output.winback.dns_records)) == toset(["dkim-1", "dkim-2", "dkim-3", "dmarc", "mail-from", "mail-from-spf"])
    error_message = "What Route 53 does not get from us is listed."
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
