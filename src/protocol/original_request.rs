//! What a proxy says of the request that it asks about (forward-auth): where it goes, and the token in its address.
//!
//! A token in an address ends up in logs and histories (RFC 9700 §4.3.2), so only routes that the operator named take one
//! (RFC 6750 §2.3), for programs that can send it no other way.

use crate::protocol::bearer::BearerRefused;
use crate::protocol::params::Params;
use crate::protocol::tokens::access_token::Audiences;

/// A request as its client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OriginalRequest<'a> {
    path: &'a str,
    query: &'a str,
}

impl<'a> OriginalRequest<'a> {
    /// Reads the address, without scheme and host. One whose path could mean another one once it is normalised is `None`: who
    /// asks for `/open/../closed` must not have it looked at as something below `/open`.
    pub fn read(address: &'a str) -> Option<Self> {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let is_plain = path.starts_with('/')
            && !path.contains("//")
            && !path.contains(['\\', ';'])
            && !hides_a_separator(path)
            && !path.split('/').any(|segment| matches!(segment, "." | ".."));
        is_plain.then_some(Self { path, query })
    }

    /// Whether it goes to that place or below, segment by segment.
    fn is_below(&self, place: &str) -> bool {
        let rest = self.path.strip_prefix('/').unwrap_or(self.path);
        let place = place.trim_matches('/');
        rest.strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || place.is_empty())
    }

    /// Whether an audience that is a path (as in `nxfile`) covers it: one text, never a list.
    pub fn is_within_audience(&self, audience: &Audiences) -> bool {
        match audience {
            Audiences::One(place) => !place.trim_matches('/').is_empty() && self.is_below(place),
            Audiences::Many(_) => false,
        }
    }

    /// The token in the address, where the route takes one.
    pub fn token(&self, routes: &[String]) -> Result<Option<String>, BearerRefused> {
        if self.query.is_empty() || !routes.iter().any(|route| self.is_below(route)) {
            return Ok(None);
        }
        let params = Params::parse(self.query.as_bytes());
        let params = params.map_err(|_| BearerRefused::TwoWays)?;
        Ok(params.find("access_token").map(str::to_owned))
    }
}

/// Whether an escape stands for a dot, a slash, a backslash, a percent sign or nothing at all.
fn hides_a_separator(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    ["%2e", "%2f", "%5c", "%25", "%00", "%3b"]
        .into_iter()
        .any(|escape| path.contains(escape))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(address: &str, place: &str) -> Option<bool> {
        OriginalRequest::read(address).map(|original| original.is_below(place))
    }

    #[test]
    fn places_are_compared_by_segments() {
        for place in ["nxfile", "/nxfile", "/nxfile/"] {
            for (address, expected) in [
                ("/nxfile", true),
                ("/nxfile/", true),
                ("/nxfile/a?x=/..", true),
                ("/nxfile/a%20b", true),
                ("/nxfileX/a", false),
                ("/api/nxfile", false),
                ("/", false),
            ] {
                assert_eq!(below(address, place), Some(expected), "{address} {place}");
            }
        }
    }

    #[test]
    fn a_path_that_could_mean_another_one_is_not_looked_at() {
        for address in [
            "/nxfile/../api",
            "/nxfile/./a",
            "/nxfile//a",
            "/nxfile/%2e%2e/api",
            "/nxfile/..%2fapi",
            "/nxfile\\..\\api",
            "/nxfile/..;/api",
            "nxfile",
            "http://a/nxfile",
            "",
        ] {
            assert_eq!(below(address, "nxfile"), None, "{address}");
        }
    }

    #[test]
    fn the_token_is_taken_from_routes_that_were_named_alone() {
        let routes = ["/wopi".to_owned()];
        let token = |address| OriginalRequest::read(address).unwrap().token(&routes);
        let found = Ok(Some("a.b.c".to_owned()));
        assert_eq!(token("/wopi/files/1?access_token=a.b.c&x=1"), found);
        assert_eq!(token("/wopi/files/1?x=1"), Ok(None));
        assert_eq!(token("/other?access_token=a.b.c"), Ok(None));
        let twice = token("/wopi?access_token=a&access_token=b");
        assert_eq!(twice, Err(BearerRefused::TwoWays));
    }

    #[test]
    fn an_audience_that_is_a_path_is_one_text() {
        let covers = |audience: Audiences| {
            let original = OriginalRequest::read("/nxfile/a").unwrap();
            original.is_within_audience(&audience)
        };
        assert!(covers(Audiences::One("nxfile".to_owned())));
        assert!(!covers(Audiences::Many(vec!["nxfile".to_owned()])));
        assert!(!covers(Audiences::One(String::new())));
        assert!(!covers(Audiences::One("/".to_owned())));
    }
}
