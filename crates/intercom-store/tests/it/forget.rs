//! Where a person is found, so that nothing is left of them.

use intercom_store::{Personal, Stream};

use crate::customers::paying;
use crate::database::{Database, NOW};
use crate::mirror::record;

impl Database {
    async fn personal(&self, who: &str) -> Personal {
        self.store.personal(&self.workspace, who).await.unwrap()
    }
}

pub(crate) async fn a_person_is_found_in_bodies_that_nobody_has_projected(on: &Database) {
    let ada = br#"{"id":"c1","role":"user","email":"Ada@X.example"}"#;
    let ben = br#"{"id":"c2","role":"user","email":"ben@x.example"}"#;
    on.commit(Stream::Contacts, vec![record("c1", NOW, ada), record("c2", NOW, ben)]).await;
    let with_ada = br#"{"id":"v1","contacts":{"contacts":[{"id":"c1"}]}}"#;
    let with_ben = br#"{"id":"v2","contacts":{"contacts":[{"id":"c2"}]}}"#;
    let conversations = vec![record("v1", NOW, with_ada), record("v2", NOW, with_ben)];
    on.commit(Stream::Conversations, conversations).await;

    for who in ["c1", "ada@x.example", "Ada@X.example"] {
        let found = on.personal(who).await;
        assert_eq!(
            (found.contact_ids, found.conversation_ids),
            (vec!["c1".into()], vec!["v1".into()])
        );
    }
    // What stands elsewhere in a body names nobody.
    for who in ["nobody@x.example", "user"] {
        assert!(on.personal(who).await.contact_ids.is_empty(), "{who}");
    }

    let who = on.personal("c1").await;
    on.store.forget(&on.workspace, &who, &[], NOW).await.unwrap();
    let left = on.store.ids(&on.workspace, Stream::Conversations, "", 9).await.unwrap();
    assert_eq!(left, ["v2"]);
}

pub(crate) async fn a_person_is_found_under_every_address_of_before(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, br#"{"id":"c1"}"#)]).await;
    on.write("old@x.example", Some(paying(29_900))).await;
    on.write("old@x.example", None).await;
    on.write("ada@x.example", Some(paying(29_900))).await;

    let mut who = on.personal("c1").await;
    who.emails.sort();
    assert_eq!(who.emails, ["ada@x.example", "old@x.example"]);
    on.store.forget(&on.workspace, &who, &[], NOW).await.unwrap();
    for email in ["ada@x.example", "old@x.example"] {
        let history = on.store.customer_history(&on.workspace, email).await.unwrap();
        assert!(history.is_empty(), "{email}: {history:?}");
    }
    assert!(on.store.customers_after(&on.workspace, "", 9).await.unwrap().is_empty());
}

pub(crate) async fn a_forgotten_person_leaves_no_row_with_capitals(on: &Database) {
    on.execute(
        "INSERT INTO unified_customers (workspace_id, email, name) \
         SELECT workspace_id, 'Ada@X.example', 'Ada' FROM workspaces",
    )
    .await;
    on.commit(Stream::Contacts, vec![record("c1", NOW, br#"{"id":"c1"}"#)]).await;
    on.write("ada@x.example", Some(paying(29_900))).await;
    let who = on.personal("c1").await;
    on.store.forget(&on.workspace, &who, &[], NOW).await.unwrap();
    assert!(on.texts("SELECT email FROM unified_customers").await.is_empty());
}
