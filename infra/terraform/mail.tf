# What SES is told about every mail. How its news come back stands in delivery.tf, who sends in sender.tf.

resource "aws_sesv2_configuration_set" "mail" {
  configuration_set_name = var.prefix
  tags                   = var.tags

  reputation_options {
    reputation_metrics_enabled = true
  }

  # Half of the kill switch; the queue due and the schedule of find-lapsed are the other.
  sending_options {
    sending_enabled = var.sending_enabled
  }

  # SES keeps its own list as a second net under our suppression.
  suppression_options {
    suppressed_reasons = ["BOUNCE", "COMPLAINT"]
  }

  dynamic "tracking_options" {
    for_each = var.click_domain[*]

    content {
      custom_redirect_domain = tracking_options.value
      https_policy           = "REQUIRE"
    }
  }
}
