//! Everything that has a say, in one combination; and what the table says of it, said once more in other words.

use super::{document, namespaces, overridden, regional, row, seen, waiver};
use crate::bundle::companion::{Companion, Says};
use crate::bundle::fixture::{Parts, at, hour};
use crate::bundle::verify::Bundle;
use crate::canonical;
use crate::catalog::Catalog;
use crate::compile::fixture::{catalog, rule, rule_set};
use crate::compile::{NoMemo, compile};
use crate::kinds::fixture::facts;
use crate::local::{Brake, Local};
use crate::mode::Mode;
use crate::name::RuleName;
use crate::outcome::OutcomeCode;
use crate::resolve::{Memo, Resolved, Settings, Why, resolve};
use crate::seen::Seen;
use jiff::Timestamp;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const MODES: [Mode; 3] = [Mode::Audit, Mode::Warn, Mode::Enforce];
pub(super) const RULE: &str = "ResourceGuard/quota";
pub(super) const QUOTA: &str = r#"
  overridable:
  - {field: "spec.quota[pods]", by: region, bounds: {atMost: "50"}}
  - {field: "spec.quota[pods]", by: cluster, bounds: {atMost: "100"}}
  quota: {pods: "10"}
"#;
/// The same, of which a parameter gives the value.
pub(super) const BY_PARAMETER: &str = r#"
  overridable:
  - {field: "spec.quota[pods]", by: region, bounds: {atMost: "50"}}
  - {field: "spec.quota[pods]", by: cluster, bounds: {atMost: "100"}}
  quota: {pods: {$param: pods}}
"#;
pub(super) const TEAMS: Option<&str> = Some("{matchLabels: {team: web}}");
pub(super) const OVERRIDE: &str = r#"permit (principal, action == Writ::Action::"override", resource);"#;
pub(super) const OVERRULE: &str = r#"permit (principal, action == Writ::Action::"overrule", resource is Writ::Constraint) when { resource.ring == "cluster" };"#;
pub(super) const NO_QUOTA: &str =
    r#"forbid (principal, action == Writ::Action::"apply", resource is core::v1::ResourceQuota);"#;

/// Which levels give the parameter a value, and which.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Levels {
    pub(super) global: Option<&'static str>,
    pub(super) set: Option<&'static str>,
    pub(super) region: Option<&'static str>,
    pub(super) cluster: Option<&'static str>,
}

/// How the unit's namespace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Selected,
    Relabelled,
    Terminating,
    Gone,
}

/// Everything that has a say, in one combination.
#[derive(Debug, Clone, Copy)]
pub(super) struct Play {
    pub(super) rule: Mode,
    pub(super) set: Option<Mode>,
    pub(super) cluster: Mode,
    pub(super) brake: Option<i64>,
    pub(super) exception: Option<i64>,
    pub(super) constraint: bool,
    pub(super) overrule: bool,
    pub(super) region: Option<&'static str>,
    pub(super) local: Option<&'static str>,
    /// None: the rule says the value itself.
    pub(super) levels: Option<Levels>,
    pub(super) place: Place,
    /// Whether this cluster refused whatever the rule comes to before.
    pub(super) refused: bool,
}

/// Nothing but the rule itself, enforced.
pub(super) const PLAIN: Play = Play {
    rule: Mode::Enforce,
    set: None,
    cluster: Mode::Enforce,
    brake: None,
    exception: None,
    constraint: false,
    overrule: false,
    region: None,
    local: None,
    levels: None,
    place: Place::Selected,
    refused: false,
};

/// What becomes of it, in a word, and the quota that is wanted.
#[derive(Debug, PartialEq)]
pub(super) enum Won {
    Have(String),
    Show(Option<String>, Mode),
    Kept(OutcomeCode, Mode),
    Disowned,
    Waived,
    Gone(Why, Timestamp),
}

impl Play {
    /// The table of docs/precedence.md, said once more in other words.
    pub(super) fn expected(self) -> Won {
        let brake = self.brake.filter(|until| *until > 10).map(|_| Mode::Warn);
        let mode = [Some(self.rule), self.set, Some(self.cluster), brake].into_iter().flatten().min().unwrap();
        let enforced = mode == Mode::Enforce;
        match self.place {
            Place::Terminating => return Won::Gone(Why::NamespaceTerminating, Timestamp::MAX),
            Place::Selected => {}
            _ if !enforced => return Won::Show(None, mode),
            Place::Gone => return Won::Gone(Why::NamespaceGone, at(10)),
            Place::Relabelled => return Won::Gone(Why::Scope, at(34)),
        }
        let value = self.value();
        if value.is_some() && self.constraint && !self.overrule {
            return if enforced { Won::Disowned } else { Won::Kept(OutcomeCode::Vetoed, mode) };
        }
        if self.exception.is_some_and(|until| until > 10) {
            return if enforced { Won::Waived } else { Won::Kept(OutcomeCode::Excepted, mode) };
        }
        let Some(value) = value else { return Won::Kept(OutcomeCode::Unsupported, mode) };
        match mode {
            Mode::Enforce if self.refused => Won::Kept(OutcomeCode::RolledBack, mode),
            Mode::Enforce => Won::Have(value.to_owned()),
            _ => Won::Show(Some(value.to_owned()), mode),
        }
    }

