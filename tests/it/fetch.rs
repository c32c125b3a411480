//! Requests that this server makes itself: whom it asks, and how much it takes from them.

use std::time::{Duration, Instant};

use issuant::fetch::{Authorities, Errand, FetchError, Fetcher, Reach};

use crate::support::op::run;
use crate::support::stub::{Certificates, Stub, write_answer};

const LIMIT: usize = 65_536;

/// Trusts the authority and reaches what is listed.
fn fetcher(certificates: &Certificates, allowed: &[&str]) -> Fetcher {
    let reach = Reach {
        allowed: allowed.iter().map(|it| it.parse().unwrap()).collect(),
        loopback: false,
    };
    let authorities = Authorities::parse(certificates.authority_pem.as_bytes()).unwrap();
    Fetcher::new(reach, authorities)
}

/// As a server at `http://localhost` has it.
fn local() -> Fetcher {
    let reach = Reach {
        allowed: Vec::new(),
        loopback: true,
    };
    Fetcher::new(reach, Authorities::default())
}

#[test]
fn asks_a_listed_address_whose_certificate_is_of_the_extra_authority() {
    let certificates = Certificates::new();
    let stub = Stub::answering(Some(&certificates), "200 OK", r#"{"keys":[]}"#);
    run(async {
        let fetcher = fetcher(&certificates, &["127.0.0.0/8"]);
        let document = fetcher
            .get(Errand::Document, &stub.https("/jwks"), LIMIT)
            .await;
        assert_eq!(document.unwrap(), br#"{"keys":[]}"#);
        let literal = format!("https://127.0.0.1:{}/jwks", stub.port);
        assert!(fetcher.get(Errand::Document, &literal, LIMIT).await.is_ok());
    });
    let requests = stub.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[0].starts_with("GET /jwks HTTP/1.1\r\n"));
    let head = requests[0].to_ascii_lowercase();
    assert!(!head.contains("cookie") && !head.contains("referer"));
}

#[test]
fn a_certificate_of_nobody_known_is_not_trusted() {
    let (theirs, ours) = (Certificates::new(), Certificates::new());
    let stub = Stub::answering(Some(&theirs), "200 OK", "");
    run(async {
        let (fetcher, address) = (fetcher(&ours, &["127.0.0.1/32"]), stub.https("/"));
        let answer = fetcher.get(Errand::Document, &address, LIMIT).await;
        assert_eq!(answer, Err(FetchError::Unreachable));
    });
    assert_eq!(stub.requests(), [""; 0]);
}

#[test]
fn an_address_that_is_not_public_is_not_even_connected_to() {
    let certificates = Certificates::new();
    let stub = Stub::answering(Some(&certificates), "200 OK", "");
    run(async {
        let fetcher = fetcher(&certificates, &["10.0.0.0/8", "::ffff:127.0.0.2/128"]);
        for host in [
            "localhost",
            "127.0.0.1",
            "[::1]",
            "0x7f.1",
            "2130706433",
            "[::ffff:127.0.0.1]",
        ] {
            for address in [
                format!("https://{host}:{}/", stub.port),
                format!("https://{host}/"),
                format!("http://{host}:{}/", stub.port),
            ] {
                let answer = fetcher.get(Errand::Document, &address, LIMIT).await;
                assert_eq!(answer, Err(FetchError::Forbidden), "{address}");
                let answer = fetcher.post_form(&address, &[("a", "b")], LIMIT).await;
                assert_eq!(answer, Err(FetchError::Forbidden), "{address}");
            }
        }
    });
    assert_eq!(stub.requests(), [""; 0]);
}

#[test]
fn addresses_of_other_kinds_are_refused_before_anything_is_looked_up() {
    let fetcher = Fetcher::new(Reach::default(), Authorities::default());
    for address in [
        "",
        "/jwks",
        "http://app.example/jwks",
        "ftp://app.example/jwks",
        "file:///etc/passwd",
        "gopher://app.example/",
        "data:application/json,{}",
        "https://user@app.example/jwks",
        "https://user:secret@app.example/jwks",
        "https://good.example@127.0.0.1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://0/",
        "https://0177.0.0.1/",
    ] {
        assert!(!fetcher.may_fetch(address), "{address}");
    }
    assert!(fetcher.may_fetch("https://app.example/jwks"));
    assert!(fetcher.may_fetch("https://app.example:443/jwks"));
}

#[test]
fn another_port_is_only_for_what_is_listed() {
    run(async {
        let fetcher = Fetcher::new(Reach::default(), Authorities::default());
        let answer = fetcher
            .get(Errand::Document, "https://1.1.1.1:8443/", LIMIT)
            .await;
        assert_eq!(answer, Err(FetchError::Forbidden));
    });
}

#[test]
fn a_server_at_localhost_may_ask_its_own_machine_without_tls_and_nobody_else() {
    let stub = Stub::answering(None, "200 OK", "here");
    run(async {
        assert_eq!(
            local()
                .get(Errand::Document, &stub.http("/"), LIMIT)
                .await
                .unwrap(),
            b"here"
        );
        let answer = local()
            .get(Errand::Document, "http://10.0.0.1/", LIMIT)
            .await;
        assert_eq!(answer, Err(FetchError::Forbidden));
    });
}

#[test]
fn a_form_is_sent_encoded() {
    let stub = Stub::answering(None, "204 No Content", "");
    run(async {
        let fields = [("logout_token", "a.b.c"), ("more", "ä &=")];
        let (fetcher, address) = (local(), stub.http("/out?a=b#c"));
        let answer = fetcher.post_form(&address, &fields, LIMIT).await;
        assert_eq!(answer.unwrap(), b"");
    });
    let request = &stub.requests()[0];
    assert!(
        request.starts_with("POST /out?a=b HTTP/1.1\r\n"),
        "{request}"
    );
    let form = "logout_token=a.b.c&more=%C3%A4+%26%3D";
    assert!(request.ends_with(&format!("\r\n\r\n{form}")), "{request}");
    assert!(request.contains("content-type: application/x-www-form-urlencoded\r\n"));
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Stub::answering(None, "200 OK", "secret");
    let location = target.http("/");
    let stub = Stub::start(None, move |_, to| {
        let head = format!("302 Found\r\nlocation: {location}");
        _ = write_answer(to, &head, "");
    });
    run(async {
        let answer = local().get(Errand::Document, &stub.http("/"), LIMIT).await;
        assert_eq!(answer, Err(FetchError::Status(302)));
    });
    assert_eq!(target.requests(), [""; 0]);
}

#[test]
fn a_status_that_is_no_success_is_told() {
    let stub = Stub::answering(None, "404 Not Found", "{}");
    run(async {
        let answer = local().get(Errand::Document, &stub.http("/"), LIMIT).await;
        assert_eq!(answer, Err(FetchError::Status(404)));
    });
}

#[test]
fn an_endless_body_is_cut() {
    let stub = Stub::start(None, |_, to| {
        if to.write_all(b"HTTP/1.1 200 OK\r\n\r\n").is_ok() {
            while to.write_all(&[b' '; 4096]).is_ok() {}
        }
    });
    let announced = Stub::start(None, |_, to| {
        _ = to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n");
    });
    let exact = Stub::answering(None, "200 OK", "0123456789");
    run(async {
        for stub in [&stub, &announced] {
            let answer = local().get(Errand::Document, &stub.http("/"), LIMIT).await;
            assert_eq!(answer, Err(FetchError::TooLong));
        }
        assert!(
            local()
                .get(Errand::Document, &exact.http("/"), 10)
                .await
                .is_ok()
        );
        let answer = local().get(Errand::Document, &exact.http("/"), 9).await;
        assert_eq!(answer, Err(FetchError::TooLong));
    });
}

#[test]
fn a_slow_body_is_given_up() {
    let stub = Stub::start(None, |_, to| {
        _ = to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
        while to.write_all(b" ").and_then(|()| to.flush()).is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    run(async {
        let began = Instant::now();
        let answer = local().get(Errand::Document, &stub.http("/"), LIMIT).await;
        assert_eq!(answer, Err(FetchError::Slow));
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(4), "{took:?}");
        assert!(took < Duration::from_secs(15), "{took:?}");
    });
}

#[test]
fn what_breaks_off_or_is_not_there_is_told_alike() {
    let broken = Stub::start(None, |_, to| {
        _ = to.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc");
    });
    let nonsense = Stub::start(None, |_, to| _ = to.write_all(b"SSH-2.0-OpenSSH\r\n"));
    let closed = crate::support::server_process::free_port();
    run(async {
        for address in [
            broken.http("/"),
            nonsense.http("/"),
            format!("http://127.0.0.1:{closed}/"),
        ] {
            let answer = local().get(Errand::Document, &address, LIMIT).await;
            assert_eq!(answer, Err(FetchError::Unreachable), "{address}");
        }
    });
}

#[test]
fn a_file_without_certificates_is_refused() {
    for pem in [
        "",
        "nothing",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        assert!(Authorities::parse(pem.as_bytes()).is_err(), "{pem}");
    }
}
