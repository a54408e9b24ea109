//! Filling a slot: the one function by which an override's value enters objects, at the hub and at every spoke.

use super::{Form, Items, Place, Slot};
use crate::bundle::entry::Template;
use crate::quantity::Quantity;
use serde_json::Value;

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not the sort of value that the field takes, or outside its bounds.
    #[error("{field} takes {wanted}, not {value}")]
    OutOfBounds {
        /// The field.
        field: String,
        /// What it takes.
        wanted: String,
        /// What was given.
        value: Value,
    },
    /// The slot was not found in these objects.
    #[error("the slot of {0} does not fit these objects")]
    Foreign(String),
}

/// The templates with `value` in the slot.
///
/// # Errors
/// [`Refused`] when the value is outside the slot's form or bounds, or the slot is not of these templates.
pub fn fill(mut templates: Vec<Template>, slot: &Slot, value: &Value) -> Result<Vec<Template>, Refused> {
    slot.admits(value)?;
    let foreign = || Refused::Foreign(slot.field.to_string());
    put(&mut templates, slot, value).ok_or_else(foreign)?;
    Ok(templates)
}

impl Slot {
    /// Whether the slot takes `value`: one of its form, within its bounds.
    ///
    /// # Errors
    /// [`Refused::OutOfBounds`] names what it takes.
    pub fn admits(&self, value: &Value) -> Result<(), Refused> {
        let wrong_form = || (!self.form.holds(value)).then(|| self.form.words().to_owned());
        match wrong_form().or_else(|| self.bounds.broken_by(value)) {
            Some(wanted) => Err(Refused::OutOfBounds { field: self.field.to_string(), wanted, value: value.clone() }),
            None => Ok(()),
        }
    }
}

/// Puts the value in every place of the slot; none where a place is not there.
pub(super) fn put(templates: &mut [Template], slot: &Slot, value: &Value) -> Option<()> {
    for Place { template, pointer, items } in &slot.places {
        let here = templates.get_mut(*template)?.manifest.pointer_mut(pointer)?;
        match items {
            None => *here = value.clone(),
            Some(items) => spread(here, items, slot.default.as_array()?.len(), value)?,
        }
    }
    Some(())
}

/// Puts the items of `value` in place of the `old` ones of the list `here`.
fn spread(here: &mut Value, items: &Items, old: usize, value: &Value) -> Option<()> {
    let wrapped = value.as_array()?.iter().map(|item| wrap(items, item)).collect::<Option<Vec<_>>>()?;
    let list = here.as_array_mut()?;
    let end = items.before.checked_add(old).filter(|end| *end <= list.len())?;
    list.splice(items.before..end, wrapped);
    Some(())
}

fn wrap(items: &Items, item: &Value) -> Option<Value> {
    let mut wrapped = items.wrapper.clone();
    *wrapped.pointer_mut(&items.hole)? = item.clone();
    Some(wrapped)
}

impl Form {
    /// Whether `value` is of this form.
    #[must_use]
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Quantity => value.as_str().is_some_and(|text| text.parse::<Quantity>().is_ok()),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Texts => value.as_array().is_some_and(|items| items.iter().all(Value::is_string)),
            Self::List => value.is_array(),
            Self::Map => value.is_object(),
        }
    }

    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Quantity => "a Kubernetes quantity",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "true or false",
            Self::Texts => "a list of texts",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
}
