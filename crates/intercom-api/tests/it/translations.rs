//! Content in several languages, and ids of objects that are both read and sent.

use intercom_api::articles::{Article, ArticleContent, UpdateArticle};
use intercom_api::{AdminId, ApiVersion, ArticleId, Operation, Translations};
use serde_json::{Value, from_value, json, to_value};

#[test]
fn languages_without_content_are_left_out() {
    let body = json!({"translated_content": {"type": "article_translated_content",
        "fr": {"title": "titre"}, "pt-BR": null}});
    let article: Article = from_value(body).expect("an article");
    let contents = article.translated_content.expect("translations");
    assert_eq!(contents.kind.as_deref(), Some("article_translated_content"));
    assert_eq!(contents.by_locale.keys().collect::<Vec<_>>(), ["fr"]);
    assert_eq!(format!("{contents:?}"), "{\"fr\"}");
    assert_eq!(to_value(&contents).expect("json")["fr"]["title"], "titre");
}

fn sent(content: ArticleContent) -> Value {
    let update = UpdateArticle {
        translated_content: Some(Translations::from_iter([("fr", content)])),
        ..UpdateArticle::new(ArticleId::new("7").expect("an id"))
    };
    let request = update.request(ApiVersion::V2_16).expect("a request");
    let body: Value = serde_json::from_slice(&request.body.expect("a body")).expect("json");
    body["translated_content"]["fr"]["author_id"].clone()
}

#[test]
fn an_id_is_sent_as_a_number_or_as_it_was_read() {
    let author_id = AdminId::new("42").ok();
    assert_eq!(sent(ArticleContent { author_id, ..ArticleContent::default() }), json!(42));
    for author_id in [json!(42), json!("42")] {
        let read: ArticleContent = from_value(json!({"author_id": author_id})).expect("a content");
        assert_eq!(sent(read), author_id);
    }
}
