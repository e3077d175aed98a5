mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "all_ten_run_the_same_way" {
  command = plan

  assert {
    condition = toset(concat(keys(aws_lambda_function.web), keys(aws_lambda_function.worker))) == toset([
      "receive-webhook", "record-event", "find-lapsed", "send-message", "record-delivery", "serve-offer", "redeem-code", "scan-customers",
      "import-orders", "pull-orders",
    ])
    error_message = "There are ten functions."
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) :
      function.runtime == "provided.al2023" && function.handler == "bootstrap" && function.architectures == tolist(["x86_64"])
    ])
    error_message = "Every function is a bootstrap on provided.al2023, built for x86_64 unless said otherwise."
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) :
      function.function_name == "winback-${name}"
      && function.filename == "tests/packages/${name}.zip"
      && function.source_code_hash == filebase64sha256("tests/packages/${name}.zip")
    ])
    error_message = "Every function has its own package, and a new package is a new hash."
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : function.role == aws_iam_role.function[name].arn
    ])
    error_message = "Every function has its own role."
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) :
      function.logging_config[0].log_group == "/aws/lambda/winback-${name}"
      && function.logging_config[0].application_log_level == "INFO"
      && aws_cloudwatch_log_group.function[name].retention_in_days == 30
    ])
    error_message = "Every function logs into its own group, at INFO, for 30 days."
  }
}

run "each_function_knows_what_it_needs_and_no_more" {
  command = plan

  assert {
    condition = {
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : name => function.environment[0].variables
      } == {
      receive-webhook = tomap({
        WINBACK_EVENTS_QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events"
        WINBACK_SECRETS_PREFIX   = "/winback"
      })
      record-event = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_SECRETS_PREFIX  = "/winback"
        WINBACK_DUE_SHARDS      = "8"
        WINBACK_FILES_BUCKET    = "winback-files-111122223333-eu-central-1"
      })
      find-lapsed = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_DUE_QUEUE_URL   = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-due"
        WINBACK_DUE_SHARDS      = "8"
      })
      send-message = tomap({
        WINBACK_CUSTOMERS_TABLE   = "winback-customers"
        WINBACK_LEDGER_TABLE      = "winback-ledger"
        WINBACK_CONFIGURATION_SET = "winback"
        WINBACK_LINK_BASE         = "https://serve-offer.lambda-url.eu-central-1.on.aws"
        WINBACK_SECRETS_PREFIX    = "/winback"
        WINBACK_DUE_SHARDS        = "8"
      })
      record-delivery = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_DUE_SHARDS      = "8"
      })
      serve-offer = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_SECRETS_PREFIX  = "/winback"
        WINBACK_DUE_SHARDS      = "8"
      })
      redeem-code = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_DUE_SHARDS      = "8"
      })
      scan-customers = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_PROGRAMS_DIR    = "/opt/winback"
        WINBACK_FILES_BUCKET    = "winback-files-111122223333-eu-central-1"
        WINBACK_DUE_SHARDS      = "8"
      })
      import-orders = tomap({
        WINBACK_CUSTOMERS_TABLE = "winback-customers"
        WINBACK_LEDGER_TABLE    = "winback-ledger"
        WINBACK_SECRETS_PREFIX  = "/winback"
        WINBACK_DUE_SHARDS      = "8"
        WINBACK_FILES_BUCKET    = "winback-files-111122223333-eu-central-1"
      })
      pull-orders = tomap({
        WINBACK_CUSTOMERS_TABLE  = "winback-customers"
        WINBACK_LEDGER_TABLE     = "winback-ledger"
        WINBACK_EVENTS_QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/111122223333/winback-events"
        WINBACK_SECRETS_PREFIX   = "/winback"
      })
    }
    error_message = "The environment of a function is not what the functions read at their start."
  }
}

run "a_shop_with_its_own_link_domain" {
  command = plan

  variables {
    link_base      = "https://hello.shop.example"
    secrets_prefix = "/winback/prod"
    due_shards     = 16
  }

  assert {
    condition     = aws_lambda_function.worker["send-message"].environment[0].variables.WINBACK_LINK_BASE == "https://hello.shop.example"
    error_message = "Links in mails lead to the shop's own domain."
  }

  assert {
    condition     = output.link_base == "https://hello.shop.example" && output.urls["serve-offer"] == "https://serve-offer.lambda-url.eu-central-1.on.aws"
    error_message = "The function URL is still told, to forward the link domain to."
  }

  assert {
    condition = alltrue(concat(
      [for name in ["receive-webhook", "serve-offer"] : aws_lambda_function.web[name].environment[0].variables.WINBACK_SECRETS_PREFIX == "/winback/prod"],
      [for name in ["record-event", "send-message"] : aws_lambda_function.worker[name].environment[0].variables.WINBACK_SECRETS_PREFIX == "/winback/prod"],
      [for name in ["record-event", "find-lapsed", "send-message", "scan-customers"] : aws_lambda_function.worker[name].environment[0].variables.WINBACK_DUE_SHARDS == "16"],
    ))
    error_message = "Prefix and shards reach everybody alike."
  }
}

run "a_machine_of_another_kind" {
  command = plan

  variables {
    architecture     = "arm64"
    memory_megabytes = { send-message = 1024 }
    tags             = { shop = "Anna's" }
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : function.architectures == tolist(["arm64"]) && function.tags == tomap({ shop = "Anna's" })
    ])
    error_message = "Architecture and tags hold for all."
  }

  assert {
    condition     = aws_lambda_function.worker["send-message"].memory_size == 1024 && aws_lambda_function.worker["record-event"].memory_size == 256
    error_message = "Memory is changed for the named function only."
  }
}

run "logs_are_kept_as_long_as_the_shop_says" {
  command = plan

  variables {
    log_retention_days = 90
  }

  assert {
    condition     = alltrue([for group in concat(values(aws_cloudwatch_log_group.function), [aws_cloudwatch_log_group.machine]) : group.retention_in_days == 90])
    error_message = "Another time holds for every log, that of the import's machine too."
  }
}

run "without_programs_there_is_no_layer" {
  command = plan

  assert {
    condition     = length(aws_lambda_layer_version.programs) == 0 && length(aws_lambda_function.worker["scan-customers"].layers) == 0
    error_message = "No programs_zip, no layer."
  }
}

run "the_programs_go_to_scan_customers" {
  command = plan

  variables {
    programs_zip = "tests/packages/programs.zip"
  }

  assert {
    condition     = aws_lambda_function.worker["scan-customers"].layers == tolist(["arn:aws:lambda:eu-central-1:111122223333:layer:winback-programs:1"])
    error_message = "scan-customers carries the layer."
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : length(function.layers == null ? [] : function.layers) == 0 if name != "scan-customers"
    ])
    error_message = "Nobody else carries it."
  }

  assert {
    condition     = aws_lambda_layer_version.programs[0].source_code_hash == filebase64sha256("tests/packages/programs.zip")
    error_message = "A changed program is a new layer."
  }
}
