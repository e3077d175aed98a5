locals {
  tables = {
    WINBACK_CUSTOMERS_TABLE = aws_dynamodb_table.customers.name
    WINBACK_LEDGER_TABLE    = aws_dynamodb_table.ledger.name
  }

  # A customer's shard is part of the index key, so everybody who writes customers has to agree on the number.
  shards  = { WINBACK_DUE_SHARDS = tostring(var.due_shards) }
  secrets = { WINBACK_SECRETS_PREFIX = local.secrets_prefix }

  web_environment = {
    receive-webhook = merge(local.secrets, { WINBACK_EVENTS_QUEUE_URL = aws_sqs_queue.events.url })
    serve-offer     = merge(local.tables, local.shards, local.secrets)
    redeem-code     = merge(local.tables, local.shards)
  }

  worker_environment = {
    record-event = merge(local.tables, local.shards, local.secrets)
    find-lapsed = merge(local.shards, {
      WINBACK_CUSTOMERS_TABLE = aws_dynamodb_table.customers.name
      WINBACK_DUE_QUEUE_URL   = aws_sqs_queue.due.url
    })
    send-message = merge(local.tables, local.shards, local.secrets, {
      WINBACK_CONFIGURATION_SET = aws_sesv2_configuration_set.mail.configuration_set_name
      WINBACK_LINK_BASE         = local.link_base
    })
    record-delivery = merge(local.tables, local.shards)
    scan-customers  = merge(local.tables, local.shards, { WINBACK_PROGRAMS_DIR = "/opt/winback" })
  }

  layers = { scan-customers = aws_lambda_layer_version.programs[*].arn }
}

resource "aws_lambda_function" "web" {
  for_each = local.web_names

  function_name                  = "${var.prefix}-${each.key}"
  role                           = aws_iam_role.function[each.key].arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = local.packages[each.key]
  source_code_hash               = filebase64sha256(local.packages[each.key])
  memory_size                    = local.memory_megabytes[each.key]
  timeout                        = local.timeout_seconds[each.key]
  reserved_concurrent_executions = var.url_concurrency
  tags                           = var.tags

  environment {
    variables = local.web_environment[each.key]
  }

  # INFO and no finer: the runtime writes whole payloads, with addresses, at TRACE.
  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  lifecycle {
    precondition {
      condition     = fileexists(local.packages[each.key])
      error_message = "The package of ${each.key} is missing. Build before apply; not there yet: ${join(", ", local.missing_packages)}."
    }
  }
}

resource "aws_lambda_function" "worker" {
  for_each = local.worker_names

  function_name    = "${var.prefix}-${each.key}"
  role             = aws_iam_role.function[each.key].arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.architecture]
  filename         = local.packages[each.key]
  source_code_hash = filebase64sha256(local.packages[each.key])
  memory_size      = local.memory_megabytes[each.key]
  timeout          = local.timeout_seconds[each.key]
  layers           = lookup(local.layers, each.key, [])
  tags             = var.tags

  environment {
    variables = local.worker_environment[each.key]
  }

  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "INFO"
    log_group             = aws_cloudwatch_log_group.function[each.key].name
  }

  lifecycle {
    precondition {
      condition     = fileexists(local.packages[each.key])
      error_message = "The package of ${each.key} is missing. Build before apply; not there yet: ${join(", ", local.missing_packages)}."
    }
  }
}

# The shops' programs. Lambda unpacks it under /opt, so the zip holds winback/<store>/...
resource "aws_lambda_layer_version" "programs" {
  count = var.programs_zip == null ? 0 : 1

  layer_name       = "${var.prefix}-programs"
  description      = "Programs and mails of the shops"
  filename         = var.programs_zip
  source_code_hash = filebase64sha256(var.programs_zip)

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = fileexists(var.programs_zip)
      error_message = "The layer ${var.programs_zip} is missing: pack the programs before apply."
    }
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.function_names

  name              = "/aws/lambda/${var.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}
