# Where the links in mails lead.

variable "link_domain" {
  description = "Domain of the shop for links, webhooks and tills: one CloudFront distribution before the function URLs, which then refuse every other way in. `certificate_arn` is of ACM in us-east-1 and covers the name: CloudFront takes no other region's, and the module has one provider, that of your region, so you bring it. With `zone_id` the Route 53 records are made too. The value of `keys/origin` is written by hand, before anybody gets through. Null: none."
  type = object({
    name            = string
    certificate_arn = string
    zone_id         = optional(string)
  })
  default = null

  validation {
    condition     = var.link_domain == null || can(regex("^[a-z0-9-]+([.][a-z0-9-]+)+$", var.link_domain.name))
    error_message = "link_domain.name is a bare host name like hello.shop.example."
  }

  validation {
    condition     = var.link_domain == null || can(regex("^arn:[a-z-]+:acm:us-east-1:[0-9]{12}:certificate/[A-Za-z0-9-]+$", var.link_domain.certificate_arn))
    error_message = "link_domain.certificate_arn is the ARN of a certificate in us-east-1: CloudFront takes no other."
  }

  validation {
    condition     = var.link_domain == null || var.link_base == null
    error_message = "link_domain and link_base both say where the links lead: give one."
  }
}

variable "link_base" {
  description = "Base of the links in mails, without a trailing slash, where a proxy of the shop's own forwards to serve-offer. Null: `link_domain`, and without one serve-offer's function URL, good for a trial."
  type        = string
  default     = null

  validation {
    condition     = var.link_base == null || can(regex("^https://[^/?#\\s]+(/[^/?#\\s]+)*$", var.link_base))
    error_message = "link_base begins with https:// and has no trailing slash, query or fragment."
  }
}

variable "url_concurrency" {
  description = "Reserved concurrency of each of the three functions with a URL: a flood of requests costs no more than this. -1: no cap, needed in a new account whose whole quota is 10."
  type        = number
  default     = 10

  validation {
    condition     = var.url_concurrency == -1 || var.url_concurrency >= 1 && floor(var.url_concurrency) == var.url_concurrency
    error_message = "url_concurrency is -1 or a whole number from 1; 0 would switch the pages off."
  }
}
