//! Finding slots: translate with marked values, compare, and keep where the marks land.

use super::fill::{fill, wrap};
use super::{Bounds, Form, Items, Overridable, Place, Slot};
use crate::bundle::entry::Template;
use crate::document::pointer::join;
use serde_json::{Value, json};

/// A kind's translator, of the spec alone; none where it refuses.
pub type Translate<'a> = &'a dyn Fn(&Value) -> Option<Vec<Template>>;

/// The slots of these fields; those that have none are left out.
#[must_use]
pub fn probe_all(declared: &[Overridable], spec: &Value, translate: Translate<'_>) -> Vec<Slot> {
    let mut slots: Vec<Slot> = declared.iter().filter_map(|field| probe(field, spec, translate)).collect();
    for later in 1..slots.len() {
        let (earlier, rest) = slots.split_at_mut(later);
        let Some(later) = rest.first_mut() else { continue };
        earlier.iter_mut().for_each(|earlier| part(earlier, later, spec, translate));
    }
    slots
}

/// Two lists that hold nothing may have their items at one place, and only filling both tells which come first.
fn part(one: &mut Slot, other: &mut Slot, spec: &Value, translate: Translate<'_>) {
    let holds_nothing = |slot: &Slot| slot.default.as_array().is_some_and(Vec::is_empty);
    if one.field == other.field || !holds_nothing(one) || !holds_nothing(other) {
        return;
    }
    let ([mark, _], [_, longer]) = (one.form.marks(), other.form.marks());
    let tied = |one: &Place, other: &Place| {
        let before = |place: &Place| place.items.as_ref().map(|items| items.before);
        (one.template, &one.pointer) == (other.template, &other.pointer) && before(one) == before(other)
    };
    if !one.places.iter().any(|place| other.places.iter().any(|facing| tied(place, facing))) {
        return;
    }
    let both = with(spec, one, &mark).and_then(|spec| translate(&with(&spec, other, &longer)?)).unwrap_or_default();
    for place in &mut one.places {
        for facing in &mut other.places {
            if !tied(place, facing) {
                continue;
            }
            let (Some(items), Some(facing)) = (&mut place.items, &mut facing.items) else { continue };
            let list = both.get(place.template).and_then(|template| template.manifest.pointer(&place.pointer));
            let first = list.and_then(|list| list.get(items.before));
            let ours = mark.get(0).and_then(|item| wrap(items, item));
            if first == ours.as_ref() { facing.behind += 1 } else { items.behind += 1 }
        }
    }
}

fn with(spec: &Value, slot: &Slot, value: &Value) -> Option<Value> {
    let mut document = json!({"spec": spec});
    let pointer = slot.field.pointer_in(&document)?;
    *document.pointer_mut(&pointer)? = value.clone();
    document.get_mut("spec").map(Value::take)
}

/// The slot of a field; none where filling would not equal translating.
#[must_use]
pub fn probe(declared: &Overridable, spec: &Value, translate: Translate<'_>) -> Option<Slot> {
    let document = json!({"spec": spec});
    let pointer = declared.field.pointer_in(&document)?;
    let pointer = pointer.strip_prefix("/spec").filter(|inner| !inner.is_empty())?;
    let default = spec.pointer(pointer)?;
    let templates = translate(spec)?;
    let with = |value: &Value| translate(&replaced(spec, pointer, value)?);
    Form::candidates(default).iter().find_map(|form| {
        let [one, other] = form.marks();
        let (first, second) = (with(&one)?, with(&other)?);
        let mut places = landings(&first, &second, [&one, &other])?;
        places.sort_by(|one, other| (one.template, &one.pointer).cmp(&(other.template, &other.pointer)));
        let slot = Slot {
            field: declared.field.clone(),
            by: declared.by,
            bounds: declared.bounds.clone(),
            form: *form,
            default: default.clone(),
            places,
        };
        let free = Slot { bounds: Bounds::default(), ..slot.clone() };
        let equal = |value: &Value, translated: &[Template]| {
            fill(templates.clone(), &[(&free, value)]).is_ok_and(|filled| filled == translated)
        };
        (equal(&one, &first) && equal(&other, &second)).then_some(slot)
    })
}

