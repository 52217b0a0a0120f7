//! The documents for contributors say what is true: the files, programs and tests that they name exist, and imports
//! go the way that the map shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Reads a document. The package that is published has all of them.
fn document(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text in backticks, in order.
fn code(document: &str) -> impl Iterator<Item = &str> {
    document
        .lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The rows of the first table after a heading, each as its cells.
fn table<'a>(document: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let (_, section) = document.split_once(heading).expect(heading);
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory of sources") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn tests_that_are_named_exist() {
    let contributing = document("CONTRIBUTING.md");
    let guarantees = document("tests/guarantees.rs");
    let mut missing = BTreeSet::new();
    let mut checked = 0;
    for row in table(&contributing, "## Which test guards which guarantee") {
        // What follows the semicolon are packages.
        let programs = row[3].split(';').next().unwrap_or_default();
        let mut tests = guarantees.clone();
        for program in code(programs) {
            checked += 1;
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/{program}.rs"));
            match fs::read_to_string(path) {
                Ok(text) => tests += &text,
                Err(_) => _ = missing.insert(program),
            }
        }
        for test in code(row[2]) {
            checked += 1;
            if !tests.contains(&format!("fn {test}(")) {
                missing.insert(test);
            }
        }
    }
    assert!(
        missing.is_empty(),
        "CONTRIBUTING.md names what is not there: {missing:?}"
    );
    assert!(checked > 50, "only {checked} names were found");
    for test in guarantees
        .lines()
        .filter_map(|line| line.strip_prefix("fn g"))
    {
        let name = format!("g{}", test.split('(').next().unwrap_or_default());
        assert!(
            contributing.contains(&format!("`{name}`")),
            "CONTRIBUTING.md lacks {name}"
        );
    }
}

#[test]
fn files_that_are_named_exist() {
    for name in ["ARCHITECTURE.md", "CONTRIBUTING.md"] {
        let document = document(name);
        // Paths of files have a slash and an extension; those within `src` may be given without it.
        let paths = code(&document).filter(|code| code.contains('/') && code.ends_with(".rs"));
        let paths: Vec<&str> = paths.filter(|path| !path.contains('*')).collect();
        for path in &paths {
            let root = Path::new(env!("CARGO_MANIFEST_DIR"));
            let places = [
                root.join(path),
                root.join("src").join(path),
                root.join("src/file").join(path),
            ];
            assert!(
                places.iter().any(|place| place.exists()),
                "{name} names {path}"
            );
        }
        assert!(!paths.is_empty(), "no path in {name}");
    }
}

/// The code of a source file, without comments and without the tests at its end.
fn source(file: &Path) -> String {
    let text = fs::read_to_string(file).expect("a source file");
    let (code, _) = text
        .split_once("#[cfg(test)]\nmod tests {")
        .unwrap_or((&text, ""));
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.fold(String::new(), |code, line| code + line + "\n")
}

/// The names that follow a prefix such as `crate::`.
fn names_after<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = String> + 'a {
    let is_part = |c: &char| c.is_alphanumeric() || *c == '_';
    let rests = code.split(prefix).skip(1);
    rests.map(move |rest| rest.chars().take_while(is_part).collect())
}

/// What each module imports from others of the crate.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in files {
        let inner = file.strip_prefix(&root).expect("a file in it");
        let first = inner.components().next().expect("a name").as_os_str();
        let module = Path::new(first).with_extension("").display().to_string();
        let used = imports.entry(module).or_default();
        used.extend(names_after(&source(&file), "crate::"));
    }
    imports
}

#[test]
fn imports_within_file_go_down_the_map() {
    let architecture = document("ARCHITECTURE.md");
    let rows = table(&architecture, "Within `file`");
    let level = |name: &str| {
        rows.iter()
            .position(|row| code(row[0]).any(|shown| shown == name))
    };
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/file");
    let mut files = Vec::new();
    sources(&dir, &mut files);
    let mut checked = 0;
    for file in files {
        let inner = file.strip_prefix(&dir).expect("a file in it");
        let first = inner.components().next().expect("a name").as_os_str();
        let module = Path::new(first).with_extension("").display().to_string();
        let own = level(&module).unwrap_or_else(|| panic!("the map lacks `{module}`"));
        let depth = inner.components().count();
        for used in names_after(&source(&file), &"super::".repeat(depth)) {
            if let Some(level) = level(&used) {
                checked += 1;
                assert!(
                    level >= own,
                    "`file/{}` uses `{used}`, which is above it",
                    inner.display()
                );
            }
        }
    }
    assert!(checked > 20, "only {checked} imports were found");
}

#[test]
fn imports_go_down_the_map() {
    let architecture = document("ARCHITECTURE.md");
    let rows = table(&architecture, "## Modules");
    let order: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let imports = imports();
    let modules: BTreeSet<&str> = imports.keys().map(String::as_str).collect();
    assert_eq!(
        modules,
        order.iter().copied().collect(),
        "the modules of the map"
    );
    for (place, row) in rows.iter().enumerate() {
        let module = order[place];
        if ["lib", "cookbook"].contains(&module) {
            continue;
        }
        let shown: BTreeSet<&str> = code(row[2]).collect();
        let used = imports[module].iter().map(String::as_str);
        let used: BTreeSet<&str> = used
            .filter(|used| modules.contains(used) && *used != module)
            .collect();
        assert_eq!(used, shown, "what `{module}` uses, and what the map shows");
        for used in used {
            assert!(
                order[place..].contains(&used),
                "`{module}` uses `{used}`, which is above it"
            );
        }
    }
}
