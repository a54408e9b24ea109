//! Configuration values that are parsed while they are read, so that a fault is told in its place.

use catalog::{Location, LocationError};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt::Display;
use std::path::Path;
use std::str::FromStr;

/// A text that was parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parsed<T>(pub(super) T);

impl<'de, T: FromStr<Err: Display>> Deserialize<'de> for Parsed<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

impl<T> JsonSchema for Parsed<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        String::json_schema(generator)
    }
}

/// A repository that may be fetched from, as the file writes it; relative paths wait for the file's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RepositoryText(pub(super) String);

impl FromStr for RepositoryText {
    type Err = LocationError;

    fn from_str(text: &str) -> Result<Self, LocationError> {
        Location::parse(text, Path::new("/")).map(|_| Self(text.to_owned()))
    }
}
