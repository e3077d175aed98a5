# Every option once, to be read: nobody needs all of them, and the values are those of a shop that does not exist. What to replace before
# applying any of it stands in the README beside this file. What excludes another stands beside it as a comment.

provider "aws" {
  region = var.region
}

module "winback" {
  source = "../.."

  # What it is called, and what it runs.
  prefix       = var.prefix
  packages_s3  = { bucket = var.packages_bucket, prefix = "winback/1.4.0/" } # or packages_dir = "../../packages"
  programs_zip = var.programs_zip
  architecture = "arm64"
  tags         = { application = "winback", environment = "production" }

  # Who sends. An identity that exists already goes into sender_identity_arns; so do the verified recipients while in the SES sandbox.
  sender_domain        = "shop.example"
  mail_from_subdomain  = "bounce"
  sender_identity_arns = ["arn:aws:ses:${var.region}:111122223333:identity/outlet.example"]
  ses_tenants          = ["shop", "outlet"]
  sending_enabled      = true
  sending_rate         = 50
  delivery_events      = ["eventbridge", "sns"]
  click_domain         = "click.shop.example"

  # Where the links lead; or link_base = "https://shop.example/hello", a proxy of the shop's own.
  link_domain = {
    name            = "hello.shop.example"
    certificate_arn = var.certificate_arn
    zone_id         = var.zone_id
  }
  url_concurrency = 25

  # Files and their import.
  files_bucket       = "shop-example-winback-files"
  force_destroy      = false
  imports_days       = 14
  import_concurrency = 20

  # Secrets and keys.
  secrets_prefix  = "/shop/winback"
  secrets_key_arn = aws_kms_key.winback.arn
  kms_key_arn     = aws_kms_key.winback.arn

  # How it runs.
  due_shards          = 16
  scan_schedule       = "cron(30 2 * * ? *)"
  pull_schedule       = "cron(30 1 * * ? *)"
  memory_megabytes    = { send-message = 512 }
  timeout_seconds     = { record-event = 60 }
  table_suffix        = "" # "-restored" after a restore from a backup
  deletion_protection = true

  # Shops that Shopify tells by EventBridge.
  shopify_event_sources = { outlet = "aws.partner/shopify.com/1234567/outlet" }

  # What is watched, and kept.
  log_retention_days = 90
  alarm_emails       = ["operations@shop.example"]
  runbooks           = "https://wiki.shop.example/winback/alarms"
  monthly_budget_usd = 100
}
