# What AWS would answer. Every resource that a policy or a target names has an ARN of its own, so that the tests tell them apart.

mock_data "aws_caller_identity" {
  defaults = { account_id = "111122223333" }
}

mock_data "aws_partition" {
  defaults = { partition = "aws" }
}

mock_data "aws_region" {
  defaults = { name = "eu-central-1" }
}

override_resource {
  target = aws_dynamodb_table.customers
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/winback-customers"
  }
}

override_resource {
  target = aws_dynamodb_table.ledger
  values = {
    arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/winback-ledger"
  }
}

override_resource {
  target = aws_sqs_queue.events
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-events"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events"
  }
}

override_resource {
  target = aws_sqs_queue.due
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-due"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-due"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-due"
  }
}

override_resource {
  target = aws_sqs_queue.events_dead
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-events-dead"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events-dead"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events-dead"
  }
}

override_resource {
  target = aws_sqs_queue.due_dead
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-due-dead"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-due-dead"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-due-dead"
  }
}

override_resource {
  target = aws_sqs_queue.delivery_dead
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-delivery-dead"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-delivery-dead"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-delivery-dead"
  }
}

override_resource {
  target = aws_lambda_function.web["receive-webhook"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-receive-webhook"
  }
}

override_resource {
  target = aws_lambda_function.worker["record-event"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-record-event"
  }
}

override_resource {
  target = aws_lambda_function.worker["find-lapsed"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-find-lapsed"
  }
}

override_resource {
  target = aws_lambda_function.worker["send-message"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-send-message"
  }
}

override_resource {
  target = aws_lambda_function.worker["record-delivery"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-record-delivery"
  }
}

override_resource {
  target = aws_lambda_function.web["serve-offer"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-serve-offer"
  }
}

override_resource {
  target = aws_lambda_function.web["redeem-code"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-redeem-code"
  }
}

override_resource {
  target = aws_lambda_function.worker["scan-customers"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-scan-customers"
  }
}

override_resource {
  target = aws_lambda_function_url.web["receive-webhook"]
  values = {
    function_url = "https://receive-webhook.lambda-url.eu-central-1.on.aws/"
  }
}

override_resource {
  target = aws_lambda_function_url.web["redeem-code"]
  values = {
    function_url = "https://redeem-code.lambda-url.eu-central-1.on.aws/"
  }
}

override_resource {
  target = aws_lambda_function_url.web["serve-offer"]
  values = {
    function_url = "https://serve-offer.lambda-url.eu-central-1.on.aws/"
  }
}

override_resource {
  target = aws_iam_role.function["receive-webhook"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-receive-webhook"
  }
}

override_resource {
  target = aws_iam_role.function["record-event"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-record-event"
  }
}

override_resource {
  target = aws_iam_role.function["find-lapsed"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-find-lapsed"
  }
}

override_resource {
  target = aws_iam_role.function["send-message"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-send-message"
  }
}

override_resource {
  target = aws_iam_role.function["record-delivery"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-record-delivery"
  }
}

override_resource {
  target = aws_iam_role.function["serve-offer"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-serve-offer"
  }
}

override_resource {
  target = aws_iam_role.function["redeem-code"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-redeem-code"
  }
}

override_resource {
  target = aws_iam_role.function["scan-customers"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-scan-customers"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["receive-webhook"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-receive-webhook"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["record-event"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-record-event"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["find-lapsed"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-find-lapsed"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["send-message"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-send-message"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["record-delivery"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-record-delivery"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["serve-offer"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-serve-offer"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["redeem-code"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-redeem-code"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["scan-customers"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-scan-customers"
  }
}

override_resource {
  target = aws_iam_role.scheduler
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-scheduler"
  }
}

override_resource {
  target = aws_scheduler_schedule_group.winback
  values = {
    arn = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/winback"
  }
}

override_resource {
  target = aws_sesv2_configuration_set.mail
  values = {
    arn = "arn:aws:ses:eu-central-1:111122223333:configuration-set/winback"
  }
}

override_resource {
  target = aws_cloudwatch_event_rule.delivery
  values = {
    arn = "arn:aws:events:eu-central-1:111122223333:rule/winback-record-delivery"
  }
}

override_resource {
  target = aws_lambda_layer_version.programs
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:layer:winback-programs:1"
  }
}

override_resource {
  target = aws_sqs_queue.delivery
  values = {
    arn = "arn:aws:sqs:eu-central-1:111122223333:winback-delivery"
    id  = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-delivery"
    url = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-delivery"
  }
}

override_resource {
  target = aws_lambda_function.worker["import-orders"]
  values = {
    arn = "arn:aws:lambda:eu-central-1:111122223333:function:winback-import-orders"
  }
}

override_resource {
  target = aws_iam_role.function["import-orders"]
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-import-orders"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.function["import-orders"]
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/winback-import-orders"
  }
}

override_resource {
  target = aws_cloudwatch_log_group.machine
  values = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/vendedlogs/states/winback-import-orders"
  }
}

override_resource {
  target = aws_iam_role.machine
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-import-machine"
  }
}

override_resource {
  target = aws_iam_role.import_rule
  values = {
    arn = "arn:aws:iam::111122223333:role/winback-import-rule"
  }
}

override_resource {
  target = aws_sfn_state_machine.imports
  values = {
    arn = "arn:aws:states:eu-central-1:111122223333:stateMachine:winback-import-orders"
  }
}

override_resource {
  target = aws_cloudwatch_event_rule.imports
  values = {
    arn = "arn:aws:events:eu-central-1:111122223333:rule/winback-import-orders"
  }
}

override_resource {
  target = aws_s3_bucket.files
  values = {
    arn = "arn:aws:s3:::winback-files-111122223333-eu-central-1"
    id  = "winback-files-111122223333-eu-central-1"
  }
}

override_resource {
  target = aws_sns_topic.delivery
  values = {
    arn = "arn:aws:sns:eu-central-1:111122223333:winback-delivery"
  }
}

override_resource {
  target = aws_sns_topic.alarms
  values = {
    arn = "arn:aws:sns:eu-central-1:111122223333:winback-alarms"
  }
}

override_resource {
  target = aws_sesv2_email_identity.sender
  values = {
    arn = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example"
  }
}

override_resource {
  target = aws_cloudfront_key_value_store.origin
  values = {
    arn = "arn:aws:cloudfront::111122223333:key-value-store/winback-origin"
  }
}

override_resource {
  target = aws_cloudfront_function.origin
  values = {
    arn = "arn:aws:cloudfront::111122223333:function/winback-origin"
  }
}

override_resource {
  target = aws_cloudfront_distribution.links
  values = {
    domain_name    = "d111111abcdef8.cloudfront.net"
    hosted_zone_id = "Z2FDTNDATAQYW2"
  }
}

override_resource {
  target = aws_cloudwatch_metric_alarm.one
  values = {
    arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:winback-one"
  }
}

override_resource {
  target = aws_cloudwatch_metric_alarm.functions
  values = {
    arn = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:winback-functions"
  }
}

override_resource {
  target = aws_cloudwatch_event_bus.shopify
  values = {
    arn = "arn:aws:events:eu-central-1:111122223333:event-bus/aws.partner/shopify.com/1234567/books"
  }
}

override_resource {
  target = aws_cloudwatch_event_rule.shopify
  values = {
    arn = "arn:aws:events:eu-central-1:111122223333:rule/aws.partner/shopify.com/1234567/books/winback-shopify-books"
  }
}
