# Stores, mail readers and tills cannot sign for AWS, so the URLs are open (NONE). Each function checks a signature, a token or a code
# itself, and reserved concurrency bounds what a flood costs.
resource "aws_lambda_function_url" "web" {
  # checkov:skip=CKV_AWS_258: open on purpose, as said above

  for_each = local.web_names

  function_name      = aws_lambda_function.web[each.key].function_name
  authorization_type = "NONE"
}

# A URL made since October 2025 answers 403 unless the function's policy has both statements below.
#
# Making an open URL lets the provider add a statement of its own, FunctionURLAllowPublicAccess, which it neither records nor removes.
# Ours has another id, so that the two do not collide and what the URL needs is in the state.
resource "aws_lambda_permission" "url" {
  # checkov:skip=CKV_AWS_301: the other side of the open URL

  for_each = local.web_names

  statement_id           = "open-url"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.web[each.key].function_name
  principal              = "*"
  function_url_auth_type = "NONE"
}

# The second statement. It should hold for calls through the URL only, the condition lambda:InvokedViaFunctionUrl = true, for which
# aws_lambda_permission got `invoked_via_function_url = true` in provider 6.28.0. Provider 5 has no such argument, and AWS rejects
# `function_url_auth_type` with this action. So for now somebody with an AWS account who knows the function's ARN may also invoke it
# directly: with the same checks, under the same cap, but with a request context of their own making. A function must therefore trust
# nothing in a request but its signature, token or code. When the provider is raised, add the argument here.
resource "aws_lambda_permission" "url_invoke" {
  # checkov:skip=CKV_AWS_301: the other side of the open URL
  for_each = local.web_names

  statement_id  = "open-url-invoke"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.web[each.key].function_name
  principal     = "*"
}
