//! Secrets, digests, keys and signed tokens. Knows nothing of OAuth.