    /// The value that counts; none: the rule cannot be rendered here.
    pub(super) fn value(self) -> Option<&'static str> {
        let said = match self.levels {
            None => Some("10"),
            Some(levels) => levels.cluster.or(levels.region).or(levels.set).or(levels.global),
        };
        said.map(|said| self.local.or(self.region).unwrap_or(said))
    }

    pub(super) fn catalog(self) -> Catalog {
        let spec = if self.levels.is_some() { BY_PARAMETER } else { QUOTA };
        let mut quota = rule("ResourceGuard", "quota", TEAMS, spec);
        quota.governance.mode = self.rule;
        let mut catalog = catalog([quota]);
        for cluster in catalog.clusters.values_mut() {
            cluster.declared.mode = self.cluster;
        }
        if let Some(mode) = self.set {
            let set = format!("{{include: [{RULE}], scope: {{clusters: {{}}}}, mode: {mode}}}");
            catalog.rule_sets.insert("all".parse().unwrap(), rule_set(&set));
        }
        self.levels.unwrap_or_default().put(&mut catalog);
        let policies = if self.overrule { format!("{OVERRIDE}\n{OVERRULE}") } else { OVERRIDE.to_owned() };
        catalog.authority.insert("authority/all.cedar".to_owned(), policies.into());
        if let Some(value) = self.region {
            catalog.overrides.insert("eu".parse().unwrap(), vec![regional(value)]);
        }
        catalog
    }

    pub(super) fn bundle(self) -> Bundle {
        let mut of = facts("eu-1", "eu", &[]);
        of.declared.mode = self.cluster;
        let compiled = compile(&self.catalog(), &of, &NoMemo);
        let mut bytes: BTreeMap<RuleName, Vec<u8>> =
            compiled.entries.iter().map(|entry| (entry.name.clone(), entry.bytes.clone())).collect();
        if let Some(until) = self.exception {
            let name: RuleName = "ExceptionRequest/one".parse().unwrap();
            let companion = Companion { name: name.clone(), says: Says::Exception(waiver(RULE, until)) };
            bytes.insert(name, canonical::to_vec(&companion).unwrap());
        }
        let mut parts = Parts::of(bytes);
        parts.head.cluster = of.declared;
        parts.bundle()
    }

    pub(super) fn local(self) -> Local {
        let mut local = Local::default();
        if self.constraint {
            local.take(&document("LocalConstraint", "no-quota", &json!({"policy": NO_QUOTA}))).unwrap();
        }
        if let Some(value) = self.local {
            local.take(&overridden("pods", "spec.quota[pods]", value)).unwrap();
        }
        local.brakes.all =
            self.brake.map(|until| Brake { until: at(until), asked: None, reason: "an incident".to_owned() });
        local
    }

    /// What a cluster sees in which a unit of the rule stands.
    pub(super) fn seen(self, local: Arc<Local>) -> Seen {
        let (team, terminating) = match self.place {
            Place::Relabelled => ("other", false),
            place => ("web", place == Place::Terminating),
        };
        let mut namespaces = namespaces(team);
        namespaces.values_mut().for_each(|namespace| namespace.terminating = terminating);
        namespaces.retain(|_, _| self.place != Place::Gone);
        let row = row();
        let inventory = BTreeMap::from([(row.id.clone(), Arc::new(row))]);
        Seen { namespaces: Arc::new(namespaces), local, inventory, ..Seen::default() }
    }

    pub(super) fn resolved(self) -> Resolved {
        resolve(&self.bundle(), &seen(self.local()), &Settings::default(), hour(10), &mut Memo::default())
    }
}

impl Levels {
    fn put(self, catalog: &mut Catalog) {
        let values = |value: Option<&str>| value.map(|value| ("pods".to_owned(), json!(value)));
        catalog.parameters.global.extend(values(self.global));
        catalog.rule_sets.values_mut().for_each(|set| set.parameters.extend(values(self.set)));
        catalog.parameters.regions.entry("eu".parse().unwrap()).or_default().extend(values(self.region));
        catalog.parameters.clusters.entry("eu-1".parse().unwrap()).or_default().extend(values(self.cluster));
    }
}