fn replaced(spec: &Value, pointer: &str, value: &Value) -> Option<Value> {
    let mut spec = spec.clone();
    *spec.pointer_mut(pointer)? = value.clone();
    Some(spec)
}

impl Form {
    /// The forms that a field with this value may have, the widest first.
    fn candidates(value: &Value) -> &'static [Self] {
        match value {
            Value::String(_) => &[Self::Text, Self::Quantity],
            Value::Number(number) if !number.is_f64() => &[Self::Integer],
            Value::Number(_) => &[Self::Number],
            Value::Bool(_) => &[Self::Boolean],
            Value::Array(items) if items.iter().all(Value::is_string) => &[Self::Texts],
            Value::Array(_) => &[Self::List],
            Value::Object(_) => &[Self::Map],
            Value::Null => &[],
        }
    }

    /// Two values that nobody writes; of lists, of different lengths.
    fn marks(self) -> [Value; 2] {
        match self {
            Self::Text => [json!("writ-probe-a"), json!("writ-probe-b")],
            Self::Quantity => [json!("987654321"), json!("987654322")],
            Self::Integer => [json!(987_654_321), json!(987_654_322)],
            Self::Number => [json!(987_654_321.5), json!(987_654_322.5)],
            Self::Boolean => [json!(true), json!(false)],
            Self::Texts => [json!(["writ-probe-a"]), json!(["writ-probe-b", "writ-probe-c"])],
            Self::List => [json!([{"writ-probe": "a"}]), json!([{"writ-probe": "b"}, {"writ-probe": "c"}])],
            Self::Map => [json!({"writ-probe": "a"}), json!({"writ-probe": "b"})],
        }
    }
}

/// Where the marks land; none where they land nowhere, or do more than land.
fn landings(first: &[Template], second: &[Template], marks: [&Value; 2]) -> Option<Vec<Place>> {
    if first.len() != second.len() {
        return None;
    }
    let mut places = Vec::new();
    for (template, (one, other)) in first.iter().zip(second).enumerate() {
        let mut found = Vec::new();
        compare([&one.manifest, &other.manifest], marks, String::new(), &mut found)?;
        places.extend(found.into_iter().map(|(pointer, items)| Place { template, pointer, items }));
    }
    (!places.is_empty()).then_some(places)
}

type Found = Vec<(String, Option<Items>)>;

fn compare([one, other]: [&Value; 2], marks: [&Value; 2], at: String, found: &mut Found) -> Option<()> {
    if one == other {
        return Some(());
    }
    if [one, other] == marks {
        found.push((at, None));
        return Some(());
    }
    match (one, other) {
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            one.iter().try_for_each(|(key, value)| compare([value, other.get(key)?], marks, join(&at, key), found))
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let mut pairs = one.iter().zip(other).enumerate();
            pairs.try_for_each(|(index, (one, other))| {
                compare([one, other], marks, join(&at, &index.to_string()), found)
            })
        }
        (Value::Array(one), Value::Array(other)) => {
            let items = items(one, other, marks)?;
            found.push((at, Some(items)));
            Some(())
        }
        _ => None,
    }
}

/// How the one item of the first mark is written among the items of a list.
fn items(one: &[Value], other: &[Value], marks: [&Value; 2]) -> Option<Items> {
    let mark = marks.first()?.as_array()?.first()?;
    let before = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let mut wrapper = one.get(before)?.clone();
    let hole = path_to(&wrapper, mark)?;
    *wrapper.pointer_mut(&hole)? = Value::Null;
    Some(Items { before, behind: 0, wrapper, hole })
}

fn path_to(tree: &Value, mark: &Value) -> Option<String> {
    if tree == mark {
        return Some(String::new());
    }
    let below = |segment: &str, value: &Value| path_to(value, mark).map(|rest| format!("{}{rest}", join("", segment)));
    match tree {
        Value::Object(map) => map.iter().find_map(|(key, value)| below(key, value)),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, value)| below(&index.to_string(), value)),
        _ => None,
    }
}
