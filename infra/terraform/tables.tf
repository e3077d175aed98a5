# What a scan reads: customers, aliases, tombstones, stores and programs.
resource "aws_dynamodb_table" "customers" {
  name                        = "${var.prefix}-customers"
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

  server_side_encryption {
    enabled = true
  }
}

# What happened: orders, messages, codes and stock lots, kept as long as the shop says.
resource "aws_dynamodb_table" "ledger" {
  name                        = "${var.prefix}-ledger"
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

  server_side_encryption {
    enabled = true
  }
}
