//! Constraints: what may be applied in a region or a cluster, in Cedar over the action `Writ::Action::"apply"`. The principal
//! is the rule, the resource the object that it wants.

mod object;
mod schema;
mod shape;
#[cfg(test)]
mod tests;

pub use schema::text as schema;

use crate::authority::{self, Authority, OverruleAsked};
use crate::bundle::entry::Entry;
use crate::cedar::policies;
use crate::diagnostic::{Code, Severity};
use crate::facts::Declared;
use crate::local;
use crate::name::{RegionName, RuleName};
use crate::outcome::{Note, NoteCode, NoteReason, Outcome, OutcomeCode, UnitId};
use crate::resolve::Desired;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Effect, Entities, EntityUid, Policy, PolicyId, PolicySet, Request, Schema,
    Validator,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// As documents write it, and entries are named.
pub const KIND: &str = "LocalConstraint";

/// The `spec` of a LocalConstraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    /// Cedar: `forbid` policies over Writ::Action::"apply"; the principal is the rule, the resource the object.
    pub policy: String,
    /// What it is for, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How strong it is: the catalog may overrule constraints by this, not by their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strength: Option<String>,
}

/// A constraint where it was written.
#[derive(Debug, Clone)]
pub struct Written<'a> {
    /// `LocalConstraint/name`.
    pub name: RuleName,
    /// The region in whose folder it stands; none: the cluster's own operator wrote it.
    pub region: Option<RegionName>,
    /// What it says.
    pub spec: &'a Spec,
}

/// Whose a policy is.
struct Origin {
    name: RuleName,
    region: Option<RegionName>,
    title: Option<String>,
    strength: Option<String>,
}

/// The constraints of one cluster, ready to be asked.
pub struct Constraints {
    schema: Option<Schema>,
    policies: PolicySet,
    origins: BTreeMap<PolicyId, Origin>,
}

impl Constraints {
    /// Reads constraints. What is wrong with one is a note; what cannot be read of it vetoes nothing. `rules` are those in
    /// force: one that a constraint names and that is not among them may be a slip of the pen.
    #[must_use]
    pub fn compile(written: &[Written<'_>], rules: &BTreeMap<RuleName, Entry>) -> (Self, Vec<Note>) {
        let mut all = Self { schema: None, policies: PolicySet::new(), origins: BTreeMap::new() };
        let mut notes = Vec::new();
        if written.is_empty() {
            return (all, notes);
        }
        let schema = match schema::schema() {
            Ok(schema) => schema,
            Err(why) => {
                let faulty =
                    |one: &Written<'_>| one.faulty(NoteReason::Malformed, format!("the schema of constraints: {why}"));
                notes.extend(written.iter().map(faulty));
                return (all, notes);
            }
        };
        let validator = Validator::new(schema.clone());
        all.schema = Some(schema);
        for one in written {
            let read = read(one.spec, &validator);
            notes.extend(read.faults.into_iter().map(|fault| one.faulty(fault.reason, fault.message)));
            for (index, policy) in read.policies.into_iter().enumerate() {
                let unknown = rules_named(&policy).filter(|name| !is_known(name, rules));
                let message = |name| format!("it names rule `{name}`, which is not in force here");
                notes.extend(unknown.take(1).map(|name| one.faulty(NoteReason::UnknownName, message(name))));
                all.add(one, index, &policy);
            }
        }
        (all, notes)
    }

    fn add(&mut self, one: &Written<'_>, index: usize, policy: &Policy) {
        let ring = one.region.as_ref().map_or("", RegionName::as_str);
        let id = PolicyId::new(format!("{ring}/{}#{index}", one.name));
        let Spec { title, strength, .. } = one.spec.clone();
        let origin = Origin { name: one.name.clone(), region: one.region.clone(), title, strength };
        if self.policies.add(policy.new_id(id.clone())).is_ok() {
            self.origins.insert(id, origin);
        }
    }

    /// What constraints say of a unit's objects. One no vetoes the whole unit. One that errs says no, for nobody knows what it
    /// would have said. Authority may overrule a constraint by what it says of itself.
    #[must_use]
    pub fn say(
        &self,
        entry: &Entry,
        unit: &UnitId,
        objects: &[Desired],
        cluster: &Declared,
        authority: &Authority,
    ) -> Said {
        let mut said = Said::default();
        if self.origins.is_empty() {
            return said;
        }
        for desired in objects {
            for no in self.ask(entry, desired) {
                match no.origin.filter(|origin| overruled(origin, entry, cluster, authority)) {
                    Some(origin) => drop(said.overruled.insert(origin.words())),
                    None => drop(said.veto.get_or_insert_with(|| no.outcome(unit, desired))),
                }
            }
        }
        said
    }

    /// Every constraint that says no to an object, in order of their names.
    fn ask(&self, entry: &Entry, desired: &Desired) -> Vec<No<'_>> {
        let (fired, erred) = match self.decide(entry, desired) {
            Ok(said) => said,
            Err(why) => return vec![No { origin: None, why: Some(why.to_string()) }],
        };
        let of = |id: &PolicyId, why| self.origins.get(id).map(|origin| No { origin: Some(origin), why });
        let fired = fired.iter().filter_map(|id| of(id, None));
        fired.chain(erred.iter().filter_map(|(id, why)| of(id, Some(why.clone())))).collect()
    }

