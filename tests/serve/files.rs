//! Files: contents, types, ranges, and what the client has already.

use std::fs::{self, File, FileTimes};
use std::time::{Duration, UNIX_EPOCH};

use crate::client::{Server, bytes};

#[test]
fn files_of_every_size() {
    let server = Server::start();
    for len in [
        0,
        1,
        1000,
        65_536,
        131_071,
        131_072,
        131_073,
        1 << 20,
        (8 << 20) + 5,
    ] {
        server.write("file.txt", bytes(len));
        let response = server.get("/file.txt");
        assert_eq!(response.status, 200);
        assert_eq!(
            response.header("Content-Type"),
            Some("text/plain; charset=utf-8")
        );
        assert_eq!(response.header("Accept-Ranges"), Some("bytes"));
        assert!(
            response.body == fs::read(server.path("file.txt")).unwrap(),
            "{len} bytes"
        );
    }
}

#[test]
fn content_types() {
    let server = Server::start();
    for (name, content_type) in [
        ("page.html", "text/html; charset=utf-8"),
        ("PHOTO.JPG", "image/jpeg"),
        ("code.js", "text/javascript; charset=utf-8"),
        ("archive.tar.gz", "application/gzip"),
        ("none", "application/octet-stream"),
        (".css", "application/octet-stream"),
        ("a.unknown", "application/octet-stream"),
    ] {
        server.write(name, "x");
        let response = server.get(&format!("/{name}"));
        assert_eq!(
            response.header("Content-Type"),
            Some(content_type),
            "{name}"
        );
        assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"));
    }
}

#[test]
fn ranges() {
    let server = Server::start();
    let content = bytes(1000);
    server.write("file", &content);
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 999),
        ("bytes=10-19", 10, 19),
        ("bytes=999-", 999, 999),
        ("bytes=990-5000", 990, 999),
        ("bytes=5-99999999999999999999999999", 5, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-300", 700, 999),
        ("bytes=-5000", 0, 999),
        ("Bytes=3-4", 3, 4),
    ] {
        let response = server.get_with("/file", &[&format!("Range: {range}")]);
        assert_eq!(response.status, 206, "{range}");
        let expected = format!("bytes {first}-{last}/1000");
        assert_eq!(
            response.header("Content-Range"),
            Some(&expected[..]),
            "{range}"
        );
        assert!(response.body == content[first..=last], "{range}");
    }
    for range in [
        "bytes=1000-",
        "bytes=2000-3000",
        "bytes=-0",
        "bytes=99999999999999999999-",
    ] {
        let response = server.get_with("/file", &[&format!("Range: {range}")]);
        assert_eq!(response.status, 416, "{range}");
        assert_eq!(
            response.header("Content-Range"),
            Some("bytes */1000"),
            "{range}"
        );
    }
    for range in [
        "bytes=5-3",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=+1-2",
        "lines=1-2",
        "bytes=0-1,4-5",
        "0-1",
    ] {
        let response = server.get_with("/file", &[&format!("Range: {range}")]);
        assert_eq!(response.status, 200, "{range}");
        assert!(response.body == content, "{range}");
    }
    server.write("empty", "");
    for range in ["bytes=0-", "bytes=-1"] {
        let response = server.get_with("/empty", &[&format!("Range: {range}")]);
        assert_eq!((response.status, response.body.len()), (200, 0), "{range}");
    }
}

#[test]
fn a_range_of_the_version_that_the_client_has() {
    let server = Server::start();
    server.write("file", bytes(1000));
    let whole = server.get("/file");
    let (etag, date) = (
        whole.header("ETag").unwrap(),
        whole.header("Last-Modified").unwrap(),
    );
    let status = |version: &str| {
        let headers = ["Range: bytes=500-", &format!("If-Range: {version}")];
        server.get_with("/file", &headers).status
    };
    assert_eq!(status(etag), 206);
    assert_eq!(status(date), 206);
    assert_eq!(status("\"other\""), 200);
    assert_eq!(status(&format!("W/{etag}")), 200);
    assert_eq!(status("Sun, 06 Nov 1994 08:49:37 GMT"), 200);
    server.write("file", bytes(1001));
    assert_eq!(status(etag), 200);
}

