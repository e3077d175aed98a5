# A file put below imports/ runs through the state machine: cut, import each part, finish, scan. Every step may run twice.

locals {
  machine_name = "${var.prefix}-import-orders"

  # Written out, not taken from the machine: its role has to name it before it exists.
  machine_arn    = "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${local.machine_name}"
  executions_arn = "arn:${local.partition}:states:${local.region}:${local.account}:execution:${local.machine_name}"

  invoke = "arn:${local.partition}:states:::lambda:invoke"

  # A throttled or crashed function is asked again for some minutes, with room in between.
  retry_step = [{
    ErrorEquals     = ["States.ALL"]
    IntervalSeconds = 2
    BackoffRate     = 2
    MaxAttempts     = 8
    MaxDelaySeconds = 60
    JitterStrategy  = "FULL"
  }]

  # A scan of many customers is cut short by its timeout again and again, and goes on where it stopped.
  retry_scan = [{
    ErrorEquals     = ["States.ALL"]
    IntervalSeconds = 10
    BackoffRate     = 1
    MaxAttempts     = 200
  }]

  import_steps = {
    Comment = "Orders of a file, part by part, and a scan of who bought"
    StartAt = "Cut"
    States = {
      Cut = {
        Type     = "Task"
        Resource = local.invoke
        Parameters = {
          FunctionName = aws_lambda_function.worker["import-orders"].arn
          Payload      = { cut = { "key.$" = "$.key", "etag.$" = "$.etag" } }
        }
        OutputPath = "$.Payload"
        Retry      = local.retry_step
        Next       = "Accepted"
      }

      Accepted = {
        Type    = "Choice"
        Choices = [{ Variable = "$.scan", IsPresent = true, Next = "GoOn" }, { Variable = "$.refused", IsPresent = true, Next = "Refused" }]
        Default = "Parts"
      }

      # The store has waited for a file that was refused in the end: it goes on as after one that came in.
      GoOn = {
        Type       = "Task"
        Resource   = local.invoke
        Parameters = { FunctionName = aws_lambda_function.worker["scan-customers"].arn, "Payload.$" = "$.scan" }
        ResultPath = null
        Retry      = local.retry_scan
        Next       = "Refused"
      }

      # No file of orders, or no store that we know: nothing was imported, and a person should look.
      Refused = {
        Type      = "Fail"
        Error     = "Refused"
        CausePath = "$.refused"
      }

      # Distributed: each part is an execution of its own, so the history of a large file has no end to run into. Standard, because a part
      # may take longer than the five minutes of an express one.
      Parts = {
        Type                       = "Map"
        Label                      = "Parts"
        ItemsPath                  = "$.parts"
        ItemSelector               = { part = { "key.$" = "$.key", "etag.$" = "$.etag", "number.$" = "$$.Map.Item.Value" } }
        MaxConcurrency             = var.import_concurrency
        ToleratedFailurePercentage = 0
        ItemProcessor = {
          ProcessorConfig = { Mode = "DISTRIBUTED", ExecutionType = "STANDARD" }
          StartAt         = "Part"
          States = {
            Part = {
              Type       = "Task"
              Resource   = local.invoke
              Parameters = { FunctionName = aws_lambda_function.worker["import-orders"].arn, "Payload.$" = "$" }
              OutputPath = "$.Payload"
              Retry      = local.retry_step
              End        = true
            }
          }
        }
        ResultPath = null
        Next       = "Finish"
      }

      Finish = {
        Type     = "Task"
        Resource = local.invoke
        Parameters = {
          FunctionName = aws_lambda_function.worker["import-orders"].arn
          Payload      = { finish = { "key.$" = "$.key", "etag.$" = "$.etag" } }
        }
        OutputPath = "$.Payload"
        Retry      = local.retry_step
        Next       = "Scan"
      }

      Scan = {
        Type       = "Task"
        Resource   = local.invoke
        Parameters = { FunctionName = aws_lambda_function.worker["scan-customers"].arn, "Payload.$" = "$.scan" }
        OutputPath = "$.Payload"
        Retry      = local.retry_scan
        End        = true
      }
    }
  }
}

resource "aws_sfn_state_machine" "imports" {
  # checkov:skip=CKV_AWS_284: the history of an execution tells each step; a trace would tell no more

  name       = local.machine_name
  role_arn   = aws_iam_role.machine.arn
  definition = jsonencode(local.import_steps)
  tags       = var.tags

  # Data included: it is the file's name and numbers of parts, and a failure without it tells nothing.
  logging_configuration {
    level                  = "ERROR"
    include_execution_data = true
    log_destination        = "${aws_cloudwatch_log_group.machine.arn}:*"
  }

  # Step Functions tries the role when the machine is made.
  depends_on = [aws_iam_role_policy.machine]
}

# Below /aws/vendedlogs/: there AWS keeps one policy for all groups, which else grows with each group up to its limit.
resource "aws_cloudwatch_log_group" "machine" {
  # checkov:skip=CKV_AWS_338: like the functions' logs it goes after log_retention_days

  name              = "/aws/vendedlogs/states/${local.machine_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_cloudwatch_event_rule" "imports" {
  name        = local.machine_name
  description = "A new file of orders, to the import"
  tags        = var.tags

  # Prefix and suffix in one: two patterns in a list would mean one or the other.
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [aws_s3_bucket.files.bucket] }
      object = { key = [{ wildcard = "imports/*.csv" }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "imports" {
  rule      = aws_cloudwatch_event_rule.imports.name
  target_id = "import-orders"
  arn       = aws_sfn_state_machine.imports.arn
  role_arn  = aws_iam_role.import_rule.arn

  # Not jsonencode: it escapes < and >. EventBridge puts the quotes around the values.
  input_transformer {
    input_paths    = { key = "$.detail.object.key", etag = "$.detail.object.etag" }
    input_template = "{\"key\": <key>, \"etag\": <etag>}"
  }

  depends_on = [aws_iam_role_policy.import_rule]
}
