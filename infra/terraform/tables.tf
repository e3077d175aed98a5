# What a scan reads: customers, aliases, tombstones, stores and programs.
resource "aws_dynamodb_table" "customers" {
  # checkov:skip=CKV_AWS_119: kms_key_arn gives the key; without one AWS's own encrypts

  name                        = "${var.prefix}-customers${var.table_suffix}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "pk"
    type = "S"
  }

  attribute {
    name = "due_shard"
    type = "S"
  }

  attribute {
    name = "due"
    type = "N"
  }

  # An entry is a hint: find-lapsed takes the key from it and send-message loads the customer. So keys are enough.
  global_secondary_index {
    name            = "due"
    hash_key        = "due_shard"
    range_key       = "due"
    projection_type = "KEYS_ONLY"
  }

  point_in_time_recovery {
    enabled = true
  }

  # Always encrypted; off means with a key that AWS owns.
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}

# What happened: orders, messages, codes and stock lots, kept as long as the shop says.
resource "aws_dynamodb_table" "ledger" {
  # checkov:skip=CKV_AWS_119: kms_key_arn gives the key; without one AWS's own encrypts
  name                        = "${var.prefix}-ledger${var.table_suffix}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "pk"
  deletion_protection_enabled = var.deletion_protection
  tags                        = var.tags

  attribute {
    name = "pk"
    type = "S"
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  # Always encrypted; off means with a key that AWS owns.
  server_side_encryption {
    enabled     = var.kms_key_arn != null
    kms_key_arn = var.kms_key_arn
  }
}
