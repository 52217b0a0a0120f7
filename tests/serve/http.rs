//! HTTP: methods, connections that stay open, and bad requests.

use crate::client::{Server, bytes};

#[test]
fn a_head_alone() {
    let server = Server::start();
    server.write("file", bytes(5000));
    let mut client = server.connect();
    for target in ["/file", "/", "/missing", "/file"] {
        client.ask("HEAD", target, &["Range: bytes=0-9"]);
        let head = client.response(false);
        let whole = server.get(target);
        assert_eq!(head.status, whole.status);
        for name in ["Content-Length", "Content-Type", "ETag", "Last-Modified"] {
            assert_eq!(head.header(name), whole.header(name), "{name} of {target}");
        }
    }
}

#[test]
fn many_requests_on_one_connection() {
    let server = Server::start();
    let mut client = server.connect();
    for round in 0..50 {
        let content = bytes(round * 977);
        server.write("file", &content);
        client.ask("GET", "/file", &[]);
        assert!(client.response(true).body == content);
        client.ask("GET", "/missing", &[]);
        assert_eq!(client.response(true).status, 404);
    }
    client.ask("GET", "/file", &["Connection: close"]);
    assert_eq!(client.response(true).header("Connection"), Some("close"));
    assert!(client.rest().is_empty());
}

#[test]
fn requests_ahead_of_the_responses() {
    let server = Server::start();
    let mut requests = String::new();
    for number in 0..100 {
        server.write(number.to_string(), bytes(number * 501));
        requests += &format!("GET /{number} HTTP/1.1\r\nHost: test\r\n\r\n");
    }
    let mut client = server.connect();
    client.send(requests);
    for number in 0..100 {
        assert!(
            client.response(true).body == bytes(number * 501),
            "{number}"
        );
    }
}

#[test]
fn http_1_0() {
    let server = Server::start();
    server.write("file", "text");
    let mut client = server.connect();
    client.send("GET /file HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(
        client.response(true).header("Connection"),
        Some("keep-alive")
    );
    client.send("GET /file HTTP/1.0\r\n\r\n");
    assert_eq!(client.response(true).text(), "text");
    assert!(client.rest().is_empty());
}

#[test]
fn bad_requests() {
    let server = Server::start();
    for request in [
        "nonsense\r\n\r\n",
        "GET / HTTP/2.5\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET file HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost test\r\n\r\n",
        "\0\0\0\0",
    ] {
        let mut client = server.connect();
        client.send(request);
        let response = client.response(true);
        assert_eq!(response.status, 400, "{request:?}");
        assert!(response.text().contains("Bad Request"));
    }
    let mut client = server.connect();
    client.send(format!("GET /{} HTTP/1.1\r\n", "x".repeat(40_000)));
    assert_eq!(client.response(true).status, 431);
    let mut client = server.connect();
    client.ask("GET", "/", &["A: b"; 200]);
    assert_eq!(client.response(true).status, 431);
    let response = server.get(&format!("/{}", "x".repeat(5000)));
    assert_eq!(response.status, 404);
}

#[test]
fn methods_that_are_not_served() {
    let server = Server::start();
    server.write("file", "text");
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"] {
        let mut client = server.connect();
        client.ask(method, "/file", &[]);
        let response = client.response(true);
        assert_eq!(response.status, 405, "{method}");
        assert_eq!(response.header("Allow"), Some("GET, HEAD"));
    }
    // The body is not taken for a request, and the response arrives although it is not read.
    let body = "GET /file HTTP/1.1\r\nHost: test\r\n\r\n".repeat(2000);
    for header in [
        &format!("Content-Length: {}", body.len()),
        "Transfer-Encoding: chunked",
    ] {
        let mut client = server.connect();
        client.ask("POST", "/file", &[header]);
        client.send(&body);
        assert_eq!(client.response(true).status, 405);
        assert!(client.rest().is_empty());
    }
}
