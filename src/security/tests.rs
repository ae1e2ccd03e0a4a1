//! Tokens and secrets.
use super::*;

mod access;
mod audit;

/// The database of a test's own.
async fn pool(name: &str) -> AccessPool {
    crate::store::access(&crate::testdir(name)).await.unwrap()
}

#[test]
fn the_first_start_makes_a_token_that_only_the_owner_reads_and_the_second_finds_it() {
    let dir = crate::testdir("token");
    let file = dir.join("new/admin.token");
    let made = token(&file).unwrap();
    assert_eq!(made.reveal().len(), 43, "256 bits");
    assert!(token(&file).unwrap().is(made.reveal()));
    assert_ne!(token(&dir.join("other.token")).unwrap().reveal(), made.reveal());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(token(&file), Err(Fault::Open(_))));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::write(&file, "short").unwrap();
    assert!(matches!(token(&file), Err(Fault::Short(_))));
}

#[test]
fn a_secret_is_equal_only_to_itself_and_never_printed() {
    let secret = Secret::new("correct horse");
    assert!(secret.is("correct horse"));
    for wrong in ["", "correct hors", "correct horse ", "Correct horse"] {
        assert!(!secret.is(wrong), "{wrong}");
    }
    assert!(!format!("{secret:?}").contains("horse"));
}
