# What every installation says: what it runs, who sends, what it is called. The other variables lie beside: mail, links, files, running.

variable "packages_dir" {
  description = "Folder that holds one package per function, named `<function>.zip`, each with an executable `bootstrap`. Nothing is built here. Either this or `packages_s3`."
  type        = string
  default     = null

  validation {
    condition     = var.packages_dir == null || can(regex("[^/]$", var.packages_dir))
    error_message = "packages_dir is a folder, written without a trailing slash."
  }

  validation {
    condition     = (var.packages_dir == null) != (var.packages_s3 == null)
    error_message = "Give packages_dir or packages_s3, and not both: the packages come from one place."
  }
}

variable "packages_s3" {
  description = "Bucket, and prefix of the keys in it (`winback/1.4.0/`, or empty), of the same packages. In a bucket with versions a new package is seen by its version; without versions give each release its own prefix."
  type = object({
    bucket = string
    prefix = optional(string, "")
  })
  default = null

  validation {
    condition     = var.packages_s3 == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.packages_s3.bucket))
    error_message = "packages_s3.bucket is the name of a bucket, not its ARN or URL."
  }

  validation {
    condition     = can(regex("^([^/].*/)?$", try(var.packages_s3.prefix, "")))
    error_message = "packages_s3.prefix is empty or ends with a slash, and begins without one."
  }
}

variable "programs_zip" {
  description = "Layer with the shops' programs (`winback/<store>/...` inside the zip), attached to scan-customers. Null: no layer."
  type        = string
  default     = null

  validation {
    condition     = var.programs_zip == null || can(regex("[.]zip$", var.programs_zip))
    error_message = "programs_zip is the path of a .zip file."
  }
}

variable "prefix" {
  description = "Put before every name: the stack's name. Two installations in one account need two prefixes, also in two regions: role names are global."
  type        = string
  default     = "winback"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,30}[a-z0-9]$", var.prefix))
    error_message = "prefix is 3 to 32 lower-case letters, digits and hyphens, begins with a letter and ends without a hyphen."
  }
}

variable "table_suffix" {
  description = "Put after the names of both tables. Empty until tables are restored from a backup, which AWS does under a new name."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^([-_.][A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$", var.table_suffix))
    error_message = "table_suffix is empty, or a hyphen, dot or underscore followed by letters and digits, e.g. -restored."
  }
}

variable "secrets_prefix" {
  description = "Where the SecureString parameters live in SSM, without a trailing slash. Only the name: values are written outside Terraform. Null: `/<prefix>`."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_prefix == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.secrets_prefix)) && !can(regex("^/(aws|ssm)", lower(var.secrets_prefix)))
    error_message = "secrets_prefix is a path like /winback/prod: a leading slash, no trailing one, not below /aws or /ssm, which AWS keeps for itself."
  }
}

variable "secrets_key_arn" {
  description = "Customer-managed KMS key that the parameters are encrypted with. Null: the account's `aws/ssm` key, which needs no permission of ours."
  type        = string
  default     = null

  validation {
    condition     = var.secrets_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.secrets_key_arn))
    error_message = "secrets_key_arn is the ARN of a key, not of an alias."
  }
}

variable "kms_key_arn" {
  description = "Customer-managed KMS key for tables, queues, topics, bucket and logs; its policy must let the services in (see To know). Null: keys that AWS owns."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_arn == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.kms_key_arn))
    error_message = "kms_key_arn is the ARN of a key, not of an alias."
  }
}

variable "tags" {
  description = "Tags for everything that takes tags."
  type        = map(string)
  default     = {}
}
