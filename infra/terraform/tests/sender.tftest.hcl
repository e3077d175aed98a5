mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  packages_dir         = "tests/packages"
  sender_identity_arns = ["arn:aws:ses:eu-central-1:111122223333:identity/shop.example"]
}

run "the_shops_domain_is_made" {
  command = plan

  variables {
    sender_identity_arns = []
    sender_domain        = "shop.example"
    mail_from_subdomain  = "bounce"
  }

  override_resource {
    target          = aws_sesv2_email_identity.sender
    override_during = plan
    values = {
      arn                     = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example"
      dkim_signing_attributes = { tokens = ["one", "two", "three"] }
    }
  }

  assert {
    condition = (
      aws_sesv2_email_identity.sender[0].email_identity == "shop.example"
      && aws_sesv2_email_identity_mail_from_attributes.sender[0].mail_from_domain == "bounce.shop.example"
      && aws_sesv2_email_identity_mail_from_attributes.sender[0].behavior_on_mx_failure == "USE_DEFAULT_VALUE"
    )
    error_message = "The identity is the domain's, and bounces go below it."
  }

  assert {
    condition = output.dns_records == merge(
      { for number, token in ["one", "two", "three"] : "dkim-${number + 1}" => { name = "${token}._domainkey.shop.example", type = "CNAME", value = "${token}.dkim.amazonses.com" } },
      {
        dmarc         = { name = "_dmarc.shop.example", type = "TXT", value = "v=DMARC1; p=none" }
        mail-from     = { name = "bounce.shop.example", type = "MX", value = "10 feedback-smtp.eu-central-1.amazonses.com" }
        mail-from-spf = { name = "bounce.shop.example", type = "TXT", value = "v=spf1 include:amazonses.com ~all" }
      },
    )
    error_message = "All that the DNS needs is told."
  }

  assert {
    condition     = strcontains(aws_iam_role_policy.function["send-message"].policy, "arn:aws:ses:eu-central-1:111122223333:identity/shop.example")
    error_message = "send-message may send from it."
  }
}

run "an_identity_that_exists_is_left_alone" {
  command = plan

  assert {
    condition     = length(aws_sesv2_email_identity.sender) == 0 && length(output.dns_records) == 0
    error_message = "Nothing is made and nothing to be written."
  }

  assert {
    condition     = length(aws_cloudcontrolapi_resource.tenant) == 0 && !strcontains(aws_iam_role_policy.function["send-message"].policy, "ses:TenantName")
    error_message = "Nor are there tenants."
  }
}

run "each_store_has_a_reputation_of_its_own" {
  command = plan

  variables {
    ses_tenants = ["shop", "outlet"]
    tags        = { team = "mail" }
  }

  assert {
    condition = { for store, tenant in aws_cloudcontrolapi_resource.tenant : store => jsondecode(tenant.desired_state) } == {
      for store in ["shop", "outlet"] : store => {
        TenantName = "winback-${store}"
        ResourceAssociations = [
          { ResourceArn = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example" },
          { ResourceArn = "arn:aws:ses:eu-central-1:111122223333:configuration-set/winback" },
        ]
        Tags = [{ Key = "team", Value = "mail" }]
      }
    }
    error_message = "A tenant per store, with the sender and the configuration set."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.function["send-message"].policy).Statement : statement.Condition if statement.Action == ["ses:SendEmail"]
    ] == [{ StringEquals = { "ses:TenantName" = ["winback-outlet", "winback-shop"] } }]
    error_message = "send-message sends as one of them or not at all."
  }

  assert {
    condition     = aws_lambda_function.worker["send-message"].environment[0].variables.WINBACK_TENANT_PREFIX == "winback-" && output.tenants == { shop = "winback-shop", outlet = "winback-outlet" }
    error_message = "send-message knows how they are called."
  }
}
