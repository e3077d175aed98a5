output "urls" {
  description = "Function URLs by function name, without a trailing slash. With `link_domain` they refuse whoever does not come through it."
  value       = local.urls
}

output "webhook_base" {
  description = "A store's webhook goes to `<this>/webhooks/<store>`."
  value       = local.webhook_base
}

output "link_base" {
  description = "Base of the links in mails, as send-message knows it."
  value       = local.link_base
}

output "dns_records" {
  description = "Records to set in the shop's DNS, by what they are for: `{name, type, value}`. What is made in Route 53 already is not listed."
  value       = local.dns_records
}

output "link_store_arn" {
  description = "ARN of the CloudFront KeyValueStore that holds the key `origin`, to write and change it with the AWS CLI. Null without `link_domain`."
  value       = one(aws_cloudfront_key_value_store.origin[*].arn)
}

output "functions" {
  description = "Lambda function names by function, e.g. to invoke scan-customers by hand."
  value       = local.lambda_names
}

output "roles" {
  description = "Role ARNs by function, to allow more from outside the module."
  value       = { for name, role in aws_iam_role.function : name => role.arn }
}

output "tables" {
  description = "Names of the tables customers and ledger."
  value = {
    customers = aws_dynamodb_table.customers.name
    ledger    = aws_dynamodb_table.ledger.name
  }
}

output "queues" {
  description = "URLs of the queues events, due and, where SES tells by SNS, delivery."
  value = merge(
    { events = aws_sqs_queue.events.url, due = aws_sqs_queue.due.url },
    { for queue in aws_sqs_queue.delivery : "delivery" => queue.url },
  )
}

output "dead_letter_queues" {
  description = "URLs of the dead-letter queues. Something in there wants a person to look."
  value = {
    events   = aws_sqs_queue.events_dead.url
    due      = aws_sqs_queue.due_dead.url
    delivery = aws_sqs_queue.delivery_dead.url
  }
}

output "bucket" {
  description = "Name of the bucket: a file of orders goes to `imports/<store>/<file>.csv`, and its import starts."
  value       = aws_s3_bucket.files.bucket
}

output "state_machine_arn" {
  description = "ARN of the state machine that imports a file, to follow an import or redrive a failed one."
  value       = aws_sfn_state_machine.imports.arn
}

output "alarm_topic_arn" {
  description = "Topic that every alarm tells, to subscribe more than `alarm_emails`."
  value       = aws_sns_topic.alarms.arn
}

output "tenants" {
  description = "SES tenants by store."
  value       = { for store in var.ses_tenants : store => "${var.prefix}-${store}" }
}

output "configuration_set" {
  description = "Name of the SES configuration set that every mail is sent with."
  value       = aws_sesv2_configuration_set.mail.configuration_set_name
}

output "secrets_prefix" {
  description = "Write the SecureString parameters `<this>/keys/{lookup,link,code}` and `<this>/stores/<store>/webhook-secrets` before the first call, with `link_domain` also `<this>/keys/origin`."
  value       = local.secrets_prefix
}
