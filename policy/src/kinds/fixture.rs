//! Kinds under test: through the table, as everything else reaches them.

use super::kind::{Fault, Intent, Unsupported};
use super::translator::{Sight, Translator};
use crate::bundle::entry::Template;
use crate::diagnostic::Severity;
use crate::facts::{Capabilities, Declared, Facts};
use crate::mode::Mode;
use crate::name::DocumentName;
use serde_json::Value;

/// A rule of `kind` whose spec, without governance, is this YAML.
pub(crate) struct Case {
    translator: &'static dyn Translator,
    name: DocumentName,
    namespaced: bool,
    spec: Value,
}

impl Case {
    pub(crate) fn new(kind: &str, namespaced: bool, spec: &str) -> Self {
        let translator = super::row(kind).unwrap().translator.unwrap();
        let spec = serde_yaml::from_str(spec).unwrap();
        Self { translator, name: "sample".parse().unwrap(), namespaced, spec }
    }

    fn intent(&self) -> Intent<'_, Value> {
        Intent { name: &self.name, namespaced: self.namespaced, spec: &self.spec }
    }

    pub(crate) fn translated(&self) -> Result<Vec<Template>, Unsupported> {
        self.translator.translate(&self.intent(), Sight::Best)
    }

    pub(crate) fn translated_where(&self, apis: &[&str]) -> Result<Vec<Template>, Unsupported> {
        self.translator.translate(&self.intent(), Sight::Facts(&facts("eu-1", "eu", apis)))
    }

    pub(crate) fn faults(&self) -> Vec<String> {
        let told = |fault: Fault| {
            let warning = if fault.severity == Severity::Warning { "warning: " } else { "" };
            format!("{warning}{:?} at {}: {} ({})", fault.code, fault.place, fault.message, fault.help)
        };
        self.translator.inspect(&self.intent()).into_iter().map(told).collect()
    }
}

/// A cluster that serves these APIs beside the core.
pub(crate) fn facts(name: &str, region: &str, apis: &[&str]) -> Facts {
    let declared = Declared {
        name: name.parse().unwrap(),
        region: region.parse().unwrap(),
        labels: [("tier".to_owned(), "core".to_owned())].into(),
        mode: Mode::Enforce,
    };
    let apis = apis.iter().map(|api| (*api).to_owned().into()).collect();
    Facts { declared, capabilities: Capabilities { kubernetes: "1.36".to_owned(), apis } }
}
