//! Who may do what: the Cedar of a catalog's authority/, where what nothing permits is denied.

mod asked;
mod changes;
pub mod entity;
mod spokes;

pub use asked::{ChangeAsked, Constraint, LocalAsked, OverrideAsked, Overrider, OverruleAsked, OwnAsked};
pub use changes::{Changes, unauthorised};
pub use spokes::for_spokes;

use crate::cedar::policies;
use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use asked::{Asked, Question};
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Effect, Entities, Entity, EntityUid, Policy, PolicyId,
    PolicySet, Request, Schema, Validator,
};
use entity::Fault;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

/// The schema of everything that is judged by authority/, by the hub's own policies, and by [`Authority`].
pub const SCHEMA: &str = include_str!("schema.cedarschema");

/// Who signed nothing that can be verified. No person has this name.
pub const ANONYMOUS: &str = "anonymous";

/// The policies of authority/, each valid against [`SCHEMA`].
#[derive(Clone)]
pub struct Authority {
    /// None only where our own schema is faulty: then nothing is permitted.
    schema: Option<Schema>,
    policies: PolicySet,
    is_given: bool,
}

/// No files: a catalog without authority/.
impl Default for Authority {
    fn default() -> Self {
        Self::read(&BTreeMap::new()).0
    }
}

impl Authority {
    /// Reads the files of authority/, by path. A policy that does not parse or validate is an error in its place. What
    /// was read all the same permits no more than the files were meant to: a `permit` that is faulty is left out, and a
    /// fault in anything that may forbid leaves nothing permitted.
    #[must_use]
    pub fn read(files: &BTreeMap<String, Arc<str>>) -> (Self, Vec<Diagnostic>) {
        let mut authority = Self { schema: None, policies: PolicySet::new(), is_given: !files.is_empty() };
        let (schema, validator) = match schema() {
            Ok(read) => read,
            Err(why) => return (authority, files.keys().map(|file| no_schema(file, &why)).collect()),
        };
        authority.schema = Some(schema);
        let mut found = Vec::new();
        let (mut sound, mut is_whole) = (PolicySet::new(), true);
        for (file, text) in files {
            let read = policies::read(file, text, &validator);
            is_whole &= read.may_forbid_no_more();
            if read.policies.is_empty() && read.diagnostics.is_empty() {
                found.push(holds_nothing(file));
            }
            found.extend(read.diagnostics);
            for policy in read.policies {
                is_whole &= sound.add(policy).is_ok();
            }
        }
        if is_whole {
            authority.policies = sound;
        }
        (authority, found)
    }

    /// Whether there are any files: a catalog without them says nothing of who may do what.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.is_given
    }

    /// Whether a region or a cluster may give this field this value.
    #[must_use]
    pub fn permits_override(&self, asked: &OverrideAsked<'_>) -> bool {
        self.permits(asked)
    }

    /// Whether a rule may be applied in spite of a constraint.
    #[must_use]
    pub fn permits_overrule(&self, asked: &OverruleAsked<'_>) -> bool {
        self.permits(asked)
    }

    /// Whether a team may answer for a rule.
    #[must_use]
    pub fn permits_own(&self, asked: &OwnAsked<'_>) -> bool {
        self.permits(asked)
    }

    /// Whether a person may change a file.
    #[must_use]
    pub fn permits_change(&self, asked: &ChangeAsked<'_>) -> bool {
        self.permits(asked)
    }

    /// Whether a rule may touch what stays local.
    #[must_use]
    pub fn permits_local(&self, asked: &LocalAsked<'_>) -> bool {
        self.permits(asked)
    }

    /// Whether `principal` may do `action` to `resource`, of which `entities` tell.
    ///
    /// # Errors
    /// When the request is none of the schema's: a fault of ours.
    pub fn permits_request(
        &self,
        principal: EntityUid,
        action: EntityUid,
        resource: EntityUid,
        entities: Vec<Entity>,
    ) -> Result<bool, Fault> {
        self.decide(Question { principal, action, resource, context: Context::empty(), entities })
    }

    /// What cannot be judged is not permitted.
    fn permits(&self, asked: &impl Asked) -> bool {
        asked.question().and_then(|question| self.decide(question)).unwrap_or(false)
    }

    fn decide(&self, question: Question) -> Result<bool, Fault> {
        let Question { principal, action, resource, context, entities } = question;
        let schema = self.schema.as_ref().ok_or("the schema of authority/ is faulty")?;
        let request = Request::new(principal, action, resource, context, Some(schema))?;
        let entities = Entities::from_entities(entities, Some(schema))?;
        let response = Authorizer::new().is_authorized(&request, &self.policies, &entities);
        // Cedar passes over what errs; a `forbid` that is passed over would permit.
        let erred = response.diagnostics().errors().any(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => self.may_forbid(error.policy_id()),
        });
        Ok(response.decision() == Decision::Allow && !erred)
    }

    fn may_forbid(&self, id: &PolicyId) -> bool {
        self.policies.policy(id).is_none_or(|policy: &Policy| policy.effect() == Effect::Forbid)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({} policies)", self.policies.policies().count())
    }
}

/// Always the same, and read once.
fn schema() -> Result<(Schema, Validator), String> {
    static READ: LazyLock<Result<Schema, String>> = LazyLock::new(|| {
        Schema::from_cedarschema_str(SCHEMA).map(|(schema, _)| schema).map_err(|error| error.to_string())
    });
    READ.clone().map(|schema| (schema.clone(), Validator::new(schema)))
}

fn no_schema(file: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::CedarType, file, Span::START, format!("the schema of authority/ is faulty: {why}"))
}

fn holds_nothing(file: &str) -> Diagnostic {
    let message = "this file holds no policy, so it permits nothing";
    Diagnostic::warning(Code::CedarForm, file, Span::START, message).help("write the policy, or remove the file")
}

impl policies::Read {
    /// Whether nothing was lost that could have forbidden something: all that is wrong is wrong with a `permit`.
    fn may_forbid_no_more(&self) -> bool {
        let errors = self.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
        errors == self.faulty_permits
    }
}

#[cfg(test)]
mod tests;
