# A refused input is refused before anything is made. Inputs that have nothing to do with each other are wrong at the same time: each has
# to be named.

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

run "a_name_too_long_for_a_bucket" {
  command = plan

  variables {
    prefix = "winback-for-all-our-bookshops-eu"
  }

  expect_failures = [aws_s3_bucket.files]
}

run "names_that_aws_would_refuse" {
  command = plan

  variables {
    prefix          = "Winback"
    table_suffix    = "restored"
    files_bucket    = "arn:aws:s3:::files"
    secrets_prefix  = "/winback/"
    secrets_key_arn = "arn:aws:kms:eu-central-1:111122223333:alias/winback"
    kms_key_arn     = "alias/winback"
    programs_zip    = "programs.tar"
  }

  expect_failures = [
    var.prefix,
    var.table_suffix,
    var.files_bucket,
    var.secrets_prefix,
    var.secrets_key_arn,
    var.kms_key_arn,
    var.programs_zip,
  ]
}

run "secrets_in_the_place_of_aws" {
  command = plan

  variables {
    secrets_prefix = "/aws/winback"
  }

  expect_failures = [var.secrets_prefix]
}

run "senders_that_could_not_send" {
  command = plan

  variables {
    sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/*"]
    mail_from_subdomain  = "bounce.mail"
    ses_tenants          = ["Shop"]
    sending_rate         = 0
    delivery_events      = ["pigeon"]
    click_domain         = "https://click.shop.example"
  }

  expect_failures = [
    var.sender_identity_arns,
    var.mail_from_subdomain,
    var.ses_tenants,
    var.sending_rate,
    var.delivery_events,
    var.click_domain,
  ]
}

run "no_sender_and_no_news" {
  command = plan

  variables {
    sender_identity_arns = []
    delivery_events      = []
  }

  expect_failures = [
    var.sender_identity_arns,
    var.delivery_events,
  ]
}

run "bounces_below_no_domain" {
  command = plan

  variables {
    mail_from_subdomain = "bounce"
  }

  expect_failures = [var.mail_from_subdomain]
}

run "a_tenant_with_too_long_a_name" {
  command = plan

  variables {
    prefix       = "winback-for-all-our-bookshops-eu"
    files_bucket = "shop-example-files"
    ses_tenants  = ["a-store-with-a-name-of-32-letter"]
  }

  expect_failures = [var.ses_tenants]
}

run "a_link_with_a_trailing_slash_and_pages_switched_off" {
  command = plan

  variables {
    link_base       = "https://shop.example/"
    url_concurrency = 0
  }

  expect_failures = [
    var.link_base,
    var.url_concurrency,
  ]
}

run "a_link_without_encryption" {
  command = plan

  variables {
    link_base = "http://shop.example"
  }

  expect_failures = [var.link_base]
}

run "two_words_for_where_the_links_lead" {
  command = plan

  variables {
    link_base   = "https://shop.example"
    link_domain = { name = "hello.shop.example", certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
  }

  expect_failures = [var.link_domain]
}

run "a_certificate_of_another_region" {
  command = plan

  variables {
    link_domain = { name = "hello.shop.example", certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
  }

  expect_failures = [var.link_domain]
}

run "a_link_domain_with_a_scheme" {
  command = plan

  variables {
    link_domain = { name = "https://hello.shop.example", certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef" }
  }

  expect_failures = [var.link_domain]
}

run "too_little_or_half_of_something" {
  command = plan

  variables {
    due_shards         = 1.5
    memory_megabytes   = { send-message = 64 }
    imports_days       = 0
    import_concurrency = 0
    monthly_budget_usd = 0
    log_retention_days = 15
  }

  expect_failures = [
    var.due_shards,
    var.memory_megabytes,
    var.imports_days,
    var.import_concurrency,
    var.monthly_budget_usd,
    var.log_retention_days,
  ]
}

run "too_much_of_something" {
  command = plan

  variables {
    due_shards         = 101
    timeout_seconds    = { send-message = 3600 }
    import_concurrency = 1001
  }

  expect_failures = [
    var.due_shards,
    var.timeout_seconds,
    var.import_concurrency,
  ]
}

run "words_that_mean_nothing" {
  command = plan

  variables {
    sender_domain    = "hello@shop.example"
    architecture     = "riscv64"
    memory_megabytes = { send-mail = 256 }
    timeout_seconds  = { send-mail = 10 }
    scan_schedule    = "0 3 * * *"
    pull_schedule    = "at night"
    alarm_emails     = ["Anna"]
    runbooks         = "https://wiki.shop.example/"
  }

  expect_failures = [
    var.sender_domain,
    var.architecture,
    var.memory_megabytes,
    var.timeout_seconds,
    var.scan_schedule,
    var.pull_schedule,
    var.alarm_emails,
    var.runbooks,
  ]
}
