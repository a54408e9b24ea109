//! The spanned tree: what YAML says and where, in one pass.

use crate::diagnostic::Span;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use serde_yaml::{Location, Spanned};
use std::collections::BTreeMap;
use std::fmt;

/// A value as the parser hands it over, with its place.
#[derive(Debug)]
pub(super) struct Node {
    place: Location,
    length: u32,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Scalar(Value),
    Items(Vec<Node>),
    Entries(Vec<(Spanned<String>, Node)>),
}

/// Where a value and what is in it stand. Beside the value, so that its size follows the text's and not the length
/// of paths.
#[derive(Debug, Clone)]
pub(super) struct Places {
    pub(super) span: Span,
    pub(super) key: Option<Span>,
    pub(super) children: BTreeMap<String, Places>,
    pub(super) items: Vec<Places>,
}

impl Places {
    /// The places below this one by one segment of a JSON pointer.
    pub(super) fn child(&self, segment: &str) -> Option<&Self> {
        self.children.get(segment).or_else(|| segment.parse::<usize>().ok().and_then(|index| self.items.get(index)))
    }

    fn leaf(span: Span) -> Self {
        Self { span, key: None, children: BTreeMap::new(), items: Vec::new() }
    }
}

impl Node {
    /// Parts into the value and its places.
    pub(super) fn split(self) -> (Value, Places) {
        let span = span_of(&self.place, self.length);
        match self.content {
            Content::Scalar(value) => (value, Places::leaf(span)),
            Content::Items(items) => {
                let (values, places) = items.into_iter().map(Self::split).unzip();
                (Value::Array(values), Places { items: places, ..Places::leaf(span) })
            }
            Content::Entries(entries) => split_entries(entries, span),
        }
    }
}

fn split_entries(entries: Vec<(Spanned<String>, Node)>, span: Span) -> (Value, Places) {
    let (mut map, mut places) = (Map::new(), Places::leaf(span));
    for (key, node) in entries {
        let key_span = span_of(&key.referenced, scalars(&key.value));
        let (value, mut place) = node.split();
        place.key = Some(key_span);
        places.children.insert(key.value.clone(), place);
        map.insert(key.value, value);
    }
    (Value::Object(map), places)
}

fn scalars(text: &str) -> u32 {
    u32::try_from(text.chars().take_while(|c| *c != '\n').count()).unwrap_or(u32::MAX)
}

/// The parser counts columns in scalars from 1. A collection's own event is one character long; a scalar's span is
/// its source text, which may run over lines: then only its first line's part is marked.
pub(super) fn span_of(place: &Location, length: u32) -> Span {
    let narrow = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).max(1);
    let (line, column) = (narrow(place.line()), narrow(place.column()));
    Span { line, column, end_line: line, end_column: column.saturating_add(length.max(1)) }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Content>::deserialize(deserializer)?;
        let length = match &spanned.value {
            Content::Scalar(Value::String(text)) => scalars(text),
            Content::Scalar(value) => {
                u32::try_from(spanned.referenced.span().len()).unwrap_or(1).min(scalars(&value.to_string()).max(1))
            }
            Content::Items(_) | Content::Entries(_) => 1,
        };
        Ok(Self { place: spanned.referenced, length, content: spanned.value })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Null))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Scalar(Value::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Scalar(Value::from(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Scalar(Value::from(value)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Content, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("JSON has no such number"))?;
        Ok(Content::Scalar(Value::Number(number)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Scalar(Value::String(value.to_owned())))
    }

    fn visit_string<E>(self, value: String) -> Result<Content, E> {
        Ok(Content::Scalar(Value::String(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Content::Items(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = access.next_entry()? {
            entries.push(entry);
        }
        Ok(Content::Entries(entries))
    }
}
