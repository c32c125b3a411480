//! Requests that this server makes to addresses that others named.
//!
//! The only module that opens connections over the network. Whoever registers a client may name an address here, so a
//! request is guarded against being led astray (SSRF): https alone, no redirects, no proxy of the environment, no cookies,
//! one look-up whose answer is vetted and then connected to, little time, a bounded answer, and errors that tell nothing of
//! the network behind the server.

use std::error::Error as StdError;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::dns::{Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, Response, StatusCode};
use tokio::sync::Semaphore;
use url::{Host, Url, form_urlencoded};

mod addresses;

pub use self::addresses::Reach;
use self::addresses::Zone;

/// Why there is no answer. Coarse on purpose: who may name addresses must not scan ports with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Its scheme, port, user information, or an address that is not public and not listed.
    #[error("the address is not one that this server connects to")]
    Forbidden,
    /// No connection, no TLS, or the connection broke.
    #[error("the address cannot be reached")]
    Unreachable,
    /// It took too long, or too many wait already.
    #[error("the answer took too long")]
    Slow,
    /// Redirects are such an answer too.
    #[error("the answer has the status {0}")]
    Status(u16),
    /// Longer than the caller takes.
    #[error("the answer is too long")]
    TooLong,
}

/// What is wrong with a file of certificates.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoAuthorities(String);

/// Certificate authorities that are trusted beside those of the system.
#[derive(Clone, Debug, Default)]
pub struct Authorities(Vec<Certificate>);

impl Authorities {
    /// Reads certificates in PEM; there has to be one.
    pub fn parse(pem: &[u8]) -> Result<Self, NoAuthorities> {
        let certificates = Certificate::from_pem_bundle(pem);
        let certificates = certificates.map_err(|error| NoAuthorities(chain(&error)))?;
        if certificates.is_empty() {
            let reason = "there is no certificate in PEM in it";
            return Err(NoAuthorities(reason.to_owned()));
        }
        // Whether each is a certificate shows only when they are put to use, which needs no connection.
        let built = Client::builder().tls_certs_only(certificates.iter().cloned());
        let built = built.build();
        built.map_err(|error| NoAuthorities(chain(&error)))?;
        Ok(Self(certificates))
    }
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// Keys, which somebody proves with who he is.
    Keys,
    /// Anything else that a client registered.
    Document,
}

/// Makes guarded requests.
///
/// No connection outlives its request: requests come from many threads, each with a runtime of its own, and to the same
/// server seldom.
#[derive(Debug)]
pub struct Fetcher {
    reach: Arc<Reach>,
    authorities: Authorities,
    /// Rows of their own, so that one that is slow keeps none of the others waiting.
    keys: Semaphore,
    documents: Semaphore,
    posts: Semaphore,
    public: OnceLock<Option<Client>>,
    listed: OnceLock<Option<Client>>,
    loopback: OnceLock<Option<Client>>,
}

impl Fetcher {
    /// A fetcher that reaches so far. The authorities of the system are read with the first request.
    pub fn new(reach: Reach, authorities: Authorities) -> Self {
        Self {
            reach: Arc::new(reach),
            authorities,
            keys: Semaphore::new(AT_ONCE),
            documents: Semaphore::new(AT_ONCE),
            posts: Semaphore::new(AT_ONCE),
            public: OnceLock::new(),
            listed: OnceLock::new(),
            loopback: OnceLock::new(),
        }
    }

    /// Whether requests to the address would be made; its name is not looked up.
    pub fn may_fetch(&self, address: &str) -> bool {
        let has_listed = !self.reach.allowed.is_empty() || self.reach.loopback;
        self.target(address)
            .is_ok_and(|(zone, _)| zone != Zone::Listed || has_listed)
    }

    /// The document at an address, of at most so many bytes.
    pub async fn get(
        &self,
        errand: Errand,
        address: &str,
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let row = match errand {
            Errand::Keys => &self.keys,
            Errand::Document => &self.documents,
        };
        let (zone, url) = self.target(address)?;
        let request = self.client(zone)?.get(url);
        let reading = async {
            let _running = row.acquire().await;
            answer(request, limit).await
        };
        // Whoever waits for it waits no longer than this, in whatever row.
        let answer = tokio::time::timeout(TOTAL, reading).await;
        answer.unwrap_or(Err(FetchError::Slow))
    }

    /// The same where these authorities are trusted besides.
    pub async fn get_trusting(
        &self,
        errand: Errand,
        address: &str,
        limit: usize,
        authorities: &Authorities,
    ) -> Result<Vec<u8>, FetchError> {
        if authorities.0.is_empty() {
            return self.get(errand, address, limit).await;
        }
        let mut all = self.authorities.clone();
        all.0.extend(authorities.0.iter().cloned());
        let reach = Reach::clone(&self.reach);
        // A client of its own, so that nobody else comes to trust them.
        Self::new(reach, all).get(errand, address, limit).await
    }

