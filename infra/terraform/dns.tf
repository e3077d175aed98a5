# What the shop has to write into its DNS where Terraform does not.

locals {
  sender_tokens = flatten([for sender in aws_sesv2_email_identity.sender : [for dkim in sender.dkim_signing_attributes : dkim.tokens]])
  mail_from     = one(aws_sesv2_email_identity_mail_from_attributes.sender[*].mail_from_domain)

  dns_records = merge(
    {
      # A few of the newer regions have a DKIM host of their own; the SES console shows it.
      for number, token in local.sender_tokens : "dkim-${number + 1}" => {
        name  = "${token}._domainkey.${var.sender_domain}"
        type  = "CNAME"
        value = "${token}.dkim.amazonses.com"
      }
    },
    # The big mailboxes want a DMARC record of who sends in bulk. A shop that has one keeps its own.
    { for domain in var.sender_domain[*] : "dmarc" => { name = "_dmarc.${domain}", type = "TXT", value = "v=DMARC1; p=none" } },
    {
      for distribution in aws_cloudfront_distribution.links : "link-domain" => {
        name  = var.link_domain.name
        type  = "CNAME"
        value = distribution.domain_name
      } if try(var.link_domain.zone_id, null) == null
    },
    { for name in local.mail_from[*] : "mail-from" => { name = name, type = "MX", value = "10 feedback-smtp.${local.region}.amazonses.com" } },
    { for name in local.mail_from[*] : "mail-from-spf" => { name = name, type = "TXT", value = "v=spf1 include:amazonses.com ~all" } },
  )
}
