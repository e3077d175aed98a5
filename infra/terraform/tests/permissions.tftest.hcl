mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

# What each role may do, call by call, without the logs. `action resource`, account and region left out. The functions' own tests read
# this table and run the functions against it: keep one call a line.
run "each_role_may_do_its_own_calls_and_no_others" {
  command = plan

  assert {
    condition = {
      for name, policy in aws_iam_role_policy.function : name => sort(flatten([
        for statement in jsondecode(policy.policy).Statement : [
          for action in statement.Action : [
            for resource in statement.Resource : "${action} ${trimprefix(replace(resource, ":eu-central-1:111122223333:", ":"), "arn:aws:")}"
          ]
        ] if !startswith(statement.Action[0], "logs:")
      ]))
      } == { for name, calls in {
        receive-webhook = [
          "sqs:SendMessage sqs:winback-events",
          "ssm:GetParameter ssm:parameter/winback/stores/*/webhook-secrets",
        ]
        record-event = [
          "dynamodb:DeleteItem dynamodb:table/winback-ledger",
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "dynamodb:PutItem dynamodb:table/winback-ledger",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
          "s3:DeleteObject s3:::winback-files-111122223333-eu-central-1/requests/*",
          "s3:PutObject s3:::winback-files-111122223333-eu-central-1/requests/*",
          "sqs:DeleteMessage sqs:winback-events",
          "sqs:GetQueueAttributes sqs:winback-events",
          "sqs:ReceiveMessage sqs:winback-events",
          "ssm:GetParameter ssm:parameter/winback/keys/lookup",
          "ssm:GetParameter ssm:parameter/winback/stores/*/access",
        ]
        find-lapsed = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:Query dynamodb:table/winback-customers/index/due",
          "ses:GetAccount *",
          "sqs:GetQueueAttributes sqs:winback-due",
          "sqs:SendMessage sqs:winback-due",
        ]
        send-message = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "dynamodb:PutItem dynamodb:table/winback-ledger",
          "dynamodb:UpdateItem dynamodb:table/winback-customers",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
          "ses:SendEmail ses:configuration-set/winback",
          "ses:SendEmail ses:identity/shop.example",
          "sqs:DeleteMessage sqs:winback-due",
          "sqs:GetQueueAttributes sqs:winback-due",
          "sqs:ReceiveMessage sqs:winback-due",
          "ssm:GetParameter ssm:parameter/winback/keys/code",
          "ssm:GetParameter ssm:parameter/winback/keys/link",
          "ssm:GetParameter ssm:parameter/winback/stores/*/access",
        ]
        record-delivery = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
          "sqs:DeleteMessage sqs:winback-delivery",
          "sqs:GetQueueAttributes sqs:winback-delivery",
          "sqs:ReceiveMessage sqs:winback-delivery",
          "sqs:SendMessage sqs:winback-delivery-dead",
        ]
        serve-offer = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "ssm:GetParameter ssm:parameter/winback/keys/link",
        ]
        redeem-code = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-ledger",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
        ]
        scan-customers = [
          "dynamodb:DeleteItem dynamodb:table/winback-ledger",
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "dynamodb:PutItem dynamodb:table/winback-ledger",
          "dynamodb:Scan dynamodb:table/winback-customers",
          "dynamodb:UpdateItem dynamodb:table/winback-customers",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
          "s3:DeleteObject s3:::winback-files-111122223333-eu-central-1/requests/*",
        ]
        import-orders = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "dynamodb:PutItem dynamodb:table/winback-ledger",
          "dynamodb:UpdateItem dynamodb:table/winback-ledger",
          "s3:GetObject s3:::winback-files-111122223333-eu-central-1/imports/*",
          "s3:ListBucket s3:::winback-files-111122223333-eu-central-1",
          "s3:PutObject s3:::winback-files-111122223333-eu-central-1/imports/*",
          "ssm:GetParameter ssm:parameter/winback/keys/lookup",
        ]
        pull-orders = [
          "dynamodb:GetItem dynamodb:table/winback-customers",
          "dynamodb:GetItem dynamodb:table/winback-ledger",
          "dynamodb:PutItem dynamodb:table/winback-customers",
          "sqs:SendMessage sqs:winback-events",
          "ssm:GetParameter ssm:parameter/winback/keys/lookup",
          "ssm:GetParameter ssm:parameter/winback/stores/*/access",
          "ssm:GetParameter ssm:parameter/winback/stores/*/webhook-secrets",
        ]
    } : name => sort(calls) }
    error_message = "A role may do something else than the calls its function makes."
  }
}

run "nothing_is_allowed_at_large" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for policy in concat(
        values(aws_iam_role_policy.function), [aws_iam_role_policy.scheduler, aws_iam_role_policy.machine, aws_iam_role_policy.import_rule],
        ) : [
        for statement in jsondecode(policy.policy).Statement : [for action in statement.Action : !strcontains(action, "*")]
      ]
    ]))
    error_message = "Every action is named."
  }

  assert {
    condition = alltrue(flatten([
      for name, policy in aws_iam_role_policy.function : [
        for statement in jsondecode(policy.policy).Statement : [
          for resource in statement.Resource :
          !strcontains(resource, "*")
          || statement.Action == ["ses:GetAccount"]
          || statement.Action == ["ssm:GetParameter"] && endswith(resource, ":parameter/winback/stores/*/webhook-secrets")
          || statement.Action == ["ssm:GetParameter"] && endswith(resource, ":parameter/winback/stores/*/access")
          || statement.Action == ["s3:GetObject", "s3:PutObject"] && endswith(resource, "/imports/*")
          || statement.Action == ["s3:PutObject", "s3:DeleteObject"] && endswith(resource, "/requests/*")
          || statement.Action == ["s3:DeleteObject"] && endswith(resource, "/requests/*")
          || statement.Action == ["logs:CreateLogStream", "logs:PutLogEvents"] && endswith(resource, ":log-group:/aws/lambda/winback-${name}:*")
        ]
      ]
    ]))
    error_message = "A wildcard stands only where AWS leaves no choice: own log streams, the names of stores and files, ses:GetAccount."
  }

  assert {
    condition = alltrue([
      for name, policy in aws_iam_role_policy.function :
      length([for statement in jsondecode(policy.policy).Statement : statement if statement.Action == ["logs:CreateLogStream", "logs:PutLogEvents"]]) == 1
    ])
    error_message = "Every function writes its log."
  }
}

run "roles_are_taken_by_lambda_only" {
  command = plan

  assert {
    condition = alltrue([
      for role in aws_iam_role.function : jsondecode(role.assume_role_policy).Statement == [{
        Effect    = "Allow"
        Principal = { Service = "lambda.amazonaws.com" }
        Action    = "sts:AssumeRole"
      }]
    ])
    error_message = "A function's role is for Lambda."
  }
}

run "a_key_of_the_shops_own_opens_for_those_who_read_secrets" {
  command = plan

  variables {
    secrets_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  }

  assert {
    condition = toset([
      for name, policy in aws_iam_role_policy.function : name if strcontains(policy.policy, "kms:Decrypt")
    ]) == toset(["receive-webhook", "record-event", "send-message", "serve-offer", "import-orders", "pull-orders"])
    error_message = "Who reads a parameter may decrypt it, and nobody else."
  }
}
