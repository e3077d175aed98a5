# The names, limits and addresses that the other files share.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  # Functions that answer HTTP have a URL. They are apart from the others because send-message needs to know serve-offer's URL:
  # as one resource they would depend on themselves.
  web_names    = toset(["receive-webhook", "serve-offer", "redeem-code"])
  worker_names = toset(["record-event", "find-lapsed", "send-message", "record-delivery", "scan-customers", "import-orders", "pull-orders"])

  function_names = setunion(local.web_names, local.worker_names)

  timeout_seconds = merge({
    receive-webhook = 10
    record-event    = 30
    find-lapsed     = 50
    send-message    = 60
    record-delivery = 30
    serve-offer     = 10
    redeem-code     = 10
    scan-customers  = 900
    import-orders   = 900
    pull-orders     = 900
  }, var.timeout_seconds)

  # Memory buys processor time: 256 MB keeps the first TLS connection short.
  memory_megabytes = merge(
    { for name in local.function_names : name => 256 },
    { scan-customers = 512, import-orders = 1024, pull-orders = 512 },
    var.memory_megabytes,
  )

  urls         = { for name, url in aws_lambda_function_url.web : name => trimsuffix(url.function_url, "/") }
  domain_base  = try("https://${var.link_domain.name}", null)
  link_base    = coalesce(local.domain_base, var.link_base, local.urls["serve-offer"])
  webhook_base = coalesce(local.domain_base, local.urls["receive-webhook"])

  secrets_prefix = coalesce(var.secrets_prefix, "/${var.prefix}")

  files_bucket = coalesce(var.files_bucket, "${var.prefix}-files-${local.account}-${local.region}")
}
