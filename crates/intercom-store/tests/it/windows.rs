//! The windows of a first load.

use intercom_store::{Bookmark, LoadWindow, PageWrite, Stream};

use crate::database::{Database, NOW};
use crate::mirror::{page, record};

fn plan() -> Vec<LoadWindow> {
    let window = |position, from, until| LoadWindow { position, from, until, ..Default::default() };
    vec![window(0, None, Some(NOW - 90)), window(1, Some(NOW - 90), None)]
}

impl Database {
    async fn windows(&self, stream: Stream) -> Vec<LoadWindow> {
        self.store.load_windows(&self.workspace, stream).await.unwrap()
    }

    async fn write_page(&self, write: &PageWrite) {
        self.store.commit_page(&self.workspace, Stream::Contacts, write).await.unwrap();
    }
}

pub(crate) async fn windows_are_written_with_their_pages_and_forgotten(on: &Database) {
    assert_eq!(on.windows(Stream::Contacts).await, []);
    let earlier = LoadWindow { position: 7, ..Default::default() };
    on.write_page(&PageWrite { windows: vec![earlier], ..page(Vec::new()) }).await;
    let mut windows = plan();
    on.write_page(&PageWrite { windows: plan(), forgets_windows: true, ..page(Vec::new()) }).await;
    assert_eq!(on.windows(Stream::Contacts).await, windows);
    assert_eq!(on.windows(Stream::Conversations).await, []);

    windows[1].cursor = Some("WzE3NjZd".into());
    windows[1].last_created_at = Some(NOW - 30);
    windows[1].n_pages = 2;
    let records = vec![record("c1", NOW, b"one")];
    on.write_page(&PageWrite { windows: vec![windows[1].clone()], ..page(records) }).await;
    assert_eq!(on.windows(Stream::Contacts).await, windows);
    windows[0].completed_at = Some(NOW);
    on.write_page(&PageWrite { windows: windows.clone(), ..page(Vec::new()) }).await;
    assert_eq!(on.windows(Stream::Contacts).await, windows);

    let bookmark = Some(Bookmark { watermark: Some(NOW), ..Default::default() });
    on.write_page(&PageWrite { bookmark, forgets_windows: true, ..page(Vec::new()) }).await;
    assert_eq!(on.windows(Stream::Contacts).await, []);
}

pub(crate) async fn a_failing_page_leaves_the_windows(on: &Database) {
    on.write_page(&PageWrite { windows: plan(), ..page(Vec::new()) }).await;
    let mut further = plan();
    further[0].n_pages = 1;
    on.execute("ALTER TABLE bookmarks RENAME TO elsewhere").await;
    let write = PageWrite {
        windows: further,
        bookmark: Some(Bookmark::default()),
        ..page(vec![record("c1", NOW, b"one")])
    };
    on.store.commit_page(&on.workspace, Stream::Contacts, &write).await.unwrap_err();
    on.execute("ALTER TABLE elsewhere RENAME TO bookmarks").await;
    assert_eq!(on.windows(Stream::Contacts).await, plan());
}