    fn decide(
        &self,
        entry: &Entry,
        desired: &Desired,
    ) -> Result<(BTreeSet<PolicyId>, BTreeMap<PolicyId, String>), Fault> {
        let schema = self.schema.as_ref().ok_or("there is no schema")?;
        let envelope = &entry.envelope;
        let rule = authority::entity::rule(&entry.name, &envelope.owner, envelope.risk)?;
        let object = object::entity(&desired.object)?;
        let (principal, resource) = (rule.uid(), object.uid());
        let action: EntityUid = authority::entity::uid("Action", "apply")?;
        let request = Request::new(principal, action, resource, Context::empty(), Some(schema))?;
        let entities = Entities::from_entities([rule, object], Some(schema))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        let fired = response.diagnostics().reason().cloned().collect();
        let erred = response.diagnostics().errors().map(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => (error.policy_id().clone(), error.inner().to_string()),
        });
        Ok((fired, erred.collect()))
    }
}

fn overruled(origin: &Origin, entry: &Entry, cluster: &Declared, authority: &Authority) -> bool {
    authority.permits_overrule(&OverruleAsked {
        rule: &entry.name,
        owner: &entry.envelope.owner,
        risk: entry.envelope.risk,
        cluster,
        constraint: authority::Constraint {
            title: origin.title.as_deref(),
            strength: origin.strength.as_deref(),
            regional: origin.region.as_ref(),
        },
    })
}

/// What constraints say of one unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// The first no that counts.
    pub veto: Option<Outcome>,
    /// Those that say no and do not count, in words for people.
    pub overruled: BTreeSet<String>,
}

type Fault = authority::entity::Fault;

/// One no.
struct No<'a> {
    /// Whose; none: of all, since nobody could be asked.
    origin: Option<&'a Origin>,
    /// Why there is no other answer.
    why: Option<String>,
}

impl No<'_> {
    fn outcome(&self, unit: &UnitId, desired: &Desired) -> Outcome {
        let id = desired.object.id();
        let reason = if self.why.is_some() { "Errs" } else { "Forbidden" };
        let who = self.origin.map_or_else(|| "no constraint could be asked".to_owned(), Origin::words);
        let why = self.why.as_ref().map(|why| format!(": it errs: {why}")).unwrap_or_default();
        let message = format!("{who} says no to {id}{why}; all of {unit} is left as it stands");
        let by = self.origin.map(|origin| origin.name.to_string());
        Outcome::new(OutcomeCode::Vetoed, reason).saying(message).about(id).caused_by(by)
    }
}

impl Origin {
    fn words(&self) -> String {
        let ring = self.region.as_ref().map_or_else(|| "this cluster".to_owned(), |region| format!("region {region}"));
        let title = self.title.as_ref().map(|title| format!(" ({title})")).unwrap_or_default();
        format!("constraint {}{title} of {ring}", self.name.name())
    }
}

impl Written<'_> {
    fn faulty(&self, reason: NoteReason, message: String) -> Note {
        // Who wrote it in the cluster is answered there.
        let object = self.region.is_none().then(|| local::id(KIND, self.name.name()));
        let code = NoteCode::ConstraintFaulty;
        Note { code, reason, rule: self.name.clone(), namespace: None, object, message }
    }
}

/// What is wrong with a constraint, whatever rules there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    /// In a word.
    pub reason: NoteReason,
    /// As a diagnostic of a catalog.
    pub code: Code,
    /// For people.
    pub message: String,
}

/// What a constraint holds that can be asked, and what is wrong with the rest.
#[derive(Default)]
struct Read {
    policies: Vec<Policy>,
    faults: Vec<Faulty>,
}

/// Reads one constraint.
fn read(spec: &Spec, validator: &Validator) -> Read {
    let mut read = Read::default();
    let found = policies::read("policy", &spec.policy, validator);
    let mut told = BTreeSet::new();
    for fault in found.diagnostics {
        // One slip is told once, not once for every kind of object that it is a slip for.
        if fault.severity == Severity::Error && told.insert((fault.line, fault.column)) {
            let place = format!("line {}, column {}", fault.line, fault.column);
            let message = format!("{place}: {}", fault.message);
            read.faults.push(Faulty { reason: NoteReason::Malformed, code: fault.code, message });
        }
    }
    for policy in found.policies {
        if policy.effect() == Effect::Permit {
            let message = "a constraint only forbids: what none forbids may be applied, so its `permit` is left out";
            read.faults.push(Faulty { reason: NoteReason::Permit, code: Code::CedarForm, message: message.to_owned() });
        } else {
            read.policies.push(policy);
        }
    }
    if read.policies.is_empty() && read.faults.is_empty() {
        let message = "it holds no policy, so it forbids nothing".to_owned();
        read.faults.push(Faulty { reason: NoteReason::Malformed, code: Code::CedarForm, message });
    }
    read
}

/// What is wrong with a constraint, whatever rules there are.
#[must_use]
pub fn faults(spec: &Spec) -> Vec<Faulty> {
    match schema::schema() {
        Ok(schema) => read(spec, &Validator::new(schema)).faults,
        Err(why) => {
            let message = format!("the schema of constraints: {why}");
            vec![Faulty { reason: NoteReason::Malformed, code: Code::CedarType, message }]
        }
    }
}

/// The rules that a constraint names.
#[must_use]
pub fn named(spec: &Spec) -> BTreeSet<String> {
    policies::texts(&spec.policy).iter().flat_map(|(policy, _)| rules_named(policy).collect::<Vec<_>>()).collect()
}

fn rules_named(policy: &Policy) -> impl Iterator<Item = String> {
    let rules = policy.entity_literals().into_iter().filter(|uid| uid.type_name().to_string() == "Writ::Rule");
    rules.map(|uid| uid.id().unescaped().to_owned())
}

fn is_known(name: &str, rules: &BTreeMap<RuleName, Entry>) -> bool {
    name.parse::<RuleName>().is_ok_and(|name| rules.contains_key(&name))
}
