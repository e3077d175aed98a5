# Who sends, how fast, and how what became of a mail comes back.

variable "sender_domain" {
  description = "Domain to send from: makes its SES identity, signed with Easy DKIM. Sending begins once the records of the output `dns_records` are in the DNS. Null: the identities exist already."
  type        = string
  default     = null

  validation {
    condition     = var.sender_domain == null || can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.sender_domain))
    error_message = "sender_domain is a bare domain like shop.example."
  }
}

variable "mail_from_subdomain" {
  description = "Label below `sender_domain` that bounces go to (`bounce` makes bounce.shop.example), so that SPF too speaks for the shop. Null: amazonses.com."
  type        = string
  default     = null

  validation {
    condition     = var.mail_from_subdomain == null || can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.mail_from_subdomain))
    error_message = "mail_from_subdomain is one label like bounce."
  }

  validation {
    condition     = var.mail_from_subdomain == null || var.sender_domain != null
    error_message = "mail_from_subdomain needs sender_domain: an identity that exists already has its own."
  }
}

variable "sender_identity_arns" {
  description = "SES identities that exist already and that mails may be sent from. While the account is in the SES sandbox, add the verified recipients too: SES checks them as well."
  type        = set(string)
  default     = []

  validation {
    condition = alltrue([
      for arn in var.sender_identity_arns : can(regex("^arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/[^*]+$", arn))
    ])
    error_message = "sender_identity_arns are ARNs like arn:aws:ses:eu-central-1:111122223333:identity/shop.example, without wildcards."
  }

  validation {
    condition     = length(var.sender_identity_arns) > 0 || var.sender_domain != null
    error_message = "Nobody could send: give sender_domain, or sender_identity_arns of identities that exist."
  }
}

variable "ses_tenants" {
  description = "Stores that send as an SES tenant of their own, `<prefix>-<store>`, with a reputation of their own. All stores or none: with tenants on, SES refuses a store without one. Empty: no tenants."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for store in var.ses_tenants : can(regex("^[a-z][a-z0-9-]{0,31}$", store))])
    error_message = "ses_tenants are names of stores: up to 32 lower-case letters, digits and hyphens, a letter first."
  }

  validation {
    condition     = alltrue([for store in var.ses_tenants : length("${var.prefix}-${store}") <= 64])
    error_message = "A tenant's name, prefix and store with a hyphen between, has at most 64 characters."
  }
}

variable "sending_enabled" {
  description = "The kill switch. False switches off the configuration set's sending, the queue due and the schedule of find-lapsed; orders, links and codes go on."
  type        = bool
  default     = true
}

variable "sending_rate" {
  description = "Mails a second that SES grants the account. It caps how many send-message run at once: one for every ten a second, at least two (a limit of AWS)."
  type        = number
  default     = 14

  validation {
    condition     = var.sending_rate > 0
    error_message = "sending_rate is above 0."
  }
}

variable "delivery_events" {
  description = "Ways that SES tells what became of a mail: `eventbridge` (default bus), `sns` (topic, queue), or both. The same news twice does no harm, and either way may fail for itself."
  type        = set(string)
  default     = ["eventbridge", "sns"]

  validation {
    condition     = length(var.delivery_events) > 0 && length(setsubtract(var.delivery_events, ["eventbridge", "sns"])) == 0
    error_message = "delivery_events holds eventbridge, sns or both: without news a bounce would be mailed again."
  }
}

variable "click_domain" {
  description = "Domain of the shop through which SES counts clicks; it must serve HTTPS. Null: SES counts none and leaves the links as they are."
  type        = string
  default     = null

  validation {
    condition     = var.click_domain == null || can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.click_domain))
    error_message = "click_domain is a bare host name like click.shop.example."
  }
}
