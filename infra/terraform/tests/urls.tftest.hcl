mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "three_doors_are_open" {
  command = plan

  assert {
    condition     = toset(keys(aws_lambda_function_url.web)) == toset(["receive-webhook", "serve-offer", "redeem-code"])
    error_message = "Stores, customers and tills have a URL; nobody else has."
  }

  assert {
    condition     = alltrue([for url in aws_lambda_function_url.web : url.authorization_type == "NONE"])
    error_message = "Nobody outside can sign for AWS."
  }

  assert {
    condition = alltrue([
      for name in ["receive-webhook", "serve-offer", "redeem-code"] :
      aws_lambda_permission.url[name].action == "lambda:InvokeFunctionUrl"
      && aws_lambda_permission.url[name].function_url_auth_type == "NONE"
      && aws_lambda_permission.url[name].principal == "*"
      && aws_lambda_permission.url[name].function_name == "winback-${name}"
    ])
    error_message = "The first permission: the URL may be called."
  }

  assert {
    condition = alltrue([
      for name in ["receive-webhook", "serve-offer", "redeem-code"] :
      aws_lambda_permission.url_invoke[name].action == "lambda:InvokeFunction"
      && aws_lambda_permission.url_invoke[name].function_url_auth_type == null
      && aws_lambda_permission.url_invoke[name].principal == "*"
      && aws_lambda_permission.url_invoke[name].function_name == "winback-${name}"
    ])
    error_message = "The second permission: the function may be invoked; AWS rejects it with an auth type."
  }

  assert {
    condition = alltrue([
      for permission in concat(values(aws_lambda_permission.url), values(aws_lambda_permission.url_invoke)) :
      permission.statement_id != "FunctionURLAllowPublicAccess"
    ])
    error_message = "The provider makes a statement of that name by itself; a second one collides."
  }
}

run "a_flood_is_bounded" {
  command = plan

  variables {
    url_concurrency = 25
  }

  assert {
    condition     = alltrue([for function in aws_lambda_function.web : function.reserved_concurrent_executions == 25])
    error_message = "Each open function has its cap."
  }
}

run "the_cap_is_on_by_default" {
  command = plan

  assert {
    condition     = alltrue([for function in aws_lambda_function.web : function.reserved_concurrent_executions == 10])
    error_message = "Without a word ten run at once."
  }
}
