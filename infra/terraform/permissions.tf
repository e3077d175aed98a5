# One role per function, with the calls it makes and nothing more: tests/permissions.tftest.hcl lists them, and a test runs the functions
# through all that a shop can meet and compares. Wildcards stand where AWS leaves no choice: the streams of a function's own log group,
# the names of stores and of files, which no apply can know, and ses:GetAccount, which knows no resources.
# The roles of the services that start functions stand in permissions_services.tf.

locals {
  customers = aws_dynamodb_table.customers.arn
  ledger    = aws_dynamodb_table.ledger.arn
  files     = aws_s3_bucket.files.arn
  parameter = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${local.secrets_prefix}"

  # What Lambda's poller does in the function's name.
  receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

  # Behind the link domain a request has to carry one of the values of this parameter.
  origin_calls = [for key in var.link_domain[*] : { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/origin"] }]

  # Conditional writes. A transaction needs what its parts need.
  read   = ["dynamodb:GetItem"]
  put    = ["dynamodb:GetItem", "dynamodb:PutItem"]
  update = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
  change = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]

  calls = {
    receive-webhook = concat([
      { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.events.arn] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/stores/*/webhook-secrets"] },
    ], local.origin_calls)

    record-event = [
      { actions = local.put, resources = [local.customers] },
      # Erasure takes orders out of the ledger: nothing else is ever deleted.
      { actions = concat(local.change, ["dynamodb:DeleteItem"]), resources = [local.ledger] },
      { actions = local.receive, resources = [aws_sqs_queue.events.arn] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/lookup"] },
      # The stores' own APIs, where a webhook only names an order.
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/stores/*/access"] },
      # The answer to whoever asks for their data, until they are forgotten.
      { actions = ["s3:PutObject", "s3:DeleteObject"], resources = ["${local.files}/requests/*"] },
    ]

    find-lapsed = [
      { actions = local.read, resources = [local.customers] },
      { actions = ["dynamodb:Query"], resources = ["${local.customers}/index/due"] },
      { actions = ["sqs:SendMessage", "sqs:GetQueueAttributes"], resources = [aws_sqs_queue.due.arn] },
      { actions = ["ses:GetAccount"], resources = ["*"] },
    ]

    send-message = [
      { actions = local.change, resources = [local.customers, local.ledger] },
      # SES asks for both: may you send as this shop, and may you use this configuration set.
      {
        actions   = ["ses:SendEmail"]
        resources = concat(local.sender_arns, [aws_sesv2_configuration_set.mail.arn])
        condition = local.as_tenant
      },
      { actions = local.receive, resources = [aws_sqs_queue.due.arn] },
      { actions = ["ssm:GetParameter"], resources = [for key in ["link", "code"] : "${local.parameter}/keys/${key}"] },
      # The stores' own APIs, where they make the codes good.
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/stores/*/access"] },
    ]

    record-delivery = concat(
      [
        { actions = local.put, resources = [local.customers] },
        { actions = local.update, resources = [local.ledger] },
      ],
      [for queue in aws_sqs_queue.delivery : { actions = local.receive, resources = [queue.arn] }],
      # Lambda itself puts an event of the bus that failed there, in the function's name.
      [for rule in aws_cloudwatch_event_rule.delivery : { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.delivery_dead.arn] }],
    )

    serve-offer = concat([
      { actions = local.put, resources = [local.customers] },
      { actions = local.read, resources = [local.ledger] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/link"] },
    ], local.origin_calls)

    redeem-code = concat([
      { actions = local.read, resources = [local.customers] },
      { actions = local.change, resources = [local.ledger] },
    ], local.origin_calls)

    scan-customers = [
      { actions = concat(["dynamodb:Scan"], local.change), resources = [local.customers] },
      # What a store used of its limits is counted there; and of a store that wants everybody forgotten orders go, and the
      # answers to those of them who asked for their data.
      { actions = concat(local.change, ["dynamodb:DeleteItem"]), resources = [local.ledger] },
      { actions = ["s3:DeleteObject"], resources = ["${local.files}/requests/*"] },
    ]

    import-orders = [
      { actions = local.put, resources = [local.customers] },
      { actions = local.change, resources = [local.ledger] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/lookup"] },
      { actions = ["s3:GetObject", "s3:PutObject"], resources = ["${local.files}/imports/*"] },
      # Without it S3 answers 403 for a file that is not there, as if it were forbidden.
      { actions = ["s3:ListBucket"], resources = [local.files], condition = { StringLike = { "s3:prefix" = "imports/*" } } },
    ]

    pull-orders = [
      # It moves the mark in a store's record, and looks whether an order is news and its customer forgotten.
      { actions = local.put, resources = [local.customers] },
      { actions = local.read, resources = [local.ledger] },
      { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.events.arn] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/lookup"] },
      # The stores' own APIs; beside a webhook's secret stands which field of an order says that mail is welcome.
      { actions = ["ssm:GetParameter"], resources = [for name in ["access", "webhook-secrets"] : "${local.parameter}/stores/*/${name}"] },
    ]
  }

  # With tenants on, a mail that names none, or a foreign one, is refused.
  as_tenant = length(var.ses_tenants) == 0 ? null : {
    StringEquals = { "ses:TenantName" = [for store in sort(var.ses_tenants) : "${var.prefix}-${store}"] }
  }

  decrypt = [for key in var.secrets_key_arn[*] : { actions = ["kms:Decrypt"], resources = [key] }]

  # What a call asks of the key that locks the data, in the caller's name.
  key_actions = {
    dynamodb = { for action in concat(local.change, ["dynamodb:DeleteItem", "dynamodb:Query", "dynamodb:Scan"]) : action => ["kms:Decrypt"] }
    sqs      = { "sqs:SendMessage" = ["kms:Decrypt", "kms:GenerateDataKey"], "sqs:ReceiveMessage" = ["kms:Decrypt"] }
    s3       = { "s3:GetObject" = ["kms:Decrypt"], "s3:PutObject" = ["kms:Decrypt", "kms:GenerateDataKey"] }
  }

  # One statement per service: the key opens through that service and not by itself.
  key_calls = {
    for name, calls in local.calls : name => [
      for service, needs in local.key_actions : {
        actions   = sort(distinct(flatten([for call in calls : [for action in call.actions : lookup(needs, action, [])]])))
        resources = var.kms_key_arn[*]
        condition = { StringEquals = { "kms:ViaService" = "${service}.${local.region}.amazonaws.com" } }
      }
      if var.kms_key_arn != null && anytrue(flatten([for call in calls : [for action in call.actions : contains(keys(needs), action)]]))
    ]
  }

  # Who reads a parameter must be able to decrypt it, and nobody else.
  statements = {
    for name, calls in local.calls : name => concat(
      calls,
      anytrue([for call in calls : contains(call.actions, "ssm:GetParameter")]) ? local.decrypt : [],
      local.key_calls[name],
      [{ actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${aws_cloudwatch_log_group.function[name].arn}:*"] }],
    )
  }
}

resource "aws_iam_role" "function" {
  for_each = local.function_names

  name        = "${var.prefix}-${each.key}"
  description = "What ${each.key} may do"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.function_names

  name = "calls"
  role = aws_iam_role.function[each.key].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in local.statements[each.key] : {
      for word, value in {
        Effect    = "Allow"
        Action    = statement.actions
        Resource  = statement.resources
        Condition = try(statement.condition, null)
      } : word => value if value != null
    }]
  })
}
