//! The JSON that rustdoc writes.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustdoc_types::{Crate, FORMAT_VERSION};

/// The platform whose API is described.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Runs rustdoc on the library, and returns the path of its JSON.
///
/// # Panics
///
/// Panics if rustdoc fails.
pub fn rustdoc_json(target: &Path) -> PathBuf {
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["rustdoc", "--quiet", "--locked", "--package", "anyfile"])
        .args(["--lib", "--all-features", "--target", TARGET])
        .args(["-Zunstable-options", "--output-format", "json"])
        .arg("--target-dir")
        .arg(target)
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

/// Reads the JSON. Its version comes first, because JSON of another format may not be read at all.
pub(crate) fn read(json: &Path) -> Result<Crate, Box<dyn Error>> {
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(json)?)?;
    let version = &value["format_version"];
    if *version != FORMAT_VERSION {
        return Err(format!(
            "this release of rustdoc writes format {version} of its JSON, \
             and the `public-api` of this package reads format {FORMAT_VERSION}"
        )
        .into());
    }
    Ok(serde_json::from_value(value)?)
}
