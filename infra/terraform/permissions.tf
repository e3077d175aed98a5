# One role per function, with the calls it makes and nothing more: tests/permissions.tftest.hcl lists them, and a test runs the functions
# through all that a shop can meet and compares. Three resources end in a wildcard because AWS leaves no choice:
# the streams of a function's own log group, the stores' names (a new store must not need an apply), and ses:GetAccount, which knows no resources.

locals {
  customers = aws_dynamodb_table.customers.arn
  ledger    = aws_dynamodb_table.ledger.arn
  parameter = "arn:${local.partition}:ssm:${local.region}:${local.account}:parameter${local.secrets_prefix}"

  # What Lambda's poller does in the function's name.
  receive = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]

  # Conditional writes. A transaction needs what its parts need.
  read   = ["dynamodb:GetItem"]
  put    = ["dynamodb:GetItem", "dynamodb:PutItem"]
  update = ["dynamodb:GetItem", "dynamodb:UpdateItem"]
  change = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]

  calls = {
    receive-webhook = [
      { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.events.arn] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/stores/*/webhook-secrets"] },
    ]

    record-event = [
      { actions = local.put, resources = [local.customers] },
      # Erasure takes orders out of the ledger: the only thing that is ever deleted.
      { actions = concat(local.change, ["dynamodb:DeleteItem"]), resources = [local.ledger] },
      { actions = local.receive, resources = [aws_sqs_queue.events.arn] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/lookup"] },
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
      { actions = ["ses:SendEmail"], resources = concat(sort(var.sender_identity_arns), [aws_sesv2_configuration_set.mail.arn]) },
      { actions = local.receive, resources = [aws_sqs_queue.due.arn] },
      { actions = ["ssm:GetParameter"], resources = [for key in ["link", "code"] : "${local.parameter}/keys/${key}"] },
    ]

    record-delivery = [
      { actions = local.put, resources = [local.customers] },
      { actions = local.update, resources = [local.ledger] },
      # Lambda itself puts a failed event there, in the function's name.
      { actions = ["sqs:SendMessage"], resources = [aws_sqs_queue.delivery_dead.arn] },
    ]

    serve-offer = [
      { actions = local.put, resources = [local.customers] },
      { actions = local.read, resources = [local.ledger] },
      { actions = ["ssm:GetParameter"], resources = ["${local.parameter}/keys/link"] },
    ]

    redeem-code = [
      { actions = local.read, resources = [local.customers] },
      { actions = local.change, resources = [local.ledger] },
    ]

    scan-customers = [
      { actions = concat(["dynamodb:Scan"], local.change), resources = [local.customers] },
      # What a store used of its limits is counted there.
      { actions = local.read, resources = [local.ledger] },
    ]
  }

  decrypt = var.secrets_key_arn == null ? [] : [{ actions = ["kms:Decrypt"], resources = [var.secrets_key_arn] }]

  # Who reads a parameter must be able to decrypt it, and nobody else.
  statements = {
    for name, calls in local.calls : name => concat(
      calls,
      anytrue([for call in calls : contains(call.actions, "ssm:GetParameter")]) ? local.decrypt : [],
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
      Effect   = "Allow"
      Action   = statement.actions
      Resource = statement.resources
    }]
  })
}

# The scheduler's own role. The condition keeps it to our schedule group: nobody else's schedule can borrow it.
resource "aws_iam_role" "scheduler" {
  name        = "${var.prefix}-scheduler"
  description = "Starts the scheduled functions"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = aws_scheduler_schedule_group.winback.arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "calls"
  role = aws_iam_role.scheduler.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [for name in sort(keys(local.schedules)) : aws_lambda_function.worker[name].arn]
    }]
  })
}
