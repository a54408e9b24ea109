//! `writ catalog schema [KIND]`, and the Cedar schema beside it.

use crate::fault::Fault;
use crate::help;
use crate::output::Output;
use clap::builder::PossibleValuesParser;
use policy::cedar::guardrail;
use policy::kinds::{self, editor};
use policy::{authority, constraint};
use service::exit::Exit;

/// Print the JSON Schema of a kind of document, for editors
///
/// An editor with a YAML language server completes and checks documents by it.
#[derive(Debug, clap::Args)]
#[command(after_help = help::offline("writ catalog schema > .writ-schema.json", "never"))]
pub(crate) struct Schema {
    /// The kind [default: one schema of all kinds]
    #[arg(value_parser = PossibleValuesParser::new(kinds::TABLE.iter().map(|row| row.name)))]
    kind: Option<String>,
    /// A Cedar schema instead: that of guardrails, of authority, or what constraints add to that [without a value:
    /// guardrails]
    #[arg(long, value_enum, num_args = 0..=1, default_missing_value = "guardrails", value_name = "OF")]
    #[arg(conflicts_with_all = ["kind", "output"], hide_possible_values = true)]
    cedar: Option<Cedar>,
    /// How to print it: json or yaml
    #[arg(long, short, value_enum, default_value_t, value_name = "FORM", hide_possible_values = true)]
    output: Form,
}

/// What a Cedar schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Cedar {
    /// What guardrails judge
    Guardrails,
    /// Who may do what
    Authority,
    /// What may be applied in a region or a cluster
    Constraints,
}

impl Cedar {
    fn schema(self) -> String {
        match self {
            Self::Guardrails => guardrail::SCHEMA.to_owned(),
            Self::Authority => authority::SCHEMA.to_owned(),
            Self::Constraints => constraint::schema(),
        }
    }
}

/// The forms of a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// As editors read it
    #[default]
    Json,
    /// The same as YAML
    Yaml,
}

impl Schema {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Fault> {
        if let Some(cedar) = self.cedar {
            output.text(&cedar.schema())?;
            return Ok(Exit::Fine);
        }
        let row = self.kind.as_deref().and_then(kinds::row);
        let schema = row.map_or_else(editor::schema_of_all, kinds::Row::schema_for_editors);
        match self.output {
            Form::Json => output.json(&schema)?,
            Form::Yaml => output.yaml(&schema)?,
        }
        Ok(Exit::Fine)
    }
}
