//! What to do about an error, where somebody can do something.

use intercom_store::StoreError;
use intercom_sync::SyncError;

/// What to do about an error or the first of its causes that has a remedy.
pub(crate) fn remedy(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    let mut chain = std::iter::successors(Some(error), |error| error.source());
    chain.find_map(|error| {
        let of_sync = error.downcast_ref::<SyncError>().and_then(SyncError::remedy);
        of_sync.or_else(|| error.downcast_ref::<StoreError>().and_then(of_store))
    })
}

fn of_store(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::InvalidUrl { .. } => {
            "name the database as sqlite://FILE or postgres://USER@HOST/NAME, with --database or \
             in DATABASE_URL"
        }
        StoreError::NotADatabase { .. } => {
            "something else is stored there: name another file with --database or in DATABASE_URL"
        }
        StoreError::Missing { .. } => {
            "`sync run` makes one; if there is one elsewhere, name it with --database or in \
             DATABASE_URL"
        }
        StoreError::Unusable { .. } => {
            "let the program read and write the file and its folder, or name another file with \
             --database or in DATABASE_URL"
        }
        StoreError::Newer { .. } => {
            "a later version of the program has used the database: go on with that version, or \
             name another database with --database or in DATABASE_URL"
        }
        StoreError::Migration { .. } => {
            "keep a copy of the database; its tables are not as a version of this program leaves \
             them, so name another database with --database or in DATABASE_URL"
        }
        StoreError::CannotOpen { .. } => {
            "see that the server runs and lets this user in, and that the host, user and name in \
             --database or DATABASE_URL are right"
        }
        StoreError::NoRoom { .. } | StoreError::Full { .. } => {
            "make room on the disk of the database, and run again"
        }
        StoreError::ReadOnly { .. } => {
            "let the program write the file and its folder, or its user the tables; or name \
             another database with --database or in DATABASE_URL"
        }
        StoreError::Corrupt { .. } => {
            "`sync verify --repair` fetches records anew whose stored body is lost or damaged"
        }
        // The others speak for themselves.
        _ => return None,
    })
}
