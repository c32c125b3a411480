//! Apache with `mod_auth_openidc`, as many protect an application with it: sign-in, sign-out there, and sign-out here,
//! of which Apache hears by itself. It also protects an API, whose tokens it asks about here, or checks by itself.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use issuant::crypto::algorithm::Algorithm;
use issuant::crypto::signing_key::SigningKey;
use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::needs;
use crate::support::op::{basic, encode};
use crate::support::person::{Page, Person};
use crate::support::server_process::{Installation, free_port};
use crate::support::stub::Certificates;

const PASSWORD: &str = "copper lantern drifts north";
const AUDIENCE: &str = "https://api.example.com";
const PATIENCE: Duration = Duration::from_secs(30);

/// Everything that does not depend on how the client authenticates.
const CONFIGURATION: &str = "
ServerName 127.0.0.1
DefaultRuntimeDir .
PidFile pid
ErrorLog error.log
# The words of no user and no group; without root they change nothing.
User #65534
Group #65534
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule auth_openidc_module /usr/lib/apache2/modules/mod_auth_openidc.so
OIDCCryptoPassphrase only-for-this-test
OIDCClientID apache
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCScope \"openid profile email\"
OIDCRemoteUserClaim preferred_username
<Location /app>
AuthType openid-connect
Require valid-user
Header set remote-user expr=%{REMOTE_USER}
Header set remote-email expr=%{HTTP:OIDC_CLAIM_email}
</Location>
<Location /api.txt>
AuthType oauth20
Require claim scope:read
Header set remote-user expr=%{REMOTE_USER}
</Location>
OIDCOAuthTokenIntrospectionInterval -1
";

/// A running Apache and its folder.
struct Apache {
    child: Child,
    folder: TempDir,
    port: u16,
}

impl Apache {
    fn start(program: &Path, port: u16, folder: TempDir, configuration: &str) -> Self {
        // When Apache is started by root, its workers are nobody, and must read these.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let documents = folder.path().join("documents");
        std::fs::create_dir_all(documents.join("app")).unwrap();
        std::fs::write(documents.join("app/index.txt"), "inside").unwrap();
        std::fs::write(documents.join("bye.txt"), "bye").unwrap();
        std::fs::write(documents.join("api.txt"), "data").unwrap();
        let file = folder.path().join("apache.conf");
        let place = folder.path().display();
        let text = format!(
            "ServerRoot {place}\nDocumentRoot {place}/documents\nListen 127.0.0.1:{port}\n\
             OIDCRedirectURI http://127.0.0.1:{port}/app/callback\n{CONFIGURATION}{configuration}"
        );
        std::fs::write(&file, text).unwrap();
        let mut command = Command::new(program);
        command.args(["-D", "FOREGROUND", "-f"]).arg(&file);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let mut apache = Self {
            child,
            folder,
            port,
        };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = apache.child.try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
        apache
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("error.log"));
            eprintln!("--- Apache wrote:\n{}", log.unwrap_or_default());
        }
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // Asked this way it ends its workers first; killed, it would leave them behind.
        let id = self.child.id().to_string();
        let _gone = Command::new("kill").args(["-TERM", &id]).status();
        let _gone = self.child.wait();
    }
}

/// An installation with Maya and with Apache as a client, and what Apache needs to know of itself.
fn furnish(method: &str, port: u16, folder: &Path) -> (Installation, String) {
    let installation = Installation::on_sqlite();
    let at = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let mut metadata = json!({
        "backchannel_logout_uri": at("/app/callback?logout=backchannel"),
        // Its assertions name the token endpoint, as before RFC 10070.
        "legacy_assertion_audience": true,
    });
    let key = (method == "private_key_jwt").then(|| new_key(folder));
    if let Some(key) = &key {
        metadata["jwks"] = json!({"keys": [key.public_jwk()]});
    }
    let (callback, bye, metadata) = (at("/app/callback"), at("/bye.txt"), metadata.to_string());
    let create = ["client", "create", "apache", "--auth-method", method];
    let places = [
        "--redirect-uri",
        &callback,
        "--post-logout-redirect-uri",
        &bye,
    ];
    let more = ["--metadata", &metadata];
    let secret = key.is_none().then_some("--show-secret");
    let made = installation.run(
        &[&create[..], &places, &more, secret.as_slice()].concat(),
        "",
    );
    let maya = ["user", "create", "maya", "--email", "maya@example.com"];
    let password = ["--password-file", "-"];
    installation.run(&[&maya[..], &password].concat(), PASSWORD);
    let own = match key {
        Some(key) => format!(
            "OIDCPublicKeyFiles {kid}#{place}/certificate.pem\nOIDCPrivateKeyFiles {kid}#{place}/key.pem\n",
            kid = key.kid(),
            place = folder.display(),
        ),
        None => format!(
            "OIDCClientSecret {}\n",
            made["client_secret"].as_str().unwrap()
        ),
    };
    // The key first: without one the module does not know the method.
    let configuration = format!(
        "{own}OIDCProviderTokenEndpointAuth {method}\n\
         OIDCProviderMetadataURL {}/.well-known/openid-configuration\n",
        installation.issuer()
    );
    (installation, configuration)
}

/// Writes a key for the module, which wants a certificate of it too, and answers it as the server sees it.
fn new_key(folder: &Path) -> SigningKey {
    let pair = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
    let certificate = CertificateParams::default().self_signed(&pair).unwrap();
    std::fs::write(folder.join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), pair.serialize_pem()).unwrap();
    SigningKey::from_pkcs8(Algorithm::Rs256, &pair.serialize_der()).unwrap()
}

