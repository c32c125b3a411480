//! Tokens that people have for scripts, in memory.

use issuant::protocol::context::Timestamp;
use issuant::protocol::error::StoreError;
use issuant::protocol::personal_token::PersonalToken;
use issuant::protocol::store::PersonalTokens;

use super::MemoryStore;

impl PersonalTokens for MemoryStore {
    fn add_personal_token(
        &mut self,
        token: &PersonalToken,
        _key_id: &str,
    ) -> Result<(), StoreError> {
        self.personal_tokens.insert(token.id.clone(), token.clone());
        Ok(())
    }

    fn personal_token(&mut self, id: &str) -> Result<Option<PersonalToken>, StoreError> {
        Ok(self.personal_tokens.get(id).cloned())
    }

    fn personal_tokens_of(&mut self, subject: &str) -> Result<Vec<PersonalToken>, StoreError> {
        let all = self.personal_tokens.values();
        let mut tokens: Vec<_> = all.filter(|it| it.subject == subject).cloned().collect();
        tokens.sort_by_key(|token| std::cmp::Reverse(token.created_at));
        Ok(tokens)
    }

    fn revoke_personal_token(&mut self, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let token = self.personal_tokens.get_mut(id);
        let living = token.filter(|token| token.revoked_at.is_none());
        Ok(living.map(|token| token.revoked_at = Some(now)).is_some())
    }
}
