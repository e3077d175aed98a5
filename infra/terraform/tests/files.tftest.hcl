mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "uploads_are_nobodys_business" {
  command = plan

  assert {
    condition     = aws_s3_bucket.files.bucket == "winback-files-111122223333-eu-central-1" && aws_s3_bucket.files.force_destroy == false
    error_message = "The bucket is named after stack, account and region, and is not destroyed with what it holds."
  }

  assert {
    condition = (
      aws_s3_bucket_public_access_block.files.block_public_acls && aws_s3_bucket_public_access_block.files.block_public_policy
      && aws_s3_bucket_public_access_block.files.ignore_public_acls && aws_s3_bucket_public_access_block.files.restrict_public_buckets
      && aws_s3_bucket_ownership_controls.files.rule[0].object_ownership == "BucketOwnerEnforced"
    )
    error_message = "Nothing in the bucket can be made public."
  }

  assert {
    condition     = one(aws_s3_bucket_server_side_encryption_configuration.files.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "AES256"
    error_message = "What is stored is encrypted."
  }

  assert {
    condition = jsondecode(aws_s3_bucket_policy.files.policy).Statement == [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::winback-files-111122223333-eu-central-1", "arn:aws:s3:::winback-files-111122223333-eu-central-1/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "The bucket answers over TLS only, and its policy allows nobody anything."
  }

  assert {
    condition     = aws_s3_bucket_notification.files.eventbridge
    error_message = "A new file is told to EventBridge."
  }
}

run "addresses_do_not_lie_around" {
  command = plan

  variables {
    imports_days  = 7
    force_destroy = true
    files_bucket  = "shop-example-files"
  }

  assert {
    condition = {
      for rule in aws_s3_bucket_lifecycle_configuration.files.rule : rule.id => [rule.filter[0].prefix, rule.expiration[0].days] if length(rule.expiration) > 0
    } == { imports = ["imports/", 7], requests = ["requests/", 30] }
    error_message = "Uploads and answers to people go after their days."
  }

  assert {
    condition     = one([for rule in aws_s3_bucket_lifecycle_configuration.files.rule : rule.abort_incomplete_multipart_upload[0].days_after_initiation if rule.id == "unfinished-uploads"]) == 7
    error_message = "Broken uploads go too."
  }

  assert {
    condition     = aws_s3_bucket.files.bucket == "shop-example-files" && aws_s3_bucket.files.force_destroy && output.bucket == "shop-example-files"
    error_message = "The bucket can be named otherwise, and be given up with all it holds."
  }
}
