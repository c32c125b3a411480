//! What is wrong with a form that a person sent.

/// The one sentence for an unknown user and for a wrong password, so that neither is given away.
pub const WRONG_USER_NAME_OR_PASSWORD: &str = "Check your user name and password and try again.";

/// Everything that has to be mended before a form is accepted.
#[derive(Debug, Clone, Default)]
pub struct FormError {
    /// In the order of the fields on the page.
    pub lines: Vec<FieldError>,
}

/// One thing to mend.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// The `id` of the field it is about; none when it is about the whole form.
    pub field_id: Option<String>,
    /// What to do, as a sentence; fixed text that repeats nothing the person typed.
    pub message: String,
}

impl FormError {
    /// A form with one thing to mend at one field.
    pub fn at_field(field_id: &str, message: &str) -> Self {
        let line = FieldError {
            field_id: Some(field_id.to_owned()),
            message: message.to_owned(),
        };
        Self { lines: vec![line] }
    }

    /// A form that was refused as a whole.
    pub fn of_form(message: &str) -> Self {
        Self {
            lines: vec![FieldError {
                field_id: None,
                message: message.to_owned(),
            }],
        }
    }

    /// The sentence to repeat at a field.
    pub(super) fn message_at(&self, field_id: &str) -> Option<&str> {
        let at_this_field = |line: &&FieldError| line.field_id.as_deref() == Some(field_id);
        self.lines
            .iter()
            .find(at_this_field)
            .map(|line| line.message.as_str())
    }
}
