//! Guardrails: only `forbid`, each with an id, each valid against the schema.

use super::split::Piece;
use super::{each_policy, fault, lines::Lines, typing};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::name::DocumentName;
use cedar_policy::{Effect, Policy, PolicyId, Schema, Validator};

/// The schema that guardrails are written against.
pub const SCHEMA: &str = include_str!("guardrails.cedarschema");

/// Judges guardrails by the schema.
pub struct Judge {
    validator: Result<Validator, String>,
}

/// What a file of guardrails holds.
#[derive(Debug, Default)]
pub struct Read {
    /// The `@id` of each policy, and where it stands.
    pub ids: Vec<(DocumentName, Span)>,
    /// What is wrong with the file.
    pub diagnostics: Vec<Diagnostic>,
}

impl Default for Judge {
    fn default() -> Self {
        Self::new()
    }
}

impl Judge {
    /// Reads the schema.
    #[must_use]
    pub fn new() -> Self {
        let schema = Schema::from_cedarschema_str(SCHEMA);
        Self { validator: schema.map(|(schema, _)| Validator::new(schema)).map_err(|error| error.to_string()) }
    }

    /// Reads the policies of one file.
    #[must_use]
    pub fn read(&self, file: &str, text: &str) -> Read {
        let mut read = Read::default();
        let (ids, found) = (&mut read.ids, &mut read.diagnostics);
        each_policy(file, text, found, |policy, piece, lines| {
            let mut found = Vec::new();
            match form(file, policy, piece, lines) {
                Ok(id) => {
                    found.extend(self.typing(file, policy, &id, piece, lines));
                    ids.push((id, fault::whole(lines, piece)));
                }
                Err(diagnostic) => found.push(*diagnostic),
            }
            found
        });
        if ids.is_empty() && found.is_empty() {
            found.push(
                Diagnostic::error(
                    Code::CedarForm,
                    file,
                    Span::START,
                    "this file holds no policy, so it forbids nothing",
                )
                .help("write the policy, or remove the file and its guardrail"),
            );
        }
        read
    }

    fn typing(
        &self,
        file: &str,
        policy: &Policy,
        id: &DocumentName,
        piece: &Piece<'_>,
        lines: &Lines<'_>,
    ) -> Vec<Diagnostic> {
        match &self.validator {
            Ok(validator) => typing(validator, file, &policy.new_id(PolicyId::new(id.as_str())), piece, lines),
            Err(why) => {
                let (span, why) = (fault::whole(lines, piece), format!("the schema of guardrails is faulty: {why}"));
                vec![Diagnostic::error(Code::CedarType, file, span, why)]
            }
        }
    }
}

fn form(file: &str, policy: &Policy, piece: &Piece<'_>, lines: &Lines<'_>) -> Result<DocumentName, Box<Diagnostic>> {
    let wrong = |message: String| Diagnostic::error(Code::CedarForm, file, fault::whole(lines, piece), message);
    if policy.effect() == Effect::Permit {
        return Err(Box::new(
            wrong("a guardrail only forbids".to_owned()).help("write `forbid`; what no guardrail forbids may pass"),
        ));
    }
    let id = policy.annotation("id").unwrap_or_default();
    if id.is_empty() {
        return Err(Box::new(wrong("this policy has no @id".to_owned()).help("write `@id(\"a-name\")` before it")));
    }
    id.parse().map_err(|error: crate::name::NameError| Box::new(wrong(format!("@id: {error}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let read = Judge::new().read("g.cedar", text);
        read.diagnostics.iter().map(|d| format!("{} {d}", d.code)).collect()
    }

    const GOOD: &str = r#"@id("pods-no-host-network")
forbid (principal, action in [k8s::admission::Action::"create", k8s::admission::Action::"update"], resource is core::v1::Pod)
when { resource.derived.hostNetwork };
"#;

    #[test]
    fn the_guardrail_of_the_design_is_valid() {
        assert_eq!(faults(GOOD), Vec::<String>::new());
        assert_eq!(Judge::new().read("g.cedar", GOOD).ids[0].0.as_str(), "pods-no-host-network");
    }

    #[test]
    fn a_file_without_a_policy_is_refused() {
        for text in ["", "// forbid, one day\n"] {
            assert_eq!(faults(text), ["CedarForm g.cedar:1:1: this file holds no policy, so it forbids nothing"]);
        }
    }

    #[test]
    fn labels_are_sets_of_pairs() {
        let text = GOOD.replace(
            "resource.derived.hostNetwork",
            r#"resource.metadata.labels.contains({key: "a", value: "b"}) && context.writ.settled"#,
        );
        assert_eq!(faults(&text), Vec::<String>::new());
    }

    #[test]
    fn every_fault_is_found_in_its_place() {
        let text = format!(
            "{GOOD}\n@id(\"b\")\nforbid (principal, action, resource is core::v1::Pod) when {{ resource.derived.hostNet }};\npermit (principal, action, resource);\nforbid (principal action, resource);\nforbid (principal, action, resource);\n"
        );
        let found = faults(&text);
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[0].starts_with("CedarType g.cedar:6:62:"), "{found:#?}");
        assert!(found[1].starts_with("CedarForm g.cedar:7:1: a guardrail only forbids"), "{found:#?}");
        assert!(found[2].starts_with("CedarSyntax g.cedar:8:19:"), "{found:#?}");
        assert!(found[3].starts_with("CedarForm g.cedar:9:1: this policy has no @id"), "{found:#?}");
    }

    #[test]
    fn a_chain_as_long_as_the_limit_is_judged() {
        let text =
            format!("@id(\"a\") forbid (principal, action, resource) when {{ {}true }};", "true&&".repeat(2_600));
        assert_eq!(Judge::new().read("g.cedar", &text).ids.len(), 1);
        let text = format!("@id(\"a\") forbid (principal, action, resource) when {{ {}true }};", "!".repeat(16_000));
        assert!(!faults(&text).is_empty());
    }
}
