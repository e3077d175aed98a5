mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "a_shop_keeps_its_tables" {
  command = plan

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.customers, aws_dynamodb_table.ledger] : table.billing_mode == "PAY_PER_REQUEST"
    ])
    error_message = "Both tables are paid by request."
  }

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.customers, aws_dynamodb_table.ledger] : table.point_in_time_recovery[0].enabled
    ])
    error_message = "Both tables can be restored to any second."
  }

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.customers, aws_dynamodb_table.ledger] : table.server_side_encryption[0].enabled == false
    ])
    error_message = "Both tables are encrypted with a key that AWS owns: off means no other."
  }

  assert {
    condition = alltrue([
      for table in [aws_dynamodb_table.customers, aws_dynamodb_table.ledger] : table.deletion_protection_enabled
    ])
    error_message = "Nobody deletes a table by accident."
  }

  assert {
    condition     = aws_dynamodb_table.customers.hash_key == "pk" && aws_dynamodb_table.ledger.hash_key == "pk"
    error_message = "Both tables are keyed by pk."
  }
}

run "the_due_index_holds_keys_only" {
  command = plan

  assert {
    condition = [for index in aws_dynamodb_table.customers.global_secondary_index : [index.name, index.hash_key, index.range_key, index.projection_type]] == [
      ["due", "due_shard", "due", "KEYS_ONLY"],
    ]
    error_message = "customers has one index: due, by due_shard and due, keys only."
  }

  assert {
    condition     = { for attribute in aws_dynamodb_table.customers.attribute : attribute.name => attribute.type } == { pk = "S", due_shard = "S", due = "N" }
    error_message = "pk and due_shard are strings, due is a number."
  }
}

run "the_ledger_forgets_in_time" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.ledger.ttl[0].enabled && aws_dynamodb_table.ledger.ttl[0].attribute_name == "expires"
    error_message = "The ledger's items end at `expires`."
  }

  assert {
    condition     = !anytrue([for ttl in aws_dynamodb_table.customers.ttl : ttl.enabled == true])
    error_message = "Customers never expire: a tombstone keeps the wish not to be mailed."
  }
}

run "protection_can_be_taken_off" {
  command = plan

  variables {
    deletion_protection = false
  }

  assert {
    condition     = !aws_dynamodb_table.customers.deletion_protection_enabled && !aws_dynamodb_table.ledger.deletion_protection_enabled
    error_message = "deletion_protection = false lets both tables go."
  }
}

run "tables_from_a_backup_have_another_name" {
  command = plan

  variables {
    table_suffix = "-restored"
  }

  assert {
    condition     = output.tables == { customers = "winback-customers-restored", ledger = "winback-ledger-restored" }
    error_message = "The suffix names what was restored."
  }

  assert {
    condition = alltrue([
      for function in merge(aws_lambda_function.web, aws_lambda_function.worker) :
      try(function.environment[0].variables.WINBACK_CUSTOMERS_TABLE, "winback-customers-restored") == "winback-customers-restored"
    ])
    error_message = "Everybody goes over to them."
  }
}
