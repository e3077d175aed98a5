# Figures that no service of AWS knows: read from the functions' JSON logs.

locals {
  # One namespace per installation: a metric filter knows no dimension that it could be told from outside the log.
  metrics_namespace = "Winback/${var.prefix}"

  log_metrics = {
    # Of find-lapsed, once a run.
    oldest-due    = { log = "find-lapsed", message = "pumped", name = "OldestDueSeconds", value = "$.fields.oldest_due_seconds", unit = "Seconds" }
    hints         = { log = "find-lapsed", message = "pumped", name = "Hints", value = "$.fields.hints", unit = "Count" }
    unknown-sends = { log = "send-message", message = "unknown", name = "UnknownSends", value = "1", unit = "Count" }
    stores-paused = { log = "send-message", message = "store paused", name = "StoresPaused", value = "1", unit = "Count" }
    # Too many bounces or complaints; and a platform that took us out.
    stores-broken = { log = "record-delivery", message = "store paused", name = "StoresPaused", value = "1", unit = "Count" }
    stores-left   = { log = "record-event", message = "store paused", name = "StoresPaused", value = "1", unit = "Count" }
    # What became of promises: no mail for want of a code, a pool that is nearly empty, a mail that the shop's people honour.
    codes-given-up = { log = "send-message", message = "code given up", name = "CodesGivenUp", value = "1", unit = "Count" }
    pools-low      = { log = "send-message", message = "pool runs low", name = "PoolsLow", value = "1", unit = "Count" }
    by-hand        = { log = "send-message", message = "to be honoured by hand", name = "ByHand", value = "1", unit = "Count" }
    # A wish that has a month's term, and that a person answers.
    data-requested = { log = "record-event", message = "somebody asked for their data: send them this file", name = "DataRequests", value = "1", unit = "Count" }
    # To look at and not to be called for: test orders, topics that nobody asked for.
    webhooks-ignored = { log = "receive-webhook", message = "webhook ignored", name = "WebhooksIgnored", value = "1", unit = "Count" }
  }
}

resource "aws_cloudwatch_log_metric_filter" "log" {
  for_each = local.log_metrics

  name           = "${var.prefix}-${each.key}"
  log_group_name = aws_cloudwatch_log_group.function[each.value.log].name
  pattern        = "{ $.fields.message = \"${each.value.message}\" }"

  metric_transformation {
    namespace = local.metrics_namespace
    name      = each.value.name
    value     = each.value.value
    unit      = each.value.unit
  }
}
