locals {
  days = 24 * 60 * 60

  # SQS takes its own key or ours. Null, not false: the provider refuses both arguments at once.
  managed_encryption = var.kms_key_arn == null ? true : null
}

# Verified events of the stores, read by record-event. Kept as long as SQS allows: an order must not be lost.
resource "aws_sqs_queue" "events" {
  name                       = "${var.prefix}-events"
  visibility_timeout_seconds = 6 * local.timeout_seconds["record-event"]
  message_retention_seconds  = 14 * local.days
  sqs_managed_sse_enabled    = local.managed_encryption
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags
}

# Ids of customers whose time has come, read by send-message. Only hints: one that is a day old is worth nothing, the index has it.
resource "aws_sqs_queue" "due" {
  name                       = "${var.prefix}-due"
  visibility_timeout_seconds = 6 * local.timeout_seconds["send-message"]
  message_retention_seconds  = 1 * local.days
  sqs_managed_sse_enabled    = local.managed_encryption
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags
}

resource "aws_sqs_queue" "events_dead" {
  name                      = "${var.prefix}-events-dead"
  message_retention_seconds = 14 * local.days
  sqs_managed_sse_enabled   = local.managed_encryption
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

resource "aws_sqs_queue" "due_dead" {
  name                      = "${var.prefix}-due-dead"
  message_retention_seconds = 14 * local.days
  sqs_managed_sse_enabled   = local.managed_encryption
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

# What became of the mails, by way of SNS, read by record-delivery: kept long, a bounce that is forgotten is mailed again.
resource "aws_sqs_queue" "delivery" {
  count = local.by_sns ? 1 : 0

  name                       = "${var.prefix}-delivery"
  visibility_timeout_seconds = 6 * local.timeout_seconds["record-delivery"]
  message_retention_seconds  = 14 * local.days
  sqs_managed_sse_enabled    = local.managed_encryption
  kms_master_key_id          = var.kms_key_arn
  tags                       = var.tags
}

# Delivery events that EventBridge could not hand over or that record-delivery could not digest, by either way.
resource "aws_sqs_queue" "delivery_dead" {
  name                      = "${var.prefix}-delivery-dead"
  message_retention_seconds = 14 * local.days
  sqs_managed_sse_enabled   = local.managed_encryption
  kms_master_key_id         = var.kms_key_arn
  tags                      = var.tags
}

# Apart from the queues: a queue with a policy inside is made after its dead-letter queue, and the provider waits half a minute for each.
resource "aws_sqs_queue_redrive_policy" "events" {
  queue_url = aws_sqs_queue.events.id

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.events_dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_redrive_policy" "due" {
  queue_url = aws_sqs_queue.due.id

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.due_dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_redrive_policy" "delivery" {
  count = local.by_sns ? 1 : 0

  queue_url = aws_sqs_queue.delivery[0].id

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.delivery_dead.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "events_dead" {
  queue_url = aws_sqs_queue.events_dead.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.events.arn]
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "due_dead" {
  queue_url = aws_sqs_queue.due_dead.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.due.arn]
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "delivery_dead" {
  count = local.by_sns ? 1 : 0

  queue_url = aws_sqs_queue.delivery_dead.id

  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = aws_sqs_queue.delivery[*].arn
  })
}

resource "aws_lambda_event_source_mapping" "events" {
  event_source_arn        = aws_sqs_queue.events.arn
  function_name           = aws_lambda_function.worker["record-event"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  # Lambda refuses the mapping while the role may not read the queue.
  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_event_source_mapping" "due" {
  event_source_arn        = aws_sqs_queue.due.arn
  function_name           = aws_lambda_function.worker["send-message"].arn
  enabled                 = var.sending_enabled
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  # A mail takes at least a tenth of a second, so one worker for every ten a second stays below what SES grants. Over it SES refuses,
  # and a refusal stops the store. Two is the least that AWS accepts; there find-lapsed alone keeps the pace.
  scaling_config {
    maximum_concurrency = min(1000, max(2, floor(var.sending_rate / 10)))
  }

  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_event_source_mapping" "delivery" {
  count = local.by_sns ? 1 : 0

  event_source_arn        = aws_sqs_queue.delivery[0].arn
  function_name           = aws_lambda_function.worker["record-delivery"].arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  depends_on = [aws_iam_role_policy.function]
}
