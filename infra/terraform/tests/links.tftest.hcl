mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "without_a_domain_there_is_nothing_before_the_functions" {
  command = plan

  assert {
    condition     = length(aws_cloudfront_distribution.links) == 0 && length(aws_cloudfront_key_value_store.origin) == 0 && length(aws_route53_record.links) == 0
    error_message = "No link_domain, no distribution."
  }
}

run "one_domain_for_links_stores_and_tills" {
  command = plan

  variables {
    link_domain = {
      name            = "hello.shop.example"
      certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    }
  }

  assert {
    condition = (
      { for path in aws_cloudfront_distribution.links[0].ordered_cache_behavior : path.path_pattern => path.target_origin_id }
      == { "/webhooks/*" = "receive-webhook", "/check" = "redeem-code", "/redeem" = "redeem-code" }
      && aws_cloudfront_distribution.links[0].default_cache_behavior[0].target_origin_id == "serve-offer"
    )
    error_message = "Each path leads to its function, all others to serve-offer."
  }

  assert {
    condition = { for origin in aws_cloudfront_distribution.links[0].origin : origin.origin_id => [origin.domain_name, origin.custom_origin_config[0].origin_protocol_policy] } == {
      for name in ["receive-webhook", "serve-offer", "redeem-code"] : name => ["${name}.lambda-url.eu-central-1.on.aws", "https-only"]
    }
    error_message = "The three function URLs stand behind it, over HTTPS."
  }

  assert {
    condition = alltrue([
      for behavior in concat(aws_cloudfront_distribution.links[0].default_cache_behavior, aws_cloudfront_distribution.links[0].ordered_cache_behavior) :
      behavior.viewer_protocol_policy == "https-only"
      && length(behavior.allowed_methods) == 7
      && behavior.cache_policy_id == data.aws_cloudfront_cache_policy.none[0].id
      && behavior.origin_request_policy_id == data.aws_cloudfront_origin_request_policy.all[0].id
      && behavior.response_headers_policy_id == data.aws_cloudfront_response_headers_policy.secure[0].id
      && one(behavior.function_association).event_type == "viewer-request"
      && one(behavior.function_association).function_arn == aws_cloudfront_function.origin[0].arn
    ])
    error_message = "HTTPS only, every method, nothing cached, and each request gets the header."
  }

  assert {
    condition = (
      data.aws_cloudfront_cache_policy.none[0].name == "Managed-CachingDisabled"
      && data.aws_cloudfront_origin_request_policy.all[0].name == "Managed-AllViewerExceptHostHeader"
      && data.aws_cloudfront_response_headers_policy.secure[0].name == "Managed-SecurityHeadersPolicy"
    )
    error_message = "The policies are those that AWS manages."
  }

  assert {
    condition = (
      aws_cloudfront_distribution.links[0].aliases == toset(["hello.shop.example"])
      && aws_cloudfront_distribution.links[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021"
      && output.link_base == "https://hello.shop.example"
      && output.webhook_base == "https://hello.shop.example"
      && aws_lambda_function.worker["send-message"].environment[0].variables.WINBACK_LINK_BASE == "https://hello.shop.example"
    )
    error_message = "Links in mails and webhooks go over the domain."
  }

  assert {
    condition     = length(aws_route53_record.links) == 0 && output.dns_records["link-domain"] == { name = "hello.shop.example", type = "CNAME", value = "d111111abcdef8.cloudfront.net" }
    error_message = "Without a zone the record is told, to be set by hand."
  }
}

run "whoever_goes_round_the_domain_is_refused" {
  command = plan

  variables {
    link_domain = {
      name            = "hello.shop.example"
      certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
    }
  }

  assert {
    condition = alltrue([
      for function in aws_lambda_function.web :
      function.environment[0].variables.WINBACK_ORIGIN_CHECKED == "true" && function.environment[0].variables.WINBACK_SECRETS_PREFIX == "/winback"
    ])
    error_message = "The three open functions ask for the header."
  }

  assert {
    condition = toset([
      for name, policy in aws_iam_role_policy.function : name if strcontains(policy.policy, ":parameter/winback/keys/origin")
    ]) == toset(["receive-webhook", "serve-offer", "redeem-code"])
    error_message = "They, and nobody else, may read what it has to hold."
  }

  assert {
    condition = (
      strcontains(aws_cloudfront_function.origin[0].code, "request.headers['x-winback-origin'] = { value: await store.get('origin') }")
      && aws_cloudfront_function.origin[0].runtime == "cloudfront-js-2.0"
      && aws_cloudfront_function.origin[0].key_value_store_associations == toset([aws_cloudfront_key_value_store.origin[0].arn])
    )
    error_message = "The header comes out of the key value store, whatever the viewer sent; its value is in no file and no state."
  }
}

run "route_53_points_there" {
  command = plan

  variables {
    link_domain = {
      name            = "hello.shop.example"
      certificate_arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
      zone_id         = "Z0123456789ABCDEFGHIJ"
    }
  }

  assert {
    condition = alltrue([
      for type in ["A", "AAAA"] :
      aws_route53_record.links[type].type == type
      && aws_route53_record.links[type].name == "hello.shop.example"
      && aws_route53_record.links[type].alias[0].name == "d111111abcdef8.cloudfront.net"
    ])
    error_message = "With a zone the records are made, for IPv4 and IPv6."
  }

  assert {
    condition     = !contains(keys(output.dns_records), "link-domain")
    error_message = "What is made is not asked for."
  }
}
