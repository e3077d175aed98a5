mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "the_packages_come_from_a_bucket" {
  command = plan

  variables {
    packages_s3 = { bucket = "shop-example-builds", prefix = "winback/1.4.0/" }
  }

  override_data {
    target          = data.aws_s3_object.package
    override_during = plan
    values          = { version_id = "3HL4kqtJlcpXroDTDmJ" }
  }

  assert {
    condition = alltrue([
      for name, function in merge(aws_lambda_function.web, aws_lambda_function.worker) :
      function.s3_bucket == "shop-example-builds"
      && function.s3_key == "winback/1.4.0/${name}.zip"
      && function.s3_object_version == "3HL4kqtJlcpXroDTDmJ"
      && function.filename == null
    ])
    error_message = "Every function has its object, in its version: a new one is seen."
  }
}

run "a_bucket_without_versions" {
  command = plan

  variables {
    packages_s3 = { bucket = "shop-example-builds" }
  }

  override_data {
    target          = data.aws_s3_object.package
    override_during = plan
    values          = { version_id = "null" }
  }

  assert {
    condition     = aws_lambda_function.web["serve-offer"].s3_key == "serve-offer.zip" && aws_lambda_function.web["serve-offer"].s3_object_version == null
    error_message = "No prefix and no version: the key alone."
  }
}

run "packages_from_two_places" {
  command = plan

  variables {
    packages_dir = "tests/packages"
    packages_s3  = { bucket = "shop-example-builds" }
  }

  expect_failures = [var.packages_dir]
}

run "packages_from_nowhere" {
  command = plan

  expect_failures = [var.packages_dir]
}

run "a_prefix_without_its_slash" {
  command = plan

  variables {
    packages_s3 = { bucket = "shop-example-builds", prefix = "winback" }
  }

  expect_failures = [var.packages_s3]
}
