//! A database for one provider.

use sqlx::migrate::MigrateDatabase as _;
use tempfile::TempDir;

/// A file in the directory; or a database that stays, if `IDP_TEST_POSTGRES` names a server.
pub(crate) async fn new_database(directory: &TempDir) -> String {
    let Ok(server) = std::env::var("IDP_TEST_POSTGRES") else {
        return format!("sqlite:{}", directory.path().join("idp.sqlite").display());
    };
    sqlx::any::install_default_drivers();
    let name: String = directory.path().to_str().unwrap().chars().filter(char::is_ascii_alphanumeric).collect();
    let url = format!("{server}/idp_{}", name.to_lowercase());
    sqlx::Any::create_database(&url).await.unwrap();
    url
}
