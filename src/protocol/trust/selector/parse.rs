//! How selectors are written.
//!
//! ```text
//! any     = all *( "or" all )
//! all     = not *( "and" not )
//! not     = "not" not / "(" any ")" / test
//! test    = attribute ( "==" / "!=" / [ "not" ] ( "contains" / "matches" ) ) text
//!         / text [ "not" ] "in" attribute
//!         / attribute "is" [ "not" ] "empty"
//! text    = bare word / DQUOTE text DQUOTE / backtick text backtick
//! ```
//!
//! Everything has a bound: the text, the depth of parentheses and of `not`, the number of tests, the size of a pattern. What
//! stands where a text is asked for is text, also where it looks like an attribute.

use std::str::FromStr;

use regex::{Regex, RegexBuilder};

use crate::protocol::trust::selector::{Attribute, Expression, Selector, Test};

/// Why a text is no selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// In bytes.
    #[error("it is longer than 4096 bytes")]
    TooLong,
    /// Of parentheses and `not`.
    #[error("it is nested deeper than 32 levels")]
    TooDeep,
    /// Comparisons.
    #[error("it has more than 128 comparisons")]
    TooMany,
    /// A quoted text that never ends, or a character that begins nothing.
    #[error("a quoted text does not end, or a character does not belong there")]
    Token,
    /// The words stand in an order that means nothing.
    #[error(
        "it is not put together right, as in: value.team == \"web\" and \"ops\" in list.groups"
    )]
    Order,
    /// Neither `value.NAME` nor `list.NAME`.
    #[error("an attribute is written value.NAME or list.NAME")]
    Attribute,
    /// `==`, `!=` and `matches` are for values.
    #[error("a list takes in, not in, contains, is empty and is not empty")]
    ListOperator,
    /// Not a regular expression, or one that is too large.
    #[error("a pattern is no regular expression, or is too large")]
    Pattern,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.len() > LONGEST {
            return Err(SelectorError::TooLong);
        }
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Self(None));
        }
        let mut parser = Parser {
            tokens: &tokens,
            tests: 0,
        };
        let expression = parser.any(0)?;
        if parser.tokens.is_empty() {
            Ok(Self(Some(expression)))
        } else {
            Err(SelectorError::Order)
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// Not quoted: a word of the language, an attribute or a text.
    Word(String),
    Quoted(String),
    Open,
    Close,
    Equal,
    NotEqual,
}

fn tokens(text: &str) -> Result<Vec<Token>, SelectorError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = if rest.starts_with("==") {
            (Token::Equal, 2)
        } else if rest.starts_with("!=") {
            (Token::NotEqual, 2)
        } else {
            match first {
                '(' => (Token::Open, 1),
                ')' => (Token::Close, 1),
                '"' => quoted(rest)?,
                '`' => raw(rest)?,
                _ => word(rest)?,
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// With the escapes `\"`, `\\`, `\n` and `\t`. Any other backslash stands for itself, so that patterns can be written.
fn quoted(text: &str) -> Result<(Token, usize), SelectorError> {
    let mut content = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Ok((Token::Quoted(content), at + 1)),
            '\\' => {
                let escaped = match characters.peek().map(|(_, it)| *it) {
                    Some('n') => Some('\n'),
                    Some('t') => Some('\t'),
                    Some(same @ ('"' | '\\')) => Some(same),
                    Some(_) | None => None,
                };
                if escaped.is_some() {
                    characters.next();
                }
                content.push(escaped.unwrap_or('\\'));
            }
            _ => content.push(character),
        }
    }
    Err(SelectorError::Token)
}

fn raw(text: &str) -> Result<(Token, usize), SelectorError> {
    let content = text.get(1..).unwrap_or_default();
    let (content, _) = content.split_once('`').ok_or(SelectorError::Token)?;
    Ok((Token::Quoted(content.to_owned()), content.len() + 2))
}

/// A bare word. `value["NAME"]` is one too: names with other characters are written so.
fn word(text: &str) -> Result<(Token, usize), SelectorError> {
    let is_part = |it: char| it.is_alphanumeric() || "_./:@+-*".contains(it);
    let end = text.find(|it| !is_part(it)).unwrap_or(text.len());
    let (bare, rest) = text.split_at(end);
    if bare.is_empty() {
        return Err(SelectorError::Token);
    }
    if rest.starts_with("[\"") && ["value", "list"].contains(&bare) {
        let (name, length) = quoted(rest.get(1..).unwrap_or_default())?;
        let is_closed = rest.get(1 + length..).is_some_and(|it| it.starts_with(']'));
        let (Token::Quoted(name), true) = (name, is_closed) else {
            return Err(SelectorError::Token);
        };
        return Ok((Token::Word(format!("{bare}.{name}")), end + length + 2));
    }
    Ok((Token::Word(bare.to_owned()), end))
}

struct Parser<'a> {
    tokens: &'a [Token],
    tests: usize,
}

