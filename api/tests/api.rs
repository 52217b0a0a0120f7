//! A change of the public API shows in the diff, because the snapshot must change with it.
//!
//! The snapshot is that of x86-64 Linux with all features, in the words of one release of Rust. Another release
//! may choose other words, or write JSON that cannot be read here, so the test is ignored there. With
//! `--include-ignored`, as in CI, it runs with any release.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyfile_api::listing;
use similar::TextDiff;

const TARGET: &str = "x86_64-unknown-linux-gnu";
const SNAPSHOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/public-api.txt");

#[rustversion::attr(
    not(stable(1.95)),
    ignore = "the snapshot is that of Rust 1.95: use `cargo +1.95.0`"
)]
#[cfg_attr(
    not(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")),
    ignore = "the snapshot is that of x86_64-unknown-linux-gnu"
)]
#[test]
fn the_public_api_is_that_of_the_snapshot() {
    let api = match listing(&rustdoc_json()) {
        Ok(api) => api,
        Err(error) => {
            panic!("no public API to compare: {error}. The snapshot is that of Rust 1.95.")
        }
    };
    if env::var_os("UPDATE_API").is_some() {
        fs::write(SNAPSHOT, api).expect("a snapshot that can be written");
        return;
    }
    let snapshot = fs::read_to_string(SNAPSHOT).expect("a snapshot");
    let diff = TextDiff::from_lines(&snapshot, &api);
    assert!(
        snapshot == api,
        "the public API has changed:\n\n{}\n\
         If that is meant, run `UPDATE_API=1 cargo test -p anyfile-api`, and commit `api/public-api.txt`.",
        diff.unified_diff()
            .context_radius(2)
            .header("api/public-api.txt", "the source")
    );
}

/// Has rustdoc describe the library, and returns the path of the JSON.
fn rustdoc_json() -> PathBuf {
    // A directory of its own, so that nothing else is built again because of other settings.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("api");
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustdoc", "--quiet", "--locked", "--package", "anyfile"])
        .args(["--lib", "--all-features", "--target", TARGET])
        .args(["-Zunstable-options", "--output-format", "json"])
        .arg("--target-dir")
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        // The options are unstable; this lets a stable release take them.
        .env("RUSTC_BOOTSTRAP", "1")
        // These could change the text.
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTDOCFLAGS")
        .status()
        .expect("cargo");
    assert!(status.success(), "rustdoc: {status}");
    target.join(TARGET).join("doc/anyfile.json")
}