async fn signs_in_and_out(method: &str) {
    let Some(program) = needs::apache() else {
        return;
    };
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let (installation, configuration) = furnish(method, port, folder.path());
    let server = installation.serve();
    let issuer = server.issuer();
    let apache = Apache::start(&program, port, folder, &configuration);
    let inside = apache.at("/app/index.txt");
    let is_inside = |page: &Page| {
        assert_eq!(
            (page.status, page.address.as_str()),
            (200, &*inside),
            "{page:?}"
        );
        assert_eq!(page.headers["remote-user"], "maya");
        assert_eq!(page.headers["remote-email"], "maya@example.com");
        assert_eq!(page.html, "inside");
    };

    let mut maya = Person::new("maya", PASSWORD);
    is_inside(&maya.browse(&inside, issuer).await);
    is_inside(&maya.look(&inside).await);

    // Out at the application, and so at the server (RP-Initiated Logout).
    let leave = apache.at(&format!(
        "/app/callback?logout={}",
        encoded(&apache.at("/bye.txt"))
    ));
    let out = maya.browse(&leave, issuer).await;
    assert_eq!(
        (out.address.as_str(), &*out.html),
        (&*apache.at("/bye.txt"), "bye")
    );
    let account = maya.look(&server.at("/account")).await;
    assert_eq!(account.next.unwrap().path(), "/login");
    assert_eq!(maya.look(&inside).await.status, 302);

    // Out at the server, and so at the application (Back-Channel Logout).
    is_inside(&maya.browse(&inside, issuer).await);
    installation.run(&["user", "set", "maya", "--disable"], "");
    let began = Instant::now();
    while maya.look(&inside).await.status == 200 {
        assert!(began.elapsed() < PATIENCE, "Apache did not hear of it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = installation.run(&["logout", "list"], "");
    assert_eq!(told["logouts"][0]["client_id"], "apache", "{told}");
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn with_a_secret() {
    signs_in_and_out("client_secret_basic").await;
}

#[tokio::test]
async fn with_a_key() {
    signs_in_and_out("private_key_jwt").await;
}

/// What Apache lets through, which asks https addresses alone. The last answer is to a token that was revoked.
async fn protects_an_api(how: impl Fn(&Installation) -> String) -> Option<u16> {
    let program = needs::apache()?;
    let certificates = Certificates::new();
    let installation = Installation::on_sqlite().with_tls(&certificates);
    let service = [
        "client",
        "create",
        "service",
        "--grant",
        "client_credentials",
    ];
    let rest = [
        "--scope",
        "read write",
        "--audience",
        AUDIENCE,
        "--show-secret",
    ];
    let made = installation.run(&[&service[..], &rest].concat(), "");
    let secret = made["client_secret"].as_str().unwrap();
    let how = how(&installation);
    let server = installation.serve();
    let issuer = server.issuer();
    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("authority.crt");
    std::fs::write(&trusted, &certificates.authority_pem).unwrap();
    let configuration = format!(
        "OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration\n\
         OIDCCABundlePath {}\n{how}",
        trusted.display(),
    );
    let apache = Apache::start(&program, free_port(), folder, &configuration);

    let authority = reqwest::Certificate::from_pem(certificates.authority_pem.as_bytes());
    let http = reqwest::Client::builder().tls_certs_only([authority.unwrap()]);
    let http = http.timeout(PATIENCE).build().unwrap();
    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = http
            .post(server.at(path))
            .header("authorization", basic("service", secret))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(encode(form)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    let token = async |scope: &str| {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let told: Value = serde_json::from_str(&post("/token", &form).await).unwrap();
        told["access_token"].as_str().unwrap().to_owned()
    };
    let ask = async |token: &str| {
        let request = http.get(apache.at("/api.txt"));
        let request = request.header("authorization", format!("Bearer {token}"));
        request.send().await.unwrap()
    };
    let (right, other) = (token("read").await, token("write").await);
    let answer = ask(&right).await;
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["remote-user"]),
        (200, &"service".parse().unwrap())
    );
    assert_eq!(answer.text().await.unwrap(), "data");
    assert_ne!(ask(&other).await.status(), 200);
    let (rest, signature) = right.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    assert_eq!(ask(&format!("{rest}.{turned}")).await.status(), 401);
    assert_eq!(ask("nonsense").await.status(), 401);
    post("/revoke", &[("token", &right)]).await;
    Some(ask(&right).await.status().as_u16())
}

#[tokio::test]
async fn an_api_asks_about_tokens() {
    let how = |installation: &Installation| {
        let create = ["client", "create", "api", "--grant", "client_credentials"];
        let rest = ["--audience", AUDIENCE, "--show-secret"];
        let made = installation.run(&[&create[..], &rest].concat(), "");
        let secret = made["client_secret"].as_str().unwrap();
        let issuer = installation.issuer();
        format!(
            "OIDCOAuthIntrospectionEndpoint {issuer}/introspect\n\
             OIDCOAuthClientID api\nOIDCOAuthClientSecret {secret}\n"
        )
    };
    let afterwards = protects_an_api(how).await;
    assert!(
        afterwards.is_none_or(|status| status == 401),
        "{afterwards:?}"
    );
}

/// Who does not ask learns of a revocation when the token expires.
#[tokio::test]
async fn an_api_checks_tokens_by_itself() {
    let how = |installation: &Installation| {
        format!(
            "OIDCOAuthVerifyJwksUri {}/jwks.json\n",
            installation.issuer()
        )
    };
    let afterwards = protects_an_api(how).await;
    assert!(
        afterwards.is_none_or(|status| status == 200),
        "{afterwards:?}"
    );
}
