//! The spelling of paths on Windows.

#[cfg(windows)]
use std::path::{Path, PathBuf};

/// The maximum length of a path that every program accepts, including the final NUL.
const MAX_PATH: usize = 260;

/// Returns the path with each existing name in the case that it has in its directory, and without `\\?\` if the
/// meaning stays the same.
#[cfg(windows)]
pub(super) fn spelled(path: &Path) -> PathBuf {
    for above in path.ancestors() {
        if let Ok(found) = std::fs::canonicalize(above) {
            let plain = found.to_str().and_then(plain).map(PathBuf::from);
            let mut spelled = plain.unwrap_or(found);
            // Not `join`, which would add a trailing separator if the whole path exists.
            spelled.extend(path.strip_prefix(above).unwrap_or(Path::new("")));
            return spelled;
        }
    }
    path.to_path_buf()
}

/// Removes a leading `\\?\`, or returns `None` if the meaning would change: after `\\?\`, every name is literal.
fn plain(verbatim: &str) -> Option<String> {
    let path = verbatim.strip_prefix(r"\\?\")?;
    let (plain, names) = match path.strip_prefix(r"UNC\") {
        Some(names) => (format!(r"\\{names}"), names),
        None => (path.to_owned(), after_drive(path)?),
    };
    let is_short = plain.encode_utf16().count() < MAX_PATH;
    let means_the_same = names.is_empty() || names.split('\\').all(is_plain_name);
    (is_short && means_the_same).then_some(plain)
}

/// Returns the part after `C:\`.
fn after_drive(path: &str) -> Option<&str> {
    let names = path.strip_prefix(|c: char| c.is_ascii_alphabetic())?;
    names.strip_prefix(r":\")
}

/// Returns `true` if Windows takes the name literally, and not as that of a device.
fn is_plain_name(name: &str) -> bool {
    let is_plain = |c: char| c >= ' ' && !r#"<>:"/|?*"#.contains(c);
    !name.is_empty()
        && !name.ends_with(['.', ' '])
        && name.chars().all(is_plain)
        && !is_device(name)
}

/// Returns `true` if the name is that of a device, with any extension.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    let stem = stem.trim_end_matches(' ').to_ascii_uppercase();
    let port = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    let is_port = |number: &str| number.chars().count() == 1 && "0123456789¹²³".contains(number);
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&&*stem) || port.is_some_and(is_port)
}

#[cfg(test)]
mod tests {
    use super::{MAX_PATH, plain};

    #[test]
    fn a_prefix_goes_where_nothing_changes_its_meaning() {
        for (verbatim, expected) in [
            (r"\\?\C:\", r"C:\"),
            (r"\\?\C:\Users\Ada", r"C:\Users\Ada"),
            (r"\\?\d:\a.b\c d\é.txt", r"d:\a.b\c d\é.txt"),
            (r"\\?\UNC\server\share\a", r"\\server\share\a"),
            (r"\\?\C:\console\com10\nullify", r"C:\console\com10\nullify"),
        ] {
            assert_eq!(plain(verbatim).as_deref(), Some(expected), "{verbatim}");
        }
    }

    #[test]
    fn a_prefix_stays_where_it_says_something() {
        for verbatim in [
            r"C:\Users",
            r"\\server\share",
            r"\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\a",
            r"\\?\C:",
            r"\\?\C:\a.",
            r"\\?\C:\a \b",
            r"\\?\C:\..\b",
            r"\\?\C:\a\\b",
            r"\\?\C:\a/b",
            r"\\?\C:\a:b",
            r"\\?\C:\nul",
            r"\\?\C:\Con.txt\b",
            r"\\?\C:\lpt¹ .x",
            r"\\?\UNC\server\share\aux",
        ] {
            assert_eq!(plain(verbatim), None, "{verbatim}");
        }
        let name = "a".repeat(MAX_PATH - r"C:\".len() - 1);
        assert!(plain(&format!(r"\\?\C:\{name}")).is_some());
        assert!(plain(&format!(r"\\?\C:\{name}a")).is_none());
    }
}
