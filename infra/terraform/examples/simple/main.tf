variable "packages_dir" {
  description = "Folder with the ten packages, as `winback package` makes it."
  type        = string
}

variable "programs_zip" {
  description = "The shops' programs, as `winback package` packs them. Null: none yet."
  type        = string
  default     = null
}

variable "sender_domain" {
  description = "The shop's domain, which mails are sent from."
  type        = string
}

provider "aws" {
  region = "eu-central-1"
}

module "winback" {
  source = "../.."

  packages_dir  = var.packages_dir
  programs_zip  = var.programs_zip
  sender_domain = var.sender_domain
}

output "winback" {
  description = "Where stores, customers and tills call, what to write into the DNS, and what everything is called."
  value       = module.winback
}
