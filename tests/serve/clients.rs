//! Clients: slow ones, many, and ones that go away.

use std::io::Read;
use std::net::Shutdown;
use std::time::Duration;

use crate::client::{Server, bytes};

#[test]
fn a_slow_client_gets_its_answer() {
    let server = Server::start();
    server.write("file", bytes(3 << 20));
    let mut client = server.connect();
    for byte in b"GET /file HTTP/1.1\r\nHost: test\r\n\r\n" {
        client.send([*byte]);
        std::thread::sleep(Duration::from_millis(2));
    }
    // It begins to read late. Meanwhile others are served.
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(server.get("/").status, 200);
    assert!(client.response(true).body == bytes(3 << 20));
}

#[test]
fn a_client_that_sends_half_a_request() {
    let server = Server::start_with(&["--timeout", "1"]);
    let mut half = server.connect();
    half.send("GET / HTTP/1.1\r\nHo");
    assert_eq!(half.response(true).status, 408);
    assert!(half.rest().is_empty());
    // One that sends nothing is not answered.
    assert!(server.connect().rest().is_empty());
    let mut closed = server.connect();
    closed.send("GET / HTTP/1.1\r\nHo");
    closed.0.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(closed.response(true).status, 400);
}

#[test]
fn a_client_that_stalls_is_given_up() {
    let server = Server::start_with(&["--timeout", "1", "--connections", "1"]);
    server.write_hole("file", 64 << 20);
    let mut client = server.connect();
    client.ask("GET", "/file", &[]);
    client.head();
    // There is room for one connection, which the first one holds until it is given up.
    assert_eq!(server.get("/").status, 200);
    drop(client);
}

#[test]
fn clients_that_hang_up() {
    let server = Server::start_with(&["--verbose", "--connections", "4"]);
    let content = bytes(32 << 20);
    server.write("file", &content);
    for _ in 0..20 {
        let mut client = server.connect();
        client.ask("GET", "/file", &[]);
        client.head();
        client.0.read_exact(&mut [0; 1000]).unwrap();
    }
    assert!(server.get("/file").body == content);
    let log = server.stop();
    assert!(log.contains("broken off"), "{log}");
    assert!(!log.contains("panicked"), "{log}");
}

#[test]
fn sixty_four_connections() {
    let server = Server::start();
    for number in 0..8 {
        server.write(number.to_string(), bytes(1 << (10 + number)));
    }
    std::thread::scope(|scope| {
        for client in 0..64 {
            let server = &server;
            scope.spawn(move || {
                let mut connection = server.connect();
                for round in 0..20 {
                    let number = (client + round) % 8;
                    connection.ask("GET", &format!("/{number}"), &[]);
                    assert!(connection.response(true).body == bytes(1 << (10 + number)));
                }
            });
        }
    });
}
