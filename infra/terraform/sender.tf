# Who sends: the shop's domain, if it is made here, and each store's tenant.

resource "aws_sesv2_email_identity" "sender" {
  count = var.sender_domain == null ? 0 : 1

  email_identity = var.sender_domain
  tags           = var.tags

  # Empty is Easy DKIM: SES makes the keys and changes them by itself, the DNS only points there.
  dkim_signing_attributes {}
}

resource "aws_sesv2_email_identity_mail_from_attributes" "sender" {
  count = var.mail_from_subdomain == null ? 0 : 1

  email_identity   = aws_sesv2_email_identity.sender[0].email_identity
  mail_from_domain = "${var.mail_from_subdomain}.${var.sender_domain}"

  # While its MX record is missing mails go out by amazonses.com: DKIM still speaks for the shop.
  behavior_on_mx_failure = "USE_DEFAULT_VALUE"
}

locals {
  # Sorted: a set has no order, and a policy that changes its order is a change.
  sender_arns = concat(aws_sesv2_email_identity.sender[*].arn, sort(var.sender_identity_arns))
}

# The provider has no resource for a tenant in version 5, Cloud Control has. What a tenant sends with must be its own by association:
# the senders' identities and the configuration set.
resource "aws_cloudcontrolapi_resource" "tenant" {
  for_each = var.ses_tenants

  type_name = "AWS::SES::Tenant"

  desired_state = jsonencode({
    TenantName           = "${var.prefix}-${each.key}"
    ResourceAssociations = [for arn in concat(local.sender_arns, [aws_sesv2_configuration_set.mail.arn]) : { ResourceArn = arn }]
    Tags                 = [for key, value in var.tags : { Key = key, Value = value }]
  })
}
