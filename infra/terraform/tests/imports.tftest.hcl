mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "a_file_is_imported_step_by_step" {
  command = plan

  assert {
    condition = {
      for name, state in jsondecode(aws_sfn_state_machine.imports.definition).States : name => try(state.Next, state.Default, "end")
      } == {
      Cut = "Accepted", Accepted = "Parts", Parts = "Finish", Finish = "Scan", Scan = "end", GoOn = "Refused", Refused = "end",
    }
    error_message = "Cut, parts, finish, scan; or refused."
  }

  assert {
    condition = {
      for name in ["Cut", "Finish", "Scan", "GoOn"] : name => jsondecode(aws_sfn_state_machine.imports.definition).States[name].Parameters
      } == {
      Cut    = { FunctionName = "arn:aws:lambda:eu-central-1:111122223333:function:winback-import-orders", Payload = { cut = { "key.$" = "$.key", "etag.$" = "$.etag" } } }
      Finish = { FunctionName = "arn:aws:lambda:eu-central-1:111122223333:function:winback-import-orders", Payload = { finish = { "key.$" = "$.key", "etag.$" = "$.etag" } } }
      Scan   = { FunctionName = "arn:aws:lambda:eu-central-1:111122223333:function:winback-scan-customers", "Payload.$" = "$.scan" }
      GoOn   = { FunctionName = "arn:aws:lambda:eu-central-1:111122223333:function:winback-scan-customers", "Payload.$" = "$.scan" }
    }
    error_message = "Each step is told which file, in which version; a scan what Finish or Cut said."
  }

  assert {
    condition = alltrue([
      for state in values(jsondecode(aws_sfn_state_machine.imports.definition).States) :
      state.Resource == "arn:aws:states:::lambda:invoke" && state.Retry[0].ErrorEquals == ["States.ALL"] if state.Type == "Task"
    ])
    error_message = "Each step is a function's answer, asked for again after any error."
  }

  assert {
    condition = {
      for name, state in jsondecode(aws_sfn_state_machine.imports.definition).States : name => try(state.OutputPath, state.ResultPath) if state.Type == "Task"
    } == { Cut = "$.Payload", Finish = "$.Payload", Scan = "$.Payload", GoOn = null }
    error_message = "An answer is all that the next step reads; after a file that was refused, the reason that Cut gave."
  }

  assert {
    condition     = alltrue([for name in ["Scan", "GoOn"] : jsondecode(aws_sfn_state_machine.imports.definition).States[name].Retry[0].MaxAttempts >= 100])
    error_message = "A scan that its timeout cuts short goes on many times."
  }
}

run "the_parts_are_many_and_each_counts" {
  command = plan

  variables {
    import_concurrency = 25
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ItemProcessor.ProcessorConfig.Mode == "DISTRIBUTED"
      && jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ItemsPath == "$.parts"
      && jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.MaxConcurrency == 25
      && jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ToleratedFailurePercentage == 0
      && jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ResultPath == null
    )
    error_message = "Parts run beside each other, none may be missing, and nobody reads their answers."
  }

  assert {
    condition = jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ItemSelector == {
      part = { "key.$" = "$.key", "etag.$" = "$.etag", "number.$" = "$$.Map.Item.Value" }
    }
    error_message = "A part is told its file and its number."
  }

  assert {
    condition = (
      jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ItemProcessor.States.Part.Parameters["Payload.$"] == "$"
      && length(jsondecode(aws_sfn_state_machine.imports.definition).States.Parts.ItemProcessor.States.Part.Retry) == 1
    )
    error_message = "A part is one call of import-orders, asked for again after any error."
  }
}

run "a_file_that_is_none_fails_in_plain_words" {
  command = plan

  assert {
    condition = jsondecode(aws_sfn_state_machine.imports.definition).States.Accepted.Choices == [
      { Variable = "$.scan", IsPresent = true, Next = "GoOn" },
      { Variable = "$.refused", IsPresent = true, Next = "Refused" },
    ]
    error_message = "A refusal is told from parts; a store that has waited for it goes on first."
  }

  assert {
    condition     = jsondecode(aws_sfn_state_machine.imports.definition).States.Refused == { Type = "Fail", Error = "Refused", CausePath = "$.refused" }
    error_message = "The execution fails, with the reason that the function gave."
  }
}

run "a_new_file_starts_its_import" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_rule.imports.event_pattern) == {
      source      = ["aws.s3"]
      detail-type = ["Object Created"]
      detail = {
        bucket = { name = ["winback-files-111122223333-eu-central-1"] }
        object = { key = [{ wildcard = "imports/*.csv" }] }
      }
    }
    error_message = "A .csv below imports/ of our bucket, nothing else."
  }

  assert {
    condition = (
      aws_cloudwatch_event_target.imports.arn == aws_sfn_state_machine.imports.arn
      && aws_cloudwatch_event_target.imports.role_arn == aws_iam_role.import_rule.arn
      && aws_cloudwatch_event_target.imports.input_transformer[0].input_paths == tomap({ key = "$.detail.object.key", etag = "$.detail.object.etag" })
      && aws_cloudwatch_event_target.imports.input_transformer[0].input_template == "{\"key\": <key>, \"etag\": <etag>}"
    )
    error_message = "The machine is told the file's key and version."
  }
}

run "the_machine_may_call_two_functions_and_itself" {
  command = plan

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.machine.policy).Statement : [statement.Action, statement.Resource] if !startswith(statement.Action[0], "logs:")] == [
      [["lambda:InvokeFunction"], [
        "arn:aws:lambda:eu-central-1:111122223333:function:winback-import-orders",
        "arn:aws:lambda:eu-central-1:111122223333:function:winback-scan-customers",
      ]],
      [["states:StartExecution"], ["arn:aws:states:eu-central-1:111122223333:stateMachine:winback-import-orders"]],
      [["states:DescribeExecution", "states:StopExecution"], ["arn:aws:states:eu-central-1:111122223333:execution:winback-import-orders:*"]],
      [["states:RedriveExecution"], ["arn:aws:states:eu-central-1:111122223333:execution:winback-import-orders/Parts:*"]],
    ]
    error_message = "What a distributed map needs, on this machine alone."
  }

  assert {
    condition = jsondecode(aws_iam_role.machine.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "111122223333" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:states:eu-central-1:111122223333:stateMachine:winback-import-orders" }
    }
    error_message = "No foreign machine borrows the role."
  }

  assert {
    condition = jsondecode(aws_iam_role_policy.import_rule.policy).Statement == [{
      Effect   = "Allow"
      Action   = ["states:StartExecution"]
      Resource = ["arn:aws:states:eu-central-1:111122223333:stateMachine:winback-import-orders"]
    }]
    error_message = "The rule starts this machine and nothing else."
  }

  assert {
    condition = (
      aws_sfn_state_machine.imports.logging_configuration[0].level == "ERROR"
      && aws_cloudwatch_log_group.machine.name == "/aws/vendedlogs/states/winback-import-orders"
      && aws_cloudwatch_log_group.machine.retention_in_days == 30
    )
    error_message = "What failed is logged, in a group of its own."
  }
}

run "a_missing_file_is_told_from_a_forbidden_one" {
  command = plan

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["import-orders"].policy).Statement : statement.Condition if statement.Action == ["s3:ListBucket"]
    ] == [{ StringLike = { "s3:prefix" = "imports/*" } }]
    error_message = "import-orders may ask what is below imports/, and nowhere else."
  }
}
