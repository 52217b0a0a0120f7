//! Directories, trees, atomic writes and locks on every platform. The only witness is std: the other programs compare
//! with GNU tools and Python, and so run on Unix only.

#[path = "../common/mod.rs"]
mod common;
mod directories;
mod files;
mod locks;
mod trees;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::Dir;

/// Files that every platform can have, below the root of a tree; the directories are those above them.
const FILES: &[&str] = &[
    "x.txt",
    "a/x.txt",
    "a/b/c/x.txt",
    "a/b/c/lib.rs",
    "a/b/no extension",
    "a/.hidden/x.txt",
    "Grüße/日本.txt",
    "names/[x]",
    "names/a.b.c",
    "names/UPPER.TXT",
    "names/{a,b}~%41 -'#;",
];

/// Creates the files, an empty directory, and one of 300 files. Returns the root.
fn tree(dir: &Dir, name: &str) -> PathBuf {
    let root = dir.join(name);
    let wide = (0..300).map(|number| format!("wide/{number:03}.dat"));
    for file in FILES.iter().map(|&name| name.to_owned()).chain(wide) {
        let path = root.join(&file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, file.repeat(file.len())).unwrap();
    }
    fs::create_dir(root.join("empty")).unwrap();
    root
}

/// Returns the entries below a directory, with the contents of those that are files.
fn entries(root: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let (mut found, mut rest) = (BTreeMap::new(), vec![root.to_path_buf()]);
    while let Some(dir) = rest.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let is_dir = entry.file_type().unwrap().is_dir();
            let contents = (!is_dir).then(|| fs::read(&path).unwrap());
            found.insert(path.strip_prefix(root).unwrap().to_path_buf(), contents);
            rest.extend(is_dir.then_some(path));
        }
    }
    found
}

/// Returns a directory whose path is longer than the 260 characters that Windows allows without more ado.
fn deep(root: &Path) -> PathBuf {
    let deep = (0..40).fold(root.to_path_buf(), |path, level| {
        path.join(format!("level-{level:04}"))
    });
    fs::create_dir_all(&deep).unwrap();
    deep
}
