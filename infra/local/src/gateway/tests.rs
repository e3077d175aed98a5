use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_domain::webhook::{LARGEST, Wiring, standard};

use super::*;
use crate::clock::Turned;
use crate::life::Nobody;
use crate::place::Setup;
use crate::post::post;

fn folder() -> Folder {
    let mut folder = Folder::from([
        ("shop.yaml".to_owned(), include_str!("../../../../shared/programs/shop/shop.yaml").to_owned()),
        ("program.yaml".to_owned(), include_str!("../../../../shared/programs/shop/program.yaml").to_owned()),
    ]);
    for mail in ["we-miss-you", "last-day", "what-is-new", "one-more-gift"] {
        for (name, text) in [
            ("subject.txt", "Hello"),
            ("body.txt", "Hello {{ sender.postal_address }} {{ links.unsubscribe }}"),
            ("body.mjml", "<mjml><mj-body></mj-body></mjml>"),
        ] {
            folder.insert(format!("mails/{mail}/en/{name}"), text.to_owned());
        }
    }
    folder
}

#[tokio::test]
async fn a_signed_order_comes_in_by_the_door_and_is_known() {
    let now: Timestamp = "2026-05-05T07:00:00Z".parse().unwrap();
    let place = Place::in_memory(Turned::at(now)).unwrap();
    let store = StoreId::try_from("books".to_owned()).unwrap();
    place.set_up(&store, &folder(), Setup { state: State::Live, unlimited: false }).await.unwrap();
    let secret = Wiring::parse(&place.webhook_secret(&store).await.unwrap()).unwrap();
    let life = || Life::new(place.clone(), store.clone(), Files::new(None, folder()), Box::new(Nobody));
    let nothing = |_: Hand| Router::new().fallback(|| async { http::StatusCode::NOT_FOUND });
    let gateway = Gateway::open(life(), 0, 1.0, nothing).await.unwrap();
    let knocks = gateway.life.knocks.clone();
    let url = format!("http://{}", gateway.address());
    let taken = Gateway::open(life(), gateway.address().port(), 1.0, nothing).await.unwrap_err();
    assert!(taken.to_string().ends_with("is in use by another program"), "{taken}");

    let event = br#"{"type": "order.placed", "timestamp": "2026-05-05T06:59:00Z",
        "data": {"order_id": "A-1", "email": "anna@shop.example", "total": "45.00", "currency": "EUR"}}"#;
    let headers = [
        (standard::ID, "delivery 1".to_owned()),
        (standard::TIMESTAMP, now.as_second().to_string()),
        (standard::SIGNATURE, standard::sign(&secret, "delivery 1", now, event)),
    ];
    let visit = async {
        let took = post(&format!("{url}/webhooks/books"), &headers, event.to_vec()).await.unwrap();
        let unsigned = post(&format!("{url}/webhooks/books"), &[], event.to_vec()).await.unwrap();
        let nowhere = post(&format!("{url}/elsewhere"), &[], Vec::new()).await.unwrap();
        let huge = post(&format!("{url}/webhooks/books"), &[], vec![b' '; LARGEST + 1]).await.unwrap();
        [took, unsigned, nowhere, huge].map(|answer| answer.status)
    };
    let mut turns = 0;
    let mut tell = |_: &Place| turns += 1;
    let statuses = tokio::select! {
        statuses = visit => statuses,
        ended = gateway.run(&mut tell) => panic!("{ended:?}"),
    };
    assert_eq!(statuses, [200, 401, 404, 413]);
    assert!(turns >= 4);
    let customers = place.customers(&store).await.unwrap();
    assert_eq!((customers.len(), customers[0].orders.spent), (1, 4_500));
    let became: Vec<_> = knocks.latest().into_iter().map(|knock| (knock.status, knock.became)).collect();
    assert_eq!(became.last(), Some(&(Some(200), "recorded".to_owned())));
    assert_eq!(became.len(), 3, "{became:?}");
}

#[tokio::test]
async fn nobody_at_the_other_end_is_said_so() {
    let problem = post("http://127.0.0.1:1/webhooks/books", &[], Vec::new()).await.unwrap_err();
    assert_eq!(problem.to_string(), "http://127.0.0.1:1/webhooks/books: nobody answers there");
    assert!(post("shop.example", &[], Vec::new()).await.unwrap_err().to_string().contains("begins with http"));
}