impl Parser<'_> {
    fn any(&mut self, depth: usize) -> Result<Expression, SelectorError> {
        let mut parts = vec![self.all(depth)?];
        while self.takes_word("or") {
            parts.push(self.all(depth)?);
        }
        Ok(single(parts, Expression::Any))
    }

    fn all(&mut self, depth: usize) -> Result<Expression, SelectorError> {
        let mut parts = vec![self.not(depth)?];
        while self.takes_word("and") {
            parts.push(self.not(depth)?);
        }
        Ok(single(parts, Expression::All))
    }

    fn not(&mut self, depth: usize) -> Result<Expression, SelectorError> {
        if depth > DEEPEST {
            return Err(SelectorError::TooDeep);
        }
        if self.takes_word("not") {
            return Ok(Expression::Not(Box::new(self.not(depth + 1)?)));
        }
        if self.takes(&Token::Open) {
            let inner = self.any(depth + 1)?;
            return if self.takes(&Token::Close) {
                Ok(inner)
            } else {
                Err(SelectorError::Order)
            };
        }
        self.tests += 1;
        if self.tests > MOST {
            return Err(SelectorError::TooMany);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Expression, SelectorError> {
        let first = self.text()?;
        if self.takes_word("in") {
            let attribute = self.attribute()?;
            return Ok(Expression::Test(
                attribute,
                Test::Contains(first.into_text()),
            ));
        }
        if self.takes_word("is") {
            let test = if self.takes_word("not") {
                Test::IsNotEmpty
            } else {
                Test::IsEmpty
            };
            self.require_word("empty")?;
            return Ok(Expression::Test(attribute(&first)?, test));
        }
        if self.takes(&Token::Equal) {
            return self.of_value(&first, |text| Ok(Test::Equals(text)));
        }
        if self.takes(&Token::NotEqual) {
            return self.of_value(&first, |text| Ok(Test::Differs(text)));
        }
        let is_negated = self.takes_word("not");
        if is_negated && self.takes_word("in") {
            let attribute = self.attribute()?;
            return Ok(Expression::Test(attribute, Test::Lacks(first.into_text())));
        }
        if self.takes_word("contains") {
            let attribute = attribute(&first)?;
            let part = self.text()?.into_text();
            let test = if is_negated {
                Test::Lacks(part)
            } else {
                Test::Contains(part)
            };
            return Ok(Expression::Test(attribute, test));
        }
        self.require_word("matches")?;
        self.of_value(&first, |text| {
            let pattern = pattern(&text)?;
            Ok(if is_negated {
                Test::MatchesNot(pattern)
            } else {
                Test::Matches(pattern)
            })
        })
    }

    /// The rest of a test that only values take.
    fn of_value(
        &mut self,
        left: &Token,
        test: impl FnOnce(String) -> Result<Test, SelectorError>,
    ) -> Result<Expression, SelectorError> {
        let attribute = attribute(left)?;
        if matches!(attribute, Attribute::List(_)) {
            return Err(SelectorError::ListOperator);
        }
        let right = self.text()?.into_text();
        Ok(Expression::Test(attribute, test(right)?))
    }

    fn attribute(&mut self) -> Result<Attribute, SelectorError> {
        attribute(&self.text()?)
    }

    fn text(&mut self) -> Result<Token, SelectorError> {
        match self.tokens.split_first() {
            Some((token @ (Token::Word(_) | Token::Quoted(_)), rest)) => {
                self.tokens = rest;
                Ok(token.clone())
            }
            Some(_) | None => Err(SelectorError::Order),
        }
    }

    fn takes(&mut self, wanted: &Token) -> bool {
        match self.tokens.split_first() {
            Some((token, rest)) if token == wanted => {
                self.tokens = rest;
                true
            }
            Some(_) | None => false,
        }
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn require_word(&mut self, word: &str) -> Result<(), SelectorError> {
        if self.takes_word(word) {
            Ok(())
        } else {
            Err(SelectorError::Order)
        }
    }
}

impl Token {
    /// The text that a word or a quoted text stands for.
    fn into_text(self) -> String {
        match self {
            Self::Word(text) | Self::Quoted(text) => text,
            Self::Open | Self::Close | Self::Equal | Self::NotEqual => String::new(),
        }
    }
}

fn attribute(token: &Token) -> Result<Attribute, SelectorError> {
    let Token::Word(word) = token else {
        return Err(SelectorError::Attribute);
    };
    match word.split_once('.') {
        Some(("value", name)) if !name.is_empty() => Ok(Attribute::Value(name.to_owned())),
        Some(("list", name)) if !name.is_empty() => Ok(Attribute::List(name.to_owned())),
        Some(_) | None => Err(SelectorError::Attribute),
    }
}

fn pattern(text: &str) -> Result<Regex, SelectorError> {
    RegexBuilder::new(text)
        .size_limit(LARGEST_PATTERN)
        .dfa_size_limit(LARGEST_PATTERN)
        .build()
        .map_err(|_| SelectorError::Pattern)
}

fn single(parts: Vec<Expression>, several: fn(Vec<Expression>) -> Expression) -> Expression {
    match <[Expression; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => several(parts),
    }
}

/// Bytes of a selector.
const LONGEST: usize = 4096;

/// Levels of parentheses and `not`.
const DEEPEST: usize = 32;

/// Comparisons.
const MOST: usize = 128;

/// Bytes that a compiled pattern may take.
const LARGEST_PATTERN: usize = 256 * 1024;
