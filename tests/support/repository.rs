//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The text of a file, by its path from the root.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = Path::new(ROOT).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder, by their paths from the root.
pub(crate) fn files(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(ROOT).join(&folder)).expect("a folder");
    let entries = entries.map(|entry| entry.expect("an entry"));
    entries
        .flat_map(|entry| {
            let path = folder.as_ref().join(entry.file_name());
            if entry.path().is_dir() { files(path) } else { vec![path] }
        })
        .collect()
}
