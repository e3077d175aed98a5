//! What a shop's owner pastes where, platform by platform.

use winback_domain::webhook::{Platform, bigcommerce, shopify, stripe, woocommerce};

/// The steps in a platform's admin. `secret`: what signs, or where it stands; nothing where the platform has yet to make it.
pub fn steps(platform: Platform, url: &str, secret: Option<&str>) -> String {
    let known = secret.unwrap_or("none yet: it is made in the step above");
    match platform {
        Platform::Own => format!("Then into the shop's settings for webhooks:\n  URL     {url}\n  secret  {known}\n"),
        Platform::Shopify => format!(
            "Then in Shopify:\n\
             \x20 1. dev dashboard > Create app; scopes read_orders, read_customers, and write_discounts where the\n\
             \x20    shop honours our codes; install it in the shop.\n\
             \x20 2. The app's client secret is what signs: winback store add … --platform shopify --secret-file FILE.\n\
             \x20 3. Subscribe these topics (shopify.app.toml, [[webhooks.subscriptions]]), all to the URL:\n\
             \x20    {}\n\
             \x20    and as compliance_topics: {}\n\
             \x20 URL     {url}\n  secret  {known}\n\
             Use an app of its own for every shop: its secret is all that tells them apart.\n",
            shopify::TOPICS.join(", "),
            shopify::COMPLIANCE.join(", ")
        ),
        Platform::WooCommerce => format!(
            "Then in WordPress: WooCommerce > Settings > Advanced > Webhooks > Add webhook, once for each topic:\n\
             \x20 {}\n\
             \x20 Status        Active\n\
             \x20 Delivery URL  {url}\n\
             \x20 Secret        {known}\n\
             \x20 API version   WP REST API Integration v3\n\
             Never leave Secret empty: WooCommerce then signs with what anybody can compute. A webhook that failed five\n\
             times in a row is switched off there: look at its status after an outage.\n",
            woocommerce::TOPICS.map(as_woocommerce_writes_it).join(", ")
        ),
        Platform::BigCommerce => format!(
            "Then in BigCommerce:\n\
             \x20 1. Developer Portal > Create an app, of its own for this shop; OAuth scopes Orders read-only, Customers\n\
             \x20    read-only, Information & settings read-only; install it in the shop.\n\
             \x20 2. The app's client secret is what signs: winback store add … --platform bigcommerce --secret-file FILE.\n\
             \x20 3. A webhook says no more than which order changed; Winback asks for the order itself. So give it the\n\
             \x20    access token of that installation: winback store access … --file FILE, with the line\n\
             \x20    bigcommerce STORE_HASH ACCESS_TOKEN\n\
             \x20 4. Webhooks are made by the API, with the same token, once for each scope:\n\
             \x20    POST https://api.bigcommerce.com/stores/STORE_HASH/v3/hooks\n\
             \x20    {{\"scope\": \"SCOPE\", \"destination\": \"{url}\", \"is_active\": true}}\n\
             \x20    SCOPE: {}\n\
             \x20 URL     {url}\n  secret  {known}\n\
             BigCommerce switches a webhook off after 48 hours without an answer, and after 90 days without an event.\n",
            bigcommerce::SCOPES.join(", ")
        ),
        Platform::Stripe => format!(
            "Then in Stripe: Workbench > Webhooks > Add destination, your account, these events:\n\
             \x20 {}\n\
             \x20 Endpoint URL    {url}\n\
             \x20 Signing secret  {known}\n\
             Stripe shows the signing secret (whsec_…) once the destination is there: put it into a file, and\n\
             winback store add … --platform stripe --secret-file FILE. Live mode alone counts; test events are left out.\n",
            stripe::TOPICS.join(", ")
        ),
    }
}

/// A topic as WooCommerce's admin offers it.
fn as_woocommerce_writes_it(topic: &str) -> String {
    let mut words = topic.replace('.', " ");
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_says_where_the_address_and_the_secret_go() {
        for platform in Platform::ALL {
            let said = steps(platform, "https://shop.example/webhooks/books", Some("hush"));
            assert!(said.contains("https://shop.example/webhooks/books") && said.contains("hush"), "{said}");
            assert!(steps(platform, "https://shop.example/webhooks/books", None).contains("none yet"));
        }
    }

    #[test]
    fn every_topic_that_says_anything_is_pasted() {
        let pasted = |platform| steps(platform, "https://shop.example/webhooks/books", None);
        let shopify = pasted(Platform::Shopify);
        assert!(shopify::TOPICS.iter().chain(&shopify::COMPLIANCE).all(|topic| shopify.contains(topic)), "{shopify}");
        for scope in ["read_orders", "read_customers", "write_discounts"] {
            assert!(shopify.contains(scope), "{scope}: {shopify}");
        }
        let bigcommerce = pasted(Platform::BigCommerce);
        assert!(bigcommerce::SCOPES.iter().all(|scope| bigcommerce.contains(scope)), "{bigcommerce}");
        let stripe = pasted(Platform::Stripe);
        assert!(stripe::TOPICS.iter().all(|topic| stripe.contains(topic)), "{stripe}");
        let woocommerce = pasted(Platform::WooCommerce);
        let labels = woocommerce::TOPICS.map(as_woocommerce_writes_it);
        assert!(labels.iter().all(|label| woocommerce.contains(label)), "{woocommerce}");
        assert_eq!((labels[0].as_str(), labels[4].as_str()), ("Order created", "Customer created"));
    }
}
