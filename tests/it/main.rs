//! The one integration test binary; the module list is its table of contents.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
