//! Filling a slot: the one function by which an override's value enters objects, at the hub and at every spoke.

use super::{Form, Items, Place, Slot};
use crate::bundle::entry::Template;
use crate::quantity::Quantity;
use serde_json::Value;
use std::cmp::Reverse;

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

/// The templates with each value in its slot. The places of one slot stand among those of others, so all that are
/// filled of a rule are filled together.
///
/// # Errors
/// [`Refused`] when a value is outside its slot's form or bounds, or a slot is not of these templates.
pub fn fill(mut templates: Vec<Template>, given: &[(&Slot, &Value)]) -> Result<Vec<Template>, Refused> {
    for (slot, value) in given {
        slot.takes(&templates, value)?;
    }
    let mut writes: Vec<Write<'_>> = given.iter().flat_map(|(slot, value)| writes(slot, value)).collect();
    writes.sort_by_key(|write| Reverse(write.turn()));
    for write in writes {
        write.put(&mut templates).ok_or_else(|| Refused::Foreign(write.slot.field.to_string()))?;
    }
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

    /// Whether `value` can be filled into these templates.
    ///
    /// # Errors
    /// [`Refused`] says why not.
    pub fn takes(&self, templates: &[Template], value: &Value) -> Result<(), Refused> {
        self.admits(value)?;
        let fits = |place: &Place| {
            let here = templates.get(place.template)?.manifest.pointer(&place.pointer)?;
            let Some(items) = &place.items else { return Some(()) };
            let end = items.before.checked_add(self.length())?;
            (end <= here.as_array()?.len()).then_some(())
        };
        let fit = self.places.iter().all(|place| fits(place).is_some());
        if fit { Ok(()) } else { Err(Refused::Foreign(self.field.to_string())) }
    }

    /// How many items a list has where its value stands as it was translated.
    fn length(&self) -> usize {
        self.default.as_array().map_or(0, Vec::len)
    }
}

/// One value at one of its places.
struct Write<'a> {
    slot: &'a Slot,
    value: &'a Value,
    place: &'a Place,
}

/// See [`Write::turn`].
type Turn<'a> = (bool, usize, usize, &'a str, usize, bool, usize);

fn writes<'a>(slot: &'a Slot, value: &'a Value) -> impl Iterator<Item = Write<'a>> {
    slot.places.iter().map(move |place| Write { slot, value, place })
}

impl<'a> Write<'a> {
    /// Places are counted as things stand before anything is filled, so what moves others comes after them: whole values,
    /// which move nothing, first; then items of inner lists before those of outer ones, and in one list those behind
    /// before those in front. The greatest turn is taken first.
    fn turn(&self) -> Turn<'a> {
        let Place { template, pointer, items } = self.place;
        let depth = pointer.matches('/').count();
        let (before, behind) = items.as_ref().map_or((0, 0), |items| (items.before, items.behind));
        // At one place in a list, items that are none stand before those that are some.
        (items.is_none(), depth, *template, pointer, before, self.slot.length() > 0, behind)
    }

    /// None where the place is not there.
    fn put(&self, templates: &mut [Template]) -> Option<()> {
        let here = templates.get_mut(self.place.template)?.manifest.pointer_mut(&self.place.pointer)?;
        let Some(items) = &self.place.items else {
            *here = self.value.clone();
            return Some(());
        };
        let wrapped = self.value.as_array()?.iter().map(|item| wrap(items, item)).collect::<Option<Vec<_>>>()?;
        let list = here.as_array_mut()?;
        let end = items.before.checked_add(self.slot.length()).filter(|end| *end <= list.len())?;
        list.splice(items.before..end, wrapped);
        Some(())
    }
}

pub(super) fn wrap(items: &Items, item: &Value) -> Option<Value> {
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
