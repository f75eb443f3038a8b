//! A fresh database for one case, with a workspace.

use std::ops::Deref;
use std::sync::Arc;

use intercom_store::{Store, Workspace, WorkspaceProfile};
use intercom_throwaway::Throwaway;

pub(crate) const NOW: i64 = 1_766_000_000;

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workspace: Workspace,
    throwaway: Throwaway,
}

impl Deref for Database {
    type Target = Throwaway;

    fn deref(&self) -> &Throwaway {
        &self.throwaway
    }
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        Self::open(Throwaway::sqlite()).await
    }

    pub(crate) async fn postgres(server: &str, case: &str) -> Self {
        Self::open(Throwaway::postgres(server, case).await).await
    }

    async fn open(throwaway: Throwaway) -> Self {
        let store = intercom_store::open(&throwaway.url).await.expect("the database opens");
        let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
        let workspace = store.ensure_workspace(&profile, NOW).await.expect("it is kept");
        Self { store, workspace, throwaway }
    }
}
