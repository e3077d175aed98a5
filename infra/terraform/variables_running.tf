# How it runs, what it watches, what it keeps.

variable "due_shards" {
  description = "How many partitions the due index is spread over. May be raised at any time; after lowering it, invoke scan-customers."
  type        = number
  default     = 8

  validation {
    condition     = var.due_shards >= 1 && var.due_shards <= 100 && floor(var.due_shards) == var.due_shards
    error_message = "due_shards is a whole number from 1 to 100, as the functions want it."
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

variable "architecture" {
  description = "Instruction set the packages were built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture is x86_64 or arm64."
  }
}

variable "memory_megabytes" {
  description = "Memory by function name, over the defaults in main.tf: 256, scan-customers 512, import-orders 1024."
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
  description = "Timeout by function name, over the defaults in main.tf (10 to 900). The queues' visibility follows: six times as long."
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

variable "alarm_emails" {
  description = "Addresses that alarms are mailed to. Each has to confirm the mail that AWS sends it first. Empty: the alarms stand in the console, and the topic is there to subscribe."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for email in var.alarm_emails : can(regex("^[^@\\s]+@[^@\\s]+[.][^@\\s]+$", email))])
    error_message = "alarm_emails are e-mail addresses."
  }
}

variable "runbooks" {
  description = "Where the runbook of an alarm is found, `<this>/<alarm>.md`, without a trailing slash: each alarm's description names it. Give the URL where your people read them."
  type        = string
  default     = "infra/operations/alarms"

  validation {
    condition     = can(regex("[^/]$", var.runbooks))
    error_message = "runbooks is a folder or URL, written without a trailing slash."
  }
}

variable "monthly_budget_usd" {
  description = "Budget of the whole account for a month; the topic of the alarms is told when four fifths are spent and when the forecast passes it. Null: none."
  type        = number
  default     = null

  validation {
    condition     = var.monthly_budget_usd == null || try(var.monthly_budget_usd > 0, false)
    error_message = "monthly_budget_usd is above 0."
  }
}

variable "shopify_event_sources" {
  description = "Shops whose Shopify app delivers its webhooks by EventBridge: the store's name, and the name of the partner event source, which must be pending in this account and region. Empty: all webhooks come by receive-webhook's URL."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for store in keys(var.shopify_event_sources) : can(regex("^[a-z][a-z0-9-]{0,31}$", store))])
    error_message = "shopify_event_sources are known by names of stores: up to 32 lower-case letters, digits and hyphens, a letter first."
  }

  validation {
    condition     = alltrue([for source in values(var.shopify_event_sources) : can(regex("^aws\\.partner/shopify\\.com/", source))])
    error_message = "A source of shopify_event_sources begins with aws.partner/shopify.com/."
  }
}
