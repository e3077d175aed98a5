# What must be given.

variable "packages_dir" {
  description = "Folder that holds one package per function, named <function>.zip, each with an executable `bootstrap`. Nothing is built here."
  type        = string

  validation {
    condition     = var.packages_dir != "" && !endswith(var.packages_dir, "/")
    error_message = "packages_dir is a folder, written without a trailing slash."
  }
}

variable "sender_identity_arns" {
  description = "SES identities that mails may be sent from. While the account is in the SES sandbox, add the verified recipients too: SES checks them as well."
  type        = set(string)

  validation {
    condition = length(var.sender_identity_arns) > 0 && alltrue([
      for arn in var.sender_identity_arns : can(regex("^arn:[a-z-]+:ses:[a-z0-9-]+:[0-9]{12}:identity/[^*]+$", arn))
    ])
    error_message = "sender_identity_arns needs at least one ARN like arn:aws:ses:eu-central-1:111122223333:identity/shop.example, without wildcards."
  }
}

# What the shop may want to change.

variable "prefix" {
  description = "Put before every name. Two installations in one account need two prefixes, also in two regions: role names are global."
  type        = string
  default     = "winback"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.prefix))
    error_message = "prefix is 3 to 32 lower-case letters, digits and hyphens, begins with a letter and ends without a hyphen."
  }
}

variable "programs_zip" {
  description = "Layer with the shops' programs (winback/<store>/... inside the zip), attached to scan-customers. Null: no layer."
  type        = string
  default     = null

  validation {
    condition     = var.programs_zip == null || can(regex("[.]zip$", var.programs_zip))
    error_message = "programs_zip is the path of a .zip file."
  }
}

variable "link_base" {
  description = "Base of the links in mails, without a trailing slash: the shop's own link domain, forwarded to serve-offer. Null: serve-offer's function URL, good for a trial."
  type        = string
  default     = null

  validation {
    condition     = var.link_base == null || can(regex("^https://[^/?#\\s]+(/[^/?#\\s]+)*$", var.link_base))
    error_message = "link_base begins with https:// and has no trailing slash, query or fragment."
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

variable "secrets_prefix" {
  description = "Where the SecureString parameters live in SSM, without a trailing slash. Only the name: values are written outside Terraform. Null: /<prefix>."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_prefix == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.secrets_prefix)) && !can(regex("^/(aws|ssm)", lower(var.secrets_prefix)))
    error_message = "secrets_prefix is a path like /winback/prod: a leading slash, no trailing one, not below /aws or /ssm, which AWS keeps for itself."
  }
}

variable "secrets_key_arn" {
  description = "Customer-managed KMS key that the parameters are encrypted with. Null: the account's aws/ssm key, which needs no permission of ours."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.secrets_key_arn))
    error_message = "secrets_key_arn is the ARN of a key, not of an alias."
  }
}

variable "due_shards" {
  description = "How many partitions the due index is spread over. May be raised at any time; after lowering it, invoke scan-customers."
  type        = number
  default     = 8

  validation {
    condition     = var.due_shards >= 1 && var.due_shards <= 100 && floor(var.due_shards) == var.due_shards
    error_message = "due_shards is a whole number from 1 to 100, as the functions want it."
  }
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

variable "scan_schedule" {
  description = "When scan-customers runs, in UTC: cron(...) or rate(...). Once a day is meant."
  type        = string
  default     = "cron(0 3 * * ? *)"

  validation {
    condition     = can(regex("^(cron|rate)\\(.+\\)$", var.scan_schedule))
    error_message = "scan_schedule is an EventBridge Scheduler expression: cron(...) or rate(...)."
  }
}

# How it runs.

variable "architecture" {
  description = "Instruction set the packages were built for."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is x86_64 or arm64."
  }
}

variable "memory_megabytes" {
  description = "Memory by function name, over the defaults in main.tf."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.memory_megabytes), local.function_names)) == 0
    error_message = "memory_megabytes names a function that does not exist; known are ${join(", ", local.function_names)}."
  }

  validation {
    condition     = alltrue([for megabytes in values(var.memory_megabytes) : megabytes >= 128 && megabytes <= 10240])
    error_message = "memory_megabytes is from 128 to 10240."
  }
}

variable "timeout_seconds" {
  description = "Timeout by function name, over the defaults in main.tf. The queues' visibility follows: six times as long."
  type        = map(number)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.timeout_seconds), local.function_names)) == 0
    error_message = "timeout_seconds names a function that does not exist; known are ${join(", ", local.function_names)}."
  }

  validation {
    condition     = alltrue([for seconds in values(var.timeout_seconds) : seconds >= 1 && seconds <= 900])
    error_message = "timeout_seconds is from 1 to 900."
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

variable "deletion_protection" {
  description = "Refuse to delete the tables. Set to false and apply before destroying."
  type        = bool
  default     = true
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days is one of the periods that CloudWatch knows, e.g. 7, 14, 30, 90 or 365."
  }
}

variable "tags" {
  description = "Tags for everything that takes tags."
  type        = map(string)
  default     = {}
}
