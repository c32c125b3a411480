//! What surrounds every page, and the two small things that many pages show.

/// What surrounds every page: title, header, footer and the files it needs.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The name that people know this server by, as "Example ID".
    pub server_name: String,
    /// The page's own part of the title, as "Sign in". The template adds client and server.
    pub page_title: String,
    /// Path of the stylesheet, with its digest.
    pub stylesheet: String,
    /// Path of the script, with its digest. Every page works without it.
    pub script: String,
    /// Path of the icon, with its digest.
    pub icon: String,
    /// Whether each page warns that this server is only for trying out.
    pub development: bool,
    /// What a person quotes when asking for help.
    pub request_id: Option<String>,
    /// Where the operator gives help; in the same place on each page (WCAG 2.2, 3.2.6).
    pub help_url: Option<String>,
}

/// The application on whose behalf a page is shown. Its own words, so never trusted.
#[derive(Debug, Clone)]
pub struct ClientCard {
    pub name: String,
    /// The host that the application's registered address belongs to.
    pub host: Option<String>,
    /// The address of its picture.
    pub logo: Option<String>,
    /// What it tells about itself, elsewhere.
    pub links: Vec<Link>,
    /// Whether it registered itself, so that nobody here knows who made it.
    pub is_stranger: bool,
}

/// A way out of a page.
#[derive(Debug, Clone)]
pub struct Link {
    pub label: String,
    pub url: String,
}
