# Shopify's webhooks by way of EventBridge, for shops that have chosen it: one bus per shop, which takes events of that partner alone.
# So nothing is signed, and the rule says whose they are.

resource "aws_cloudwatch_event_bus" "shopify" {
  for_each = var.shopify_event_sources

  # A partner's bus is called like its source. It is locked by a key of AWS: a bus under another key would keep no archive.
  name              = each.value
  event_source_name = each.value
  tags              = var.tags
}

# What the function could not take is played again from here, once somebody has mended it.
resource "aws_cloudwatch_event_archive" "shopify" {
  for_each = var.shopify_event_sources

  name             = "${var.prefix}-shopify-${each.key}"
  event_source_arn = aws_cloudwatch_event_bus.shopify[each.key].arn
  retention_days   = 14
}

resource "aws_cloudwatch_event_rule" "shopify" {
  for_each = var.shopify_event_sources

  name           = "${var.prefix}-shopify-${each.key}"
  description    = "What Shopify tells of ${each.key}, to receive-webhook"
  event_bus_name = aws_cloudwatch_event_bus.shopify[each.key].name
  event_pattern  = jsonencode({ source = [each.value] })
  tags           = var.tags
}

resource "aws_cloudwatch_event_target" "shopify" {
  for_each = var.shopify_event_sources

  rule           = aws_cloudwatch_event_rule.shopify[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.shopify[each.key].name
  target_id      = "receive-webhook"
  arn            = aws_lambda_function.web["receive-webhook"].arn

  input_transformer {
    input_template = "{\"store\": \"${each.key}\", \"event\": <aws.events.event.json>}"
  }

  depends_on = [aws_lambda_permission.shopify]
}

resource "aws_lambda_permission" "shopify" {
  for_each = var.shopify_event_sources

  statement_id  = "shopify-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.web["receive-webhook"].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.shopify[each.key].arn
}
