# The bucket, and the import of what is put into it.

variable "files_bucket" {
  description = "Name of the bucket for uploads and what lies beside them. Null: `<prefix>-files-<account>-<region>`."
  type        = string
  default     = null

  validation {
    condition     = var.files_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.files_bucket))
    error_message = "files_bucket is the name of a bucket: 3 to 63 lower-case letters, digits, dots and hyphens."
  }
}

variable "force_destroy" {
  description = "Let `terraform destroy` delete the bucket with everything in it. False: it stops at a bucket that holds something."
  type        = bool
  default     = false
}

variable "imports_days" {
  description = "Days that uploads below `imports/` are kept, and beside them the report of their import and its bad lines; they hold addresses. Long enough to redrive a failed import."
  type        = number
  default     = 30

  validation {
    condition     = var.imports_days >= 1 && floor(var.imports_days) == var.imports_days
    error_message = "imports_days is a whole number from 1."
  }
}

variable "import_concurrency" {
  description = "Parts of a file that are imported at once. Each is one import-orders, out of the account's concurrency."
  type        = number
  default     = 10

  validation {
    condition     = var.import_concurrency >= 1 && var.import_concurrency <= 1000 && floor(var.import_concurrency) == var.import_concurrency
    error_message = "import_concurrency is a whole number from 1 to 1000."
  }
}
