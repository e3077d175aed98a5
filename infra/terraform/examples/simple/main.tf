variable "packages_dir" {
  description = "Folder with the eight packages."
  type        = string
}

provider "aws" {
  region = "eu-central-1"
}

resource "aws_sesv2_email_identity" "shop" {
  email_identity = "shop.example"
}

module "winback" {
  source = "../.."

  packages_dir         = var.packages_dir
  sender_identity_arns = [aws_sesv2_email_identity.shop.arn]
}

output "urls" {
  description = "Where stores, customers and tills call."
  value       = module.winback.urls
}
