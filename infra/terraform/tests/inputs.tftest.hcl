# A refused input is refused before anything is made.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "a_missing_package_is_named" {
  command = plan

  variables {
    packages_dir = "tests/nowhere"
  }

  # send-message waits for serve-offer's URL, so the doors are the first to be refused.
  expect_failures = [aws_lambda_function.web]
}

run "a_missing_layer_is_named" {
  command = plan

  variables {
    programs_zip = "tests/nowhere.zip"
  }

  expect_failures = [aws_lambda_layer_version.programs]
}

run "a_link_with_a_trailing_slash" {
  command = plan

  variables {
    link_base = "https://shop.example/"
  }

  expect_failures = [var.link_base]
}

run "a_link_without_encryption" {
  command = plan

  variables {
    link_base = "http://shop.example"
  }

  expect_failures = [var.link_base]
}

run "a_sender_for_everybody" {
  command = plan

  variables {
    sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/*"]
  }

  expect_failures = [var.sender_identity_arns]
}

run "no_sender_at_all" {
  command = plan

  variables {
    sender_identity_arns = []
  }

  expect_failures = [var.sender_identity_arns]
}

run "a_prefix_in_capitals" {
  command = plan

  variables {
    prefix = "Winback"
  }

  expect_failures = [var.prefix]
}

run "half_a_shard" {
  command = plan

  variables {
    due_shards = 1.5
  }

  expect_failures = [var.due_shards]
}

run "more_shards_than_the_functions_take" {
  command = plan

  variables {
    due_shards = 101
  }

  expect_failures = [var.due_shards]
}

run "pages_switched_off" {
  command = plan

  variables {
    url_concurrency = 0
  }

  expect_failures = [var.url_concurrency]
}

run "a_log_kept_for_a_fortnight_and_a_day" {
  command = plan

  variables {
    log_retention_days = 15
  }

  expect_failures = [var.log_retention_days]
}

run "an_unknown_machine" {
  command = plan

  variables {
    architecture = "riscv64"
  }

  expect_failures = [var.architecture]
}

run "a_timeout_for_nobody" {
  command = plan

  variables {
    timeout_seconds = { send-mail = 10 }
  }

  expect_failures = [var.timeout_seconds]
}

run "a_timeout_of_an_hour" {
  command = plan

  variables {
    timeout_seconds = { send-message = 3600 }
  }

  expect_failures = [var.timeout_seconds]
}

run "too_little_memory" {
  command = plan

  variables {
    memory_megabytes = { send-message = 64 }
  }

  expect_failures = [var.memory_megabytes]
}

run "secrets_in_the_place_of_aws" {
  command = plan

  variables {
    secrets_prefix = "/aws/winback"
  }

  expect_failures = [var.secrets_prefix]
}

run "secrets_with_a_trailing_slash" {
  command = plan

  variables {
    secrets_prefix = "/winback/"
  }

  expect_failures = [var.secrets_prefix]
}

run "an_alias_for_a_key" {
  command = plan

  variables {
    secrets_key_arn = "arn:aws:kms:eu-central-1:111122223333:alias/winback"
  }

  expect_failures = [var.secrets_key_arn]
}

run "a_rate_of_nothing" {
  command = plan

  variables {
    sending_rate = 0
  }

  expect_failures = [var.sending_rate]
}

run "a_crontab_line" {
  command = plan

  variables {
    scan_schedule = "0 3 * * *"
  }

  expect_failures = [var.scan_schedule]
}

run "a_click_domain_with_a_scheme" {
  command = plan

  variables {
    click_domain = "https://click.shop.example"
  }

  expect_failures = [var.click_domain]
}
