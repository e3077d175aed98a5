locals {
  # Not jsonencode: it writes < and > as \u003c and \u003e, and the scheduler would no longer find its own word in there.
  # A run is known by its scheduled time, which is the same on a retry.
  schedule_input = "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\"}"

  # A late look is worth nothing, the next one comes within the minute. A late scan or pull is worth as much as a punctual one.
  schedules = {
    find-lapsed    = { expression = "rate(1 minute)", retries = 1, give_up_seconds = 60, enabled = var.sending_enabled }
    pull-orders    = { expression = var.pull_schedule, retries = 5, give_up_seconds = 3600, enabled = true }
    scan-customers = { expression = var.scan_schedule, retries = 5, give_up_seconds = 3600, enabled = true }
  }
}

resource "aws_scheduler_schedule_group" "winback" {
  name = var.prefix
  tags = var.tags
}

resource "aws_scheduler_schedule" "function" {
  # checkov:skip=CKV_AWS_297: the payload is a time, nothing to lock away

  for_each = local.schedules

  name                = "${var.prefix}-${each.key}"
  group_name          = aws_scheduler_schedule_group.winback.name
  schedule_expression = each.value.expression
  state               = each.value.enabled ? "ENABLED" : "DISABLED"

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.worker[each.key].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = local.schedule_input

    retry_policy {
      maximum_retry_attempts       = each.value.retries
      maximum_event_age_in_seconds = each.value.give_up_seconds
    }
  }

  # The first run may come at once; it must not find the door closed.
  depends_on = [aws_iam_role_policy.scheduler]
}
