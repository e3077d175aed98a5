# The bucket: orders that a store uploads below imports/<store>/, their reports beside them, and below requests/<store>/ what somebody
# asked to know of themself.

resource "aws_s3_bucket" "files" {
  # checkov:skip=CKV_AWS_18: an account that wants access logs has CloudTrail for all its buckets
  # checkov:skip=CKV_AWS_21: an upload is a copy of what the shop has; an old version would outlive the day on which its addresses must go
  # checkov:skip=CKV_AWS_144: the same: the shop uploads again, a second region would be a second place for addresses

  bucket        = local.files_bucket
  force_destroy = var.force_destroy
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = length(local.files_bucket) <= 63
      error_message = "The bucket's name ${local.files_bucket} is longer than the 63 characters that S3 allows: give a shorter prefix, or files_bucket."
    }
  }
}

resource "aws_s3_bucket_public_access_block" "files" {
  bucket = aws_s3_bucket.files.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  rule {
    # One data key for many objects: fewer calls of the key, which cost.
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_policy" "files" {
  bucket = aws_s3_bucket.files.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "OnlyEncryptedConnections"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = [aws_s3_bucket.files.arn, "${aws_s3_bucket.files.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })

  # S3 takes one change of a bucket's access at a time.
  depends_on = [aws_s3_bucket_public_access_block.files]
}

# A new file starts its import by way of EventBridge.
resource "aws_s3_bucket_notification" "files" {
  bucket      = aws_s3_bucket.files.id
  eventbridge = true
}

resource "aws_s3_bucket_lifecycle_configuration" "files" {
  bucket = aws_s3_bucket.files.id

  dynamic "rule" {
    # Whoever asks for their data gets it within a month; a copy that lies longer is one more to lose.
    for_each = { imports = var.imports_days, requests = 30 }

    content {
      id     = rule.key
      status = "Enabled"

      filter {
        prefix = "${rule.key}/"
      }

      expiration {
        days = rule.value
      }
    }
  }

  # What a broken upload left is invisible and paid for.
  rule {
    id     = "unfinished-uploads"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }
}
