mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "the_clock_tells_the_time_it_meant" {
  command = plan

  assert {
    condition = alltrue([
      for schedule in aws_scheduler_schedule.function : schedule.target[0].input == "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\"}"
    ])
    error_message = "The payload carries the scheduler's own word, unescaped: else it is not replaced by the time."
  }

  assert {
    condition     = { for name, schedule in aws_scheduler_schedule.function : name => schedule.schedule_expression } == { find-lapsed = "rate(1 minute)", pull-orders = "cron(0 2 * * ? *)", scan-customers = "cron(0 3 * * ? *)" }
    error_message = "find-lapsed looks every minute, pull-orders and scan-customers every night."
  }

  assert {
    condition = alltrue([
      for name, schedule in aws_scheduler_schedule.function :
      schedule.target[0].arn == aws_lambda_function.worker[name].arn
      && schedule.target[0].role_arn == aws_iam_role.scheduler.arn
      && schedule.flexible_time_window[0].mode == "OFF"
    ])
    error_message = "Each schedule starts its function, on time, with the scheduler's role."
  }
}

run "the_scheduler_may_start_three_functions" {
  command = plan

  assert {
    condition = jsondecode(aws_iam_role_policy.scheduler.policy).Statement == [{
      Effect = "Allow"
      Action = ["lambda:InvokeFunction"]
      Resource = [
        "arn:aws:lambda:eu-central-1:111122223333:function:winback-find-lapsed",
        "arn:aws:lambda:eu-central-1:111122223333:function:winback-pull-orders",
        "arn:aws:lambda:eu-central-1:111122223333:function:winback-scan-customers",
      ]
    }]
    error_message = "find-lapsed, pull-orders and scan-customers, nothing else."
  }

  assert {
    condition = jsondecode(aws_iam_role.scheduler.assume_role_policy).Statement[0].Condition.StringEquals == {
      "aws:SourceAccount" = "111122223333"
      "aws:SourceArn"     = "arn:aws:scheduler:eu-central-1:111122223333:schedule-group/winback"
    }
    error_message = "No foreign schedule borrows the role."
  }
}

run "a_shop_scans_and_pulls_when_it_likes" {
  command = plan

  variables {
    pull_schedule = "rate(6 hours)"
    scan_schedule = "rate(12 hours)"
  }

  assert {
    condition     = aws_scheduler_schedule.function["pull-orders"].schedule_expression == "rate(6 hours)"
    error_message = "pull_schedule is taken."
  }

  assert {
    condition     = aws_scheduler_schedule.function["scan-customers"].schedule_expression == "rate(12 hours)"
    error_message = "scan_schedule is taken."
  }
}
