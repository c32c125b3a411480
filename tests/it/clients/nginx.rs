//! nginx with `auth_request` in front of a small application, as docs/forward-auth.md says.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::support::needs;
use crate::support::server_process::{Installation, free_port};

const PASSWORD: &str = "copper lantern drifts north";
const PATIENCE: Duration = Duration::from_secs(30);

/// The proxy, and behind it an application that answers what it was told of the caller.
fn configuration(place: &Path, port: u16, issuer: &str) -> String {
    let (place, application) = (place.display(), free_port());
    format!(
        "daemon off;
master_process off;
pid {place}/pid;
error_log {place}/error.log;
events {{}}
http {{
    log_format plain '$request_method $uri $status';
    access_log {place}/access.log plain;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{application};
        location / {{ return 200 '$uri|$http_remote_user|$http_remote_groups'; }}
    }}
    server {{
        listen 127.0.0.1:{port};
        location = /verify {{
            internal;
            proxy_pass {issuer}/verify;
            proxy_pass_request_body off;
            proxy_set_header Content-Length '';
            proxy_set_header X-Original-URI $request_uri;
            proxy_set_header X-Forwarded-Uri '';
        }}
        location / {{
            auth_request /verify;
            auth_request_set $user $upstream_http_remote_user;
            auth_request_set $groups $upstream_http_remote_groups;
            proxy_set_header Remote-User $user;
            proxy_set_header Remote-Groups $groups;
            proxy_pass http://127.0.0.1:{application};
        }}
    }}
}}
"
    )
}

/// A running nginx and its folder.
struct Nginx {
    child: Child,
    folder: TempDir,
}

impl Nginx {
    fn start(program: &Path, port: u16, issuer: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, configuration(folder.path(), port, issuer)).unwrap();
        let mut command = Command::new(program);
        command.arg("-c").arg(&file).arg("-p").arg(folder.path());
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut nginx = Self { child, folder };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = nginx.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("error.log"));
            eprintln!("--- nginx wrote:\n{}", log.unwrap_or_default());
        }
        // Without a master there is one process, which may have ended by itself.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[tokio::test]
async fn lets_good_tokens_pass_and_logs_none() {
    let Some(program) = needs::nginx() else {
        return;
    };
    let mut installation = Installation::on_sqlite();
    let create = ["user", "create", "maya", "--role", "staff"];
    let password = ["--password-file", "-"];
    installation.run(&[&create[..], &password].concat(), PASSWORD);
    installation.run(&["key", "generate", "--algorithm", "ES256"], "");
    let keys = installation.directory().join("secrets.json");
    let secret = json!([{"kid": "a", "secret": "a".repeat(64)}]);
    std::fs::write(&keys, secret.to_string()).unwrap();
    let owner_alone = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&keys, owner_alone).unwrap();
    for (variable, value) in [
        ("ISSUANT_SHARED_SECRET_KEYS_FILE", keys.into()),
        ("ISSUANT_TRUSTED_PROXIES", "127.0.0.1".into()),
        ("ISSUANT_FORWARD_AUTH_QUERY_TOKEN_PATHS", "/wopi".into()),
        ("ISSUANT_LOG_LEVEL", "debug".into()),
    ] {
        installation.variables.push((variable, value));
    }
    let server = installation.serve();
    let port = free_port();
    let nginx = Nginx::start(&program, port, server.issuer());
    let issue = |more: &[&str]| {
        let issue = ["token", "issue", "--user", "maya"];
        let issued = installation.run(&[&issue[..], more].concat(), "");
        issued["token"].as_str().unwrap().to_owned()
    };
    let (personal, shared) = (issue(&[]), issue(&["--profile", "shared-secret"]));
    let http = reqwest::Client::new();
    let ask = async |path: &str, authorization: Option<&str>| {
        let mut request = http.get(format!("http://127.0.0.1:{port}{path}"));
        // What a caller sends under these names does not reach the application.
        request = request.header("remote-user", "root");
        request = request.header("x-forwarded-uri", "/wopi/x");
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let bearer = |token: &str| format!("Bearer {token}");
    let passed = ask("/documents", Some(&bearer(&personal))).await;
    assert_eq!(passed, (200, "/documents|maya|staff".to_owned()));
    let passed = ask("/documents", Some(&bearer(&shared))).await;
    assert_eq!(passed, (200, "/documents|maya|".to_owned()));
    assert_eq!(ask("/documents", None).await.0, 401);
    assert_eq!(ask("/documents", Some("Bearer nonsense")).await.0, 401);
    for token in [&personal, &shared] {
        let open = format!("/wopi/files/1?access_token={token}");
        assert_eq!(ask(&open, None).await.0, 200);
        let closed = format!("/documents?access_token={token}");
        assert_eq!(ask(&closed, None).await.0, 401);
        // nginx knows 401 and 403; a token in two places is 500 to the caller.
        assert_eq!(ask(&open, Some(&bearer(token))).await.0, 500);
    }
    let log = std::fs::read_to_string(nginx.folder.path().join("access.log")).unwrap();
    assert!(log.contains("GET /wopi/files/1 200"), "{log}");
    for token in [&personal, &shared] {
        assert!(!log.contains(token.as_str()));
        assert!(!server.written().contains(token.as_str()));
    }
}
