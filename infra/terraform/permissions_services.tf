# Roles of the services that start functions: the scheduler, the import's state machine, and the rule that starts it.

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

# The machine's role. The condition keeps it to our machine.
resource "aws_iam_role" "machine" {
  name        = "${var.prefix}-import-machine"
  description = "Runs the import of orders"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "states.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = local.machine_arn }
      }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "calls"
  role = aws_iam_role.machine.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [for name in ["import-orders", "scan-customers"] : aws_lambda_function.worker[name].arn]
      },
      # A distributed map starts its parts as executions of the same machine, watches and stops them, and redrives those that failed.
      { Effect = "Allow", Action = ["states:StartExecution"], Resource = [local.machine_arn] },
      { Effect = "Allow", Action = ["states:DescribeExecution", "states:StopExecution"], Resource = ["${local.executions_arn}:*"] },
      { Effect = "Allow", Action = ["states:RedriveExecution"], Resource = ["${local.executions_arn}/Parts:*"] },
      # Vended logs know no resources: AWS asks for all of these on everything.
      {
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
          "logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
        ]
        Resource = ["*"]
      },
    ]
  })
}

# The rule that starts an import for a new file.
resource "aws_iam_role" "import_rule" {
  name        = "${var.prefix}-import-rule"
  description = "Starts the import of orders"
  tags        = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = {
          "aws:SourceAccount" = local.account
          "aws:SourceArn"     = aws_cloudwatch_event_rule.imports.arn
        }
      }
    }]
  })
}

resource "aws_iam_role_policy" "import_rule" {
  name = "calls"
  role = aws_iam_role.import_rule.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = [aws_sfn_state_machine.imports.arn]
    }]
  })
}