    /// The answer to a form, of at most so many bytes.
    pub async fn post_form(
        &self,
        address: &str,
        fields: &[(&str, &str)],
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let (zone, url) = self.target(address)?;
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = self
            .client(zone)?
            .post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        // Waiting for its turn is no fault of who is asked.
        let _running = self.posts.acquire().await;
        let answer = tokio::time::timeout(TOTAL, answer(request, limit)).await;
        answer.unwrap_or(Err(FetchError::Slow))
    }

    /// The address, read once, and which addresses may be behind it.
    fn target(&self, address: &str) -> Result<(Zone, Url), FetchError> {
        let mut url = Url::parse(address).map_err(|_| FetchError::Forbidden)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Forbidden);
        }
        url.set_fragment(None);
        let zone = match (url.scheme(), url.port()) {
            ("https", None) => Zone::Public,
            ("https", Some(_)) => Zone::Listed,
            ("http", _) if self.reach.loopback => Zone::Loopback,
            _ => return Err(FetchError::Forbidden),
        };
        // Addresses that stand in the URL are never looked up, so they are vetted here.
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(name)) if !name.is_empty() => None,
            Some(Host::Domain(_)) | None => return Err(FetchError::Forbidden),
        };
        if literal.is_some_and(|address| !self.reach.admits(zone, address)) {
            return Err(FetchError::Forbidden);
        }
        Ok((zone, url))
    }

    fn client(&self, zone: Zone) -> Result<&Client, FetchError> {
        let cell = match zone {
            Zone::Public => &self.public,
            Zone::Listed => &self.listed,
            Zone::Loopback => &self.loopback,
        };
        let client = cell.get_or_init(|| {
            self.build(zone)
                .inspect_err(|error| {
                    tracing::warn!(error = %chain(error), "no requests can be made to other servers");
                })
                .ok()
        });
        client.as_ref().ok_or(FetchError::Unreachable)
    }

    fn build(&self, zone: Zone) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .user_agent("issuant")
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(TOTAL)
            .pool_max_idle_per_host(0)
            .dns_resolver(VettedResolver {
                reach: self.reach.clone(),
                zone,
            });
        let authorities = self.authorities.0.iter().cloned();
        match zone {
            Zone::Public | Zone::Listed => builder.https_only(true).tls_certs_merge(authorities),
            Zone::Loopback => builder.tls_certs_only(authorities),
        }
        .build()
    }
}

async fn answer(request: RequestBuilder, limit: usize) -> Result<Vec<u8>, FetchError> {
    let response = request
        .header(ACCEPT, "application/json, */*;q=0.1")
        .send()
        .await
        .map_err(|error| reason(&error))?;
    if !response.status().is_success() {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    body(response, limit).await
}

async fn body(mut response: Response, limit: usize) -> Result<Vec<u8>, FetchError> {
    let is_longer = |length: usize| length > limit;
    let announced = response.content_length().map(usize::try_from);
    if announced.is_some_and(|length| length.is_ok_and(is_longer)) {
        return Err(FetchError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| reason(&error))? {
        if is_longer(body.len() + chunk.len()) {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn reason(error: &reqwest::Error) -> FetchError {
    let mut cause = Some(error as &(dyn StdError + 'static));
    while let Some(error) = cause {
        if error.is::<NoAddress>() {
            return FetchError::Forbidden;
        }
        cause = error.source();
    }
    if error.is_timeout() {
        FetchError::Slow
    } else {
        FetchError::Unreachable
    }
}

fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Looks a name up once and hands on only addresses that may be connected to, so that a name that changes its mind gains
/// nothing.
struct VettedResolver {
    reach: Arc<Reach>,
    zone: Zone,
}

/// A name with nothing behind it that may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("no address that may be connected to")]
struct NoAddress;

impl Resolve for VettedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, zone) = (self.reach.clone(), self.zone);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let vetted: Vec<SocketAddr> = found
                .filter(|address| reach.admits(zone, address.ip()))
                .collect();
            if vetted.is_empty() {
                return Err(NoAddress.into());
            }
            Ok(Box::new(vetted.into_iter()) as reqwest::dns::Addrs)
        })
    }
}

/// Requests of the demo application to this server itself, whose address nobody else names.
#[derive(Debug, Default)]
pub struct Itself(OnceLock<Client>);

/// What this server answered itself.
#[derive(Debug)]
pub struct OwnAnswer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

/// This server could not be reached at its own address.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ItselfError(#[from] reqwest::Error);

impl Itself {
    /// Sends a request.
    pub async fn send<R>(&self, request: R) -> Result<OwnAnswer, ItselfError>
    where
        reqwest::Request: TryFrom<R, Error = reqwest::Error>,
    {
        let http = if let Some(http) = self.0.get() {
            http
        } else {
            let built = Client::builder().no_proxy().tls_certs_only([]).build()?;
            self.0.get_or_init(|| built)
        };
        let answer = http.execute(request.try_into()?).await?;
        Ok(OwnAnswer {
            status: answer.status(),
            headers: answer.headers().clone(),
            body: answer.bytes().await?.to_vec(),
        })
    }
}

/// From the first packet to a connection with TLS.
const CONNECT: Duration = Duration::from_secs(2);

/// From the wait for a turn to the last byte.
const TOTAL: Duration = Duration::from_secs(5);

/// Requests of the whole server.
const AT_ONCE: usize = 50;
