variable "region" {
  description = "Where everything but the link domain's certificate is."
  type        = string
  default     = "eu-central-1"
}

variable "prefix" {
  description = "The stack's name."
  type        = string
  default     = "winback"
}

variable "packages_bucket" {
  description = "Bucket that the build puts the ten packages into."
  type        = string
}

variable "programs_zip" {
  description = "The shops' programs, as `winback package` packs them."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of ACM in us-east-1 for hello.shop.example."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone of shop.example."
  type        = string
}
