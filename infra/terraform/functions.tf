locals {
  tables = {
    WINBACK_CUSTOMERS_TABLE = aws_dynamodb_table.customers.name
    WINBACK_LEDGER_TABLE    = aws_dynamodb_table.ledger.name
  }

  # A customer's shard is part of the index key, so everybody who writes customers has to agree on the number.
  shards  = { WINBACK_DUE_SHARDS = tostring(var.due_shards) }
  secrets = { WINBACK_SECRETS_PREFIX = local.secrets_prefix }

  # Behind the link domain a request has to prove that it came through it.
  origin = { for name, value in merge(local.secrets, { WINBACK_ORIGIN_CHECKED = "true" }) : name => value if var.link_domain != null }

  # A store's tenant is this and its name.
  tenants = { for name, value in { WINBACK_TENANT_PREFIX = "${var.prefix}-" } : name => value if length(var.ses_tenants) > 0 }

  web_environment = {
    receive-webhook = merge(local.secrets, local.origin, { WINBACK_EVENTS_QUEUE_URL = aws_sqs_queue.events.url })
    serve-offer     = merge(local.tables, local.shards, local.secrets, local.origin)
    redeem-code     = merge(local.tables, local.shards, local.origin)
  }

  worker_environment = {
    record-event = merge(local.tables, local.shards, local.secrets, { WINBACK_FILES_BUCKET = aws_s3_bucket.files.bucket })
    find-lapsed = merge(local.shards, {
      WINBACK_CUSTOMERS_TABLE = aws_dynamodb_table.customers.name
      WINBACK_DUE_QUEUE_URL   = aws_sqs_queue.due.url
    })
    send-message = merge(local.tables, local.shards, local.secrets, local.tenants, {
      WINBACK_CONFIGURATION_SET = aws_sesv2_configuration_set.mail.configuration_set_name
      WINBACK_LINK_BASE         = local.link_base
    })
    record-delivery = merge(local.tables, local.shards)
    scan-customers  = merge(local.tables, local.shards, { WINBACK_PROGRAMS_DIR = "/opt/winback", WINBACK_FILES_BUCKET = aws_s3_bucket.files.bucket })
    import-orders   = merge(local.tables, local.shards, local.secrets, { WINBACK_FILES_BUCKET = aws_s3_bucket.files.bucket })
    pull-orders     = merge(local.tables, local.secrets, { WINBACK_EVENTS_QUEUE_URL = aws_sqs_queue.events.url })
  }

  lambda_names = { for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : name => function.function_name }

  layers = { scan-customers = aws_lambda_layer_version.programs[*].arn }
}

resource "aws_lambda_function" "web" {
  # checkov:skip=CKV_AWS_50: logs and metrics tell what happened; a trace would be paid for with every mail
  # checkov:skip=CKV_AWS_116: queues, schedules and the machine's steps keep what failed; of what is invoked without waiting find-lapsed, pull-orders and scan-customers run again by the clock, and record-delivery has a destination
  # checkov:skip=CKV_AWS_117: nothing private is called, and a VPC would need a way out to AWS
  # checkov:skip=CKV_AWS_173: no secret is in the environment, only names; secrets are read from SSM
  # checkov:skip=CKV_AWS_272: packages come from the shop's own build; a signing profile is its affair

  for_each = local.web_names

  function_name                  = "${var.prefix}-${each.key}"
  role                           = aws_iam_role.function[each.key].arn
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  architectures                  = [var.architecture]
  filename                       = local.packages[each.key].filename
  source_code_hash               = local.packages[each.key].hash
  s3_bucket                      = local.packages[each.key].bucket
  s3_key                         = local.packages[each.key].key
  s3_object_version              = local.packages[each.key].version
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
      condition     = length(local.missing_packages) == 0
      error_message = "Packages are missing, make them before apply (winback package); not there yet: ${join(", ", local.missing_packages)}."
    }
  }
}

resource "aws_lambda_function" "worker" {
  # checkov:skip=CKV_AWS_115: their sources bound them: the queue due by the sending rate, the import by its own variable; reserving would take from the account
  # checkov:skip=CKV_AWS_50: logs and metrics tell what happened; a trace would be paid for with every mail
  # checkov:skip=CKV_AWS_116: queues, schedules and the machine's steps keep what failed; of what is invoked without waiting find-lapsed, pull-orders and scan-customers run again by the clock, and record-delivery has a destination
  # checkov:skip=CKV_AWS_117: nothing private is called, and a VPC would need a way out to AWS
  # checkov:skip=CKV_AWS_173: no secret is in the environment, only names; secrets are read from SSM
  # checkov:skip=CKV_AWS_272: packages come from the shop's own build; a signing profile is its affair

  for_each = local.worker_names

  function_name     = "${var.prefix}-${each.key}"
  role              = aws_iam_role.function[each.key].arn
  runtime           = "provided.al2023"
  handler           = "bootstrap"
  architectures     = [var.architecture]
  filename          = local.packages[each.key].filename
  source_code_hash  = local.packages[each.key].hash
  s3_bucket         = local.packages[each.key].bucket
  s3_key            = local.packages[each.key].key
  s3_object_version = local.packages[each.key].version
  memory_size       = local.memory_megabytes[each.key]
  timeout           = local.timeout_seconds[each.key]
  layers            = lookup(local.layers, each.key, [])
  tags              = var.tags

  environment {
    variables = local.worker_environment[each.key]
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
      condition     = length(local.missing_packages) == 0
      error_message = "Packages are missing, make them before apply (winback package); not there yet: ${join(", ", local.missing_packages)}."
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
  # checkov:skip=CKV_AWS_338: a log tells of customers, so it goes after log_retention_days

  for_each = local.function_names

  name              = "/aws/lambda/${var.prefix}-${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}
