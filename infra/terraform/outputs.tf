output "link_base" {
  description = "Base of the links in mails, as send-message knows it."
  value       = local.link_base
}

output "urls" {
  description = "Function URLs by function name, without a trailing slash. A store's webhook goes to <receive-webhook>/webhooks/<store>."
  value       = { for name, url in aws_lambda_function_url.web : name => trimsuffix(url.function_url, "/") }
}

output "functions" {
  description = "Lambda function names by function, e.g. to invoke scan-customers by hand."
  value = {
    for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) : name => function.function_name
  }
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
  description = "URLs of the queues events and due."
  value = {
    events = aws_sqs_queue.events.url
    due    = aws_sqs_queue.due.url
  }
}

output "dead_letter_queues" {
  description = "URLs of the dead-letter queues. Something in there wants a person to look."
  value = {
    events   = aws_sqs_queue.events_dead.url
    due      = aws_sqs_queue.due_dead.url
    delivery = aws_sqs_queue.delivery_dead.url
  }
}

output "configuration_set" {
  description = "Name of the SES configuration set that every mail is sent with."
  value       = aws_sesv2_configuration_set.mail.configuration_set_name
}

output "secrets_prefix" {
  description = "Write the SecureString parameters <this>/keys/{lookup,link,code} and <this>/stores/<store>/webhook-secrets before the first call."
  value       = local.secrets_prefix
}
