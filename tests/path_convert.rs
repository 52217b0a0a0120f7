//! Conversions and comparisons, in all directions and for every type in the table.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::path::{Component, Path as StdPath, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use anyfile::Path;

const TEXT: &str = "a//b/ü .x";

fn is_text(path: &Path) {
    assert_eq!(path.as_os_str(), TEXT);
}

#[test]
fn from_every_type() {
    let std = StdPath::new(TEXT);
    macro_rules! from {
        ($($value:expr),+ $(,)?) => {
            $(
                is_text(&Path::from($value));
                let into: Path = $value.into();
                is_text(&into);
            )+
        };
    }
    from!(
        TEXT,
        String::from(TEXT),
        &String::from(TEXT),
        OsStr::new(TEXT),
        OsString::from(TEXT),
        &OsString::from(TEXT),
        std,
        PathBuf::from(TEXT),
        &PathBuf::from(TEXT),
        Box::<StdPath>::from(std),
        Rc::<StdPath>::from(std),
        Arc::<StdPath>::from(std),
        Cow::Borrowed(std),
        Cow::<StdPath>::Owned(std.into()),
        Cow::Borrowed(OsStr::new(TEXT)),
        Cow::<OsStr>::Owned(TEXT.into()),
        Cow::Borrowed(TEXT),
        Cow::<str>::Owned(TEXT.into()),
        &Path::from(TEXT),
        Path::from(TEXT),
    );
    assert_eq!(Path::from(Component::ParentDir), "..");
    assert_eq!(Path::from(Component::Normal("a".as_ref())), "a");
    is_text(&TEXT.parse::<Path>().unwrap());
    assert_eq!(Path::default().as_os_str(), "");
}

#[test]
fn new_takes_whatever_is_a_path() {
    macro_rules! new {
        ($($value:expr),+ $(,)?) => {
            $(is_text(&Path::new($value));)+
        };
    }
    new!(
        TEXT,
        String::from(TEXT),
        &String::from(TEXT),
        OsStr::new(TEXT),
        OsString::from(TEXT),
        StdPath::new(TEXT),
        PathBuf::from(TEXT),
        Cow::Borrowed(StdPath::new(TEXT)),
        Path::from(TEXT),
        &Path::from(TEXT),
    );
}

#[test]
fn into_every_type() {
    let path = Path::new(TEXT);
    let std = StdPath::new(TEXT);
    macro_rules! into {
        ($($type:ty),+) => {
            $(
                let value: $type = path.clone().into();
                assert_eq!(AsRef::<StdPath>::as_ref(&value).as_os_str(), TEXT);
            )+
        };
    }
    into!(
        PathBuf,
        OsString,
        Box<StdPath>,
        Rc<StdPath>,
        Arc<StdPath>,
        Cow<'_, StdPath>
    );
    assert_eq!(path.to_path_buf().as_os_str(), TEXT);
    // Through `AsRef<OsStr>`.
    assert_eq!(PathBuf::from(&path).as_os_str(), TEXT);
    assert_eq!(OsString::from(&path), TEXT);
    assert!(matches!(Cow::from(&path), Cow::Borrowed(borrowed) if borrowed.as_os_str() == TEXT));

    assert_eq!(AsRef::<StdPath>::as_ref(&path).as_os_str(), TEXT);
    assert_eq!(AsRef::<OsStr>::as_ref(&path), TEXT);
    assert_eq!(Borrow::<StdPath>::borrow(&path), std);
    assert_eq!(
        std::fs::metadata(&path).unwrap_err().kind(),
        std::io::ErrorKind::NotFound
    );
}

#[test]
fn clones_and_arcs_share_one_buffer() {
    let arc: Arc<StdPath> = StdPath::new(TEXT).into();
    let path = Path::from(arc.clone());
    let clone = path.clone();
    for shared in [
        path.as_std_path(),
        clone.as_std_path(),
        Path::from(&path).as_std_path(),
    ] {
        assert!(std::ptr::eq(shared, &*arc));
    }
    assert!(Arc::ptr_eq(&arc, &clone.into()));
    assert!(!std::ptr::eq(Path::new(&path).as_std_path(), &*arc));
}

/// Checks one pair of types in both directions; `ours` and `other` are the left and the right text.
fn compare<T>(left: &str, right: &str, ours: &Path, other: &T)
where
    T: PartialEq<Path> + PartialOrd<Path> + Debug + ?Sized,
    Path: PartialEq<T> + PartialOrd<T>,
{
    let (std, std_other) = (StdPath::new(left), StdPath::new(right));
    let name = std::any::type_name::<T>();
    assert_eq!(
        ours == other,
        std == std_other,
        "Path {left:?} == {name} {right:?}"
    );
    assert_eq!(
        other == ours,
        std_other == std,
        "{name} {right:?} == Path {left:?}"
    );
    let order = std.cmp(std_other);
    assert_eq!(
        ours.partial_cmp(other),
        Some(order),
        "Path {left:?} <=> {name} {right:?}"
    );
    assert_eq!(
        other.partial_cmp(ours),
        Some(order.reverse()),
        "{name} {right:?} <=> Path {left:?}"
    );
}

