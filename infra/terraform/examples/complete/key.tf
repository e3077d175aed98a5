# A key of the shop's own for all that is stored. The functions' roles get their share from the module; the services get theirs here.

data "aws_caller_identity" "current" {}

resource "aws_kms_key" "winback" {
  description         = "Customers, orders and messages of Winback"
  enable_key_rotation = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TheAccountGivesRights"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Sid       = "LogsOfThisStack"
        Effect    = "Allow"
        Principal = { Service = "logs.${var.region}.amazonaws.com" }
        Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey", "kms:DescribeKey"]
        Resource  = "*"
        Condition = {
          ArnLike = {
            "kms:EncryptionContext:aws:logs:arn" = [
              for group in ["/aws/lambda/${var.prefix}-*", "/aws/vendedlogs/states/${var.prefix}-*"] :
              "arn:aws:logs:${var.region}:${data.aws_caller_identity.current.account_id}:log-group:${group}"
            ]
          }
        }
      },
      {
        Sid       = "NewsIntoTopicsAndQueues"
        Effect    = "Allow"
        Principal = { Service = [for service in ["budgets", "cloudwatch", "events", "ses", "sns"] : "${service}.amazonaws.com"] }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
    ]
  })
}
