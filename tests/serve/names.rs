//! Names: pages of directories, odd names, and what must not be served.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use crate::client::{Server, encode};

#[test]
fn nothing_outside_of_the_root() {
    let server = Server::start();
    fs::create_dir(server.path("dir")).unwrap();
    server.write("dir/inside", "inside");
    for target in [
        "/../secret",
        "/dir/../../secret",
        "/%2e%2e/secret",
        "/.%2E/secret",
        "/dir/..%2f..%2fsecret",
        "/..%2fsecret",
        "/%2fetc%2fpasswd",
        "/dir%2finside",
        "/./dir/inside",
        "/%2e/dir/inside",
        "/dir/inside%2f.",
        "/dir/inside%00",
        "/%00",
        "http://test/../secret",
    ] {
        let response = server.get(target);
        assert_eq!(response.status, 400, "{target}");
        assert!(!response.text().contains("secret"));
    }
    symlink("../secret", server.path("link")).unwrap();
    symlink("..", server.path("up")).unwrap();
    symlink("/etc", server.path("etc")).unwrap();
    // A sibling of the root whose name begins as the root's.
    fs::create_dir(server.dir.path().join("root-2")).unwrap();
    fs::write(server.dir.path().join("root-2/file"), "secret").unwrap();
    symlink("../root-2", server.path("sibling")).unwrap();
    for target in [
        "/link",
        "/up/secret",
        "/up/",
        "/etc/",
        "/etc/passwd",
        "/sibling/file",
        "/up/root/dir/../x",
    ] {
        let status = server.get(target).status;
        assert!(status == 403 || status == 400, "{target}: {status}");
    }
    symlink("loop", server.path("loop")).unwrap();
    symlink("missing", server.path("dangling")).unwrap();
    for target in [
        "/loop",
        "/dangling",
        "/dir/inside/",
        "/dir/inside/x",
        "/missing",
    ] {
        assert_eq!(server.get(target).status, 404, "{target}");
    }
    // Links within the root work, also one that leads out and in again.
    symlink("dir", server.path("good")).unwrap();
    for target in [
        "/good/inside",
        "/up/root/dir/inside",
        "//dir///inside",
        "/dir/inside?query=/../",
        "http://test/dir/inside",
    ] {
        assert_eq!(server.get(target).text(), "inside", "{target}");
    }
    // The page shows what can be fetched.
    let page = server.get("/").text();
    for (name, shown) in [
        ("dir", true),
        ("good", true),
        ("link", false),
        ("etc", false),
        ("loop", false),
        ("dangling", false),
    ] {
        assert_eq!(
            page.contains(&format!("<bdi>{name}</bdi>")),
            shown,
            "{name}"
        );
    }
}

#[test]
fn names_of_all_kinds() {
    let server = Server::start();
    let names: [(&[u8], &str); 10] = [
        (b"<a> &.txt", "&lt;a&gt; &amp;.txt"),
        (b"with space", "with space"),
        (b"100%", "100%"),
        (b"%41", "%41"),
        ("grüße-日本".as_bytes(), "grüße-日本"),
        (b"two\nlines", "two&#9226;lines"),
        (b"a?b#c", "a?b#c"),
        (b"\"quoted' \\", "&quot;quoted' \\"),
        (b"javascript:x", "javascript:x"),
        (b"...", "..."),
    ];
    for (name, _) in names {
        server.write(OsStr::from_bytes(name), name);
    }
    let page = server.get("/").text();
    for (name, shown) in names {
        assert!(
            page.contains(&format!("<bdi>{shown}</bdi>")),
            "{shown}\n{page}"
        );
        assert!(
            server.get(&format!("/{}", encode(name))).body == name,
            "{shown}"
        );
    }
    // Each link of the page leads to its file.
    let links: Vec<&str> = page
        .split("class=\"file\" href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(links.len(), names.len());
    let mut bodies: Vec<Vec<u8>> = links
        .iter()
        .map(|link| server.get(&format!("/{link}")).body)
        .collect();
    let mut expected = names.map(|(name, _)| name.to_vec());
    bodies.sort();
    expected.sort();
    assert_eq!(bodies, expected);
    // Not every system takes a name that is not UTF-8.
    let raw = b"not UTF-8 \xff";
    if fs::write(server.path(OsStr::from_bytes(raw)), raw).is_ok() {
        assert!(server.get(&format!("/{}", encode(raw))).body == raw);
        assert!(server.get("/").text().contains("%FF"));
    }
}

#[test]
fn pages_of_directories() {
    let server = Server::start();
    assert!(server.get("/").text().contains("This folder is empty."));
    fs::create_dir_all(server.path("zebra & co/below")).unwrap();
    for (name, len) in [("b", 1023), ("A", 1024), ("c", 1_048_575), ("d", 5_000_000)] {
        server.write(name, vec![0; len]);
    }
    let modified = UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    File::open(server.path("b"))
        .unwrap()
        .set_times(FileTimes::new().set_modified(modified))
        .unwrap();
    let page = server.get("/");
    assert_eq!(
        page.header("Content-Type"),
        Some("text/html; charset=utf-8")
    );
    let page = page.text();
    let at = |text: &str| {
        page.find(text)
            .unwrap_or_else(|| panic!("no {text} in\n{page}"))
    };
    // Folders come first, and case does not matter.
    let order =
        ["zebra &amp; co", "A", "b", "c", "d"].map(|name| at(&format!("<bdi>{name}</bdi>")));
    assert!(order.is_sorted(), "{page}");
    for text in [
        ">1023 B<",
        ">1.0 KiB<",
        ">1.0 MiB<",
        ">4.8 MiB<",
        ">09 Sep 2001 01:46\n",
        "1 folder · 4 files · 5.8 MiB",
    ] {
        at(text);
    }
    let redirect = server.get("//zebra%20&%20co?x=y");
    assert_eq!(redirect.status, 301);
    assert_eq!(redirect.header("Location"), Some("/zebra%20%26%20co/"));
    let below = server.get("/zebra%20&%20co/below/").text();
    for text in [
        "href=\"../\"",
        "<a href=\"../../\"><bdi>Files</bdi></a>",
        "<bdi>zebra &amp; co</bdi>",
        "<title>below</title>",
    ] {
        assert!(below.contains(text), "{below}");
    }
    server.write("zebra & co/index.html", "<p>Hello");
    assert_eq!(server.get("/zebra%20&%20co/").text(), "<p>Hello");
}

#[test]
fn a_fifo_is_not_opened() {
    let server = Server::start();
    let fifo = server.path("fifo");
    let made = Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    assert_eq!(server.get("/fifo").status, 403);
    assert!(!server.get("/").text().contains("fifo"));
}

#[test]
fn a_file_that_nobody_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let server = Server::start();
    server.write("file", "text");
    fs::set_permissions(server.path("file"), fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(server.path("file")).is_ok() {
        println!("skipped: root may read everything");
        return;
    }
    assert_eq!(server.get("/file").status, 403);
}
