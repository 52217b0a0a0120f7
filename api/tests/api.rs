//! A change of the public API shows in the diff, because the snapshot must change with it; and each public function
//! is documented as the others are.
//!
//! The snapshot is that of x86-64 Linux with all features, in the words of one release of Rust. Another release
//! may choose other words, or write JSON that cannot be read here, so the tests are ignored there. With
//! `--include-ignored`, as in CI, they run with any release.

use std::path::Path;
use std::{env, fs};

use anyfile_api::{gaps, listing, rustdoc_json};
use similar::TextDiff;

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
fn the_public_api_is_that_of_the_snapshot_and_documented() {
    // A directory of its own, so that nothing else is built again because of other settings.
    let json = rustdoc_json(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("api"));
    let api = match listing(&json) {
        Ok(api) => api,
        Err(error) => {
            panic!("no public API to compare: {error}. The snapshot is that of Rust 1.95.")
        }
    };
    let gaps = gaps(&json).expect("the JSON that was just read");
    assert!(
        gaps.is_empty(),
        "the documentation lacks something:\n\n{}",
        gaps.join("\n")
    );
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
