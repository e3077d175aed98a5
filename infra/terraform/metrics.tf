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