#[test]
fn what_the_client_has_is_not_sent() {
    let server = Server::start();
    server.write("file", "some text");
    let modified = UNIX_EPOCH + Duration::from_millis(1_000_000_000_500);
    let times = FileTimes::new().set_modified(modified);
    File::options()
        .write(true)
        .open(server.path("file"))
        .unwrap()
        .set_times(times)
        .unwrap();
    let whole = server.get("/file");
    let etag = whole.header("ETag").unwrap();
    assert_eq!(
        whole.header("Last-Modified"),
        Some("Sun, 09 Sep 2001 01:46:40 GMT")
    );
    for (header, status) in [
        (format!("If-None-Match: {etag}"), 304),
        (format!("If-None-Match: \"other\", W/{etag}"), 304),
        ("If-None-Match: *".to_owned(), 304),
        ("If-None-Match: \"other\"".to_owned(), 200),
        (
            "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT".to_owned(),
            304,
        ),
        (
            "If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT".to_owned(),
            200,
        ),
        ("If-Modified-Since: yesterday".to_owned(), 200),
    ] {
        let mut client = server.connect();
        for method in ["GET", "HEAD"] {
            client.ask(method, "/file", &[&header]);
            let response = client.response(method == "GET");
            assert_eq!(response.status, status, "{method} {header}");
            assert_eq!(response.header("ETag"), Some(etag));
        }
    }
    // The tag goes before the date.
    let date = "If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT";
    assert_eq!(
        server
            .get_with("/file", &[date, "If-None-Match: \"other\""])
            .status,
        200
    );
    // A file with the same size and time, but another one.
    fs::copy(server.path("file"), server.path("new")).unwrap();
    File::options()
        .write(true)
        .open(server.path("new"))
        .unwrap()
        .set_times(times)
        .unwrap();
    fs::rename(server.path("new"), server.path("file")).unwrap();
    assert_eq!(
        server
            .get_with("/file", &[&format!("If-None-Match: {etag}")])
            .status,
        200
    );
}

#[test]
fn times_that_http_cannot_express() {
    // Other filesystems do not have the year 10,000.
    let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    let server = Server::start_in(dir.unwrap(), &[]);
    server.write("file", "text");
    for (sign, seconds) in [(-1, 5_000_000_000), (-1, 1), (1, 300_000_000_000)] {
        let distance = Duration::from_secs(seconds);
        let time = if sign < 0 {
            UNIX_EPOCH - distance
        } else {
            UNIX_EPOCH + distance
        };
        let file = File::options()
            .write(true)
            .open(server.path("file"))
            .unwrap();
        let set = file.set_times(FileTimes::new().set_modified(time));
        if set.is_err() || file.metadata().unwrap().modified().unwrap() != time {
            println!("skipped: the filesystem does not have the time {time:?}");
            continue;
        }
        let response = server.get("/file");
        assert_eq!(response.text(), "text");
        assert_eq!(response.header("Last-Modified"), None);
        assert_eq!(server.get("/").status, 200);
    }
}

#[test]
fn a_file_that_becomes_shorter() {
    let server = Server::start();
    server.write_hole("file", 64 << 20);
    let mut client = server.connect();
    client.ask("GET", "/file", &[]);
    let len = client.head().header("Content-Length").unwrap().to_owned();
    assert_eq!(len, (64 << 20).to_string());
    let file = File::options()
        .write(true)
        .open(server.path("file"))
        .unwrap();
    file.set_len(1000).unwrap();
    // What is missing is not made up: the connection ends early.
    assert!(client.rest().len() < 64 << 20);
    assert_eq!(server.get("/file").body.len(), 1000);
}