#[test]
fn comparisons_with_every_type() {
    let texts = [
        "", "/", "a", "a/", "./a", "a/b", "a//b", "a-b", "a/../b", "A", "ü",
    ];
    let mut seen = BTreeMap::new();
    for left in texts {
        for right in texts {
            let (ours, std) = (&Path::new(left), StdPath::new(right));
            compare::<Path>(left, right, ours, &Path::new(right));
            compare::<str>(left, right, ours, right);
            compare::<&str>(left, right, ours, &right);
            compare::<String>(left, right, ours, &right.into());
            compare::<OsStr>(left, right, ours, right.as_ref());
            compare::<&OsStr>(left, right, ours, &right.as_ref());
            compare::<OsString>(left, right, ours, &right.into());
            compare::<StdPath>(left, right, ours, std);
            compare::<&StdPath>(left, right, ours, &std);
            compare::<PathBuf>(left, right, ours, &right.into());
            compare::<Cow<'_, StdPath>>(left, right, ours, &Cow::Borrowed(std));
            compare::<Cow<'_, OsStr>>(left, right, ours, &Cow::Borrowed(std.as_os_str()));
            *seen.entry(ours.cmp(&Path::new(right))).or_insert(0) += 1;
        }
    }
    // Not vacuous: some are equal although written differently, some less, some greater.
    assert!(
        seen[&Ordering::Equal] > texts.len() && seen.len() == 3,
        "{seen:?}"
    );
}

fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn maps_answer_for_standard_paths() {
    for text in ["", "/", "a/", "a//b/./c", "../x"] {
        assert_eq!(hash(Path::new(text)), hash(StdPath::new(text)), "{text:?}");
    }
    assert_ne!(hash(Path::new("a")), hash(Path::new("b")));
    let hashed = HashMap::from([(Path::new("a/b"), 1)]);
    let sorted = BTreeMap::from([(Path::new("a/b"), 1)]);
    assert_eq!(hashed.get(StdPath::new("a//b/")), Some(&1));
    assert_eq!(sorted.get(StdPath::new("a//b/")), Some(&1));
    assert_eq!(hashed.get(&Path::new("a")), None);
}

#[test]
fn building_and_taking_apart() {
    let path: Path = ["/a", "b", "c"].into_iter().collect();
    let std: PathBuf = ["/a", "b", "c"].iter().collect();
    assert_eq!(path.as_os_str(), std.as_os_str());
    let mut longer = path.clone();
    longer.extend([Path::new("d"), Path::new("e")]);
    assert_eq!(longer, "/a/b/c/d/e");
    assert_eq!(path, "/a/b/c", "a clone has changed");
    longer.extend(["/f"]);
    assert_eq!(longer, "/f");

    assert_eq!(
        &path / "d" / String::from("e") / StdPath::new("f"),
        "/a/b/c/d/e/f"
    );
    assert_eq!(path.clone() / "/d", "/d");
    assert_eq!(&path / &Path::new("d"), "/a/b/c/d");

    let mut names = Vec::new();
    for name in &path {
        names.push(name);
    }
    assert_eq!(names[1..], ["a", "b", "c"]);
    assert_eq!(format!("{path:?}"), format!("{std:?}"));
}

#[test]
fn auto_traits() {
    fn all<T: Send + Sync + Unpin + UnwindSafe + RefUnwindSafe + Clone + Debug + 'static>() {}
    all::<Path>();
    all::<anyfile::Pattern>();
}

#[cfg(feature = "serde")]
#[test]
fn serde_as_std_does() {
    for text in ["", "/", TEXT, "a\"\\\n"] {
        let path = Path::new(text);
        let json = serde_json::to_string(&path).unwrap();
        assert_eq!(json, serde_json::to_string(StdPath::new(text)).unwrap());
        assert_eq!(
            serde_json::from_str::<Path>(&json).unwrap().as_os_str(),
            text
        );
        // Not borrowed from the input.
        assert_eq!(
            serde_json::from_reader::<_, Path>(json.as_bytes())
                .unwrap()
                .as_os_str(),
            text
        );
    }
    assert!(serde_json::from_str::<Path>("1").is_err());
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::from(OsStr::from_bytes(b"\xFF"));
        let error = serde_json::to_string(&path).unwrap_err();
        assert_eq!(
            error.to_string(),
            serde_json::to_string(path.as_std_path())
                .unwrap_err()
                .to_string()
        );
    }
}
