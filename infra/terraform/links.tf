# The shop's own domain before the three function URLs. Nothing is cached: every page and every answer is somebody's own.
#
# The functions answer only to requests with the secret header x-winback-origin. Its value is in no state and no plan: the operator writes
# it to the key value store and to SSM, and a CloudFront Function puts it on each request. Until it is written, every request fails.

locals {
  # The URLs without scheme: CloudFront wants a host.
  origins = { for name, url in local.urls : name => trimprefix(url, "https://") if var.link_domain != null }

  # Whatever is not for a store or a till is a link of a mail.
  paths = {
    "/webhooks/*" = "receive-webhook"
    "/check"      = "redeem-code"
    "/redeem"     = "redeem-code"
  }
}

resource "aws_cloudfront_key_value_store" "origin" {
  count = var.link_domain == null ? 0 : 1

  name    = "${var.prefix}-origin"
  comment = "The key origin: what the functions behind ${var.link_domain.name} want to see"
}

resource "aws_cloudfront_function" "origin" {
  count = var.link_domain == null ? 0 : 1

  name                         = "${var.prefix}-origin"
  comment                      = "Proves to the functions that a request came through the link domain"
  runtime                      = "cloudfront-js-2.0"
  code                         = file("${path.module}/origin.js")
  publish                      = true
  key_value_store_associations = [aws_cloudfront_key_value_store.origin[0].arn]
}

data "aws_cloudfront_cache_policy" "none" {
  count = var.link_domain == null ? 0 : 1

  name = "Managed-CachingDisabled"
}

# All that the viewer sent but the host: a function URL answers to its own name only. It carries the header that our function sets, too.
data "aws_cloudfront_origin_request_policy" "all" {
  count = var.link_domain == null ? 0 : 1

  name = "Managed-AllViewerExceptHostHeader"
}

# Only over HTTPS from now on, in no foreign frame, and a link's secret part is told to no other site.
data "aws_cloudfront_response_headers_policy" "secure" {
  count = var.link_domain == null ? 0 : 1

  name = "Managed-SecurityHeadersPolicy"
}

resource "aws_cloudfront_distribution" "links" {
  # checkov:skip=CKV_AWS_68: reserved concurrency bounds a flood and every request is signed; a firewall costs more than a small shop's mails
  # checkov:skip=CKV_AWS_86: a log would hold the customers' links, which open their pages
  # checkov:skip=CKV_AWS_305: there is no page at the root; serve-offer answers for every path
  # checkov:skip=CKV_AWS_310: each function has one address, there is nothing to fail over to
  # checkov:skip=CKV_AWS_374: customers read their mail wherever they are
  # checkov:skip=CKV2_AWS_47: no Java is behind it

  count = var.link_domain == null ? 0 : 1

  comment         = "${var.prefix}: links, webhooks and tills"
  aliases         = [var.link_domain.name]
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  tags            = var.tags

  dynamic "origin" {
    for_each = local.origins

    content {
      origin_id   = origin.key
      domain_name = origin.value

      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
      }
    }
  }

  default_cache_behavior {
    target_origin_id           = "serve-offer"
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods             = ["GET", "HEAD"]
    cache_policy_id            = data.aws_cloudfront_cache_policy.none[0].id
    origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all[0].id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.secure[0].id

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.origin[0].arn
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.paths

    content {
      path_pattern               = ordered_cache_behavior.key
      target_origin_id           = ordered_cache_behavior.value
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = data.aws_cloudfront_cache_policy.none[0].id
      origin_request_policy_id   = data.aws_cloudfront_origin_request_policy.all[0].id
      response_headers_policy_id = data.aws_cloudfront_response_headers_policy.secure[0].id

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.origin[0].arn
      }
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.link_domain.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
}

resource "aws_route53_record" "links" {
  for_each = try(var.link_domain.zone_id, null) == null ? [] : toset(["A", "AAAA"])

  zone_id = var.link_domain.zone_id
  name    = var.link_domain.name
  type    = each.key

  alias {
    name                   = aws_cloudfront_distribution.links[0].domain_name
    zone_id                = aws_cloudfront_distribution.links[0].hosted_zone_id
    evaluate_target_health = false
  }
}
