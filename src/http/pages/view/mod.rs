//! What each page shows, as plain data with its template.
//!
//! Owns the shape of the pages and the taming of text that strangers chose. Does not own where
//! the data comes from, the answer's headers, or any decision: the page handlers fill these structs.

mod account;
mod accounts;
mod consent;
mod dev_app;
mod error;
mod filters;
mod form;
mod frame;
mod hand_over;
mod home;
mod setup;
mod sign_in;
mod sign_out;
mod sign_up;
mod tokens;

pub use account::{
    AccountPage, AppLine, EventLine, PasswordPage, ProfileFields, ProfilePage, SessionLine,
};
pub use accounts::{AccountLine, AccountsPage};
pub use consent::{ConsentPage, ScopeGroup, ScopeLine};
pub use dev_app::{DevAppPage, DevAppResultPage};
pub use error::{DeveloperBlock, ErrorPage};
pub use form::{FieldError, FormError, WRONG_USER_NAME_OR_PASSWORD};
pub use frame::{ClientCard, Frame, Link};
pub use hand_over::HandOverPage;
pub use home::HomePage;
pub use setup::{SetupPage, WaitingPage};
pub use sign_in::LoginPage;
pub use sign_out::{CheckSessionPage, LogoutPage, SignedOutPage};
pub use sign_up::SignUpPage;
pub use tokens::{NewTokenPage, TokenLine, TokensPage};
