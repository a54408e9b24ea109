//! What the documents of the cluster's operators are answered: condition Accepted of their status, written on change.

use super::operators::Documents;
use super::rest::{Ask, Rest};
use super::status::{MANAGER, failed};
use crate::target::{TargetError, Verdict};
use futures::{StreamExt as _, TryStreamExt as _};
use http::StatusCode;
use jiff::Timestamp;
use policy::object::ObjectId;
use proto::resources::{Answer, GROUP, Told, VERSION};
use serde_json::json;
use std::collections::BTreeMap;

/// The condition.
const ACCEPTED: &str = "Accepted";
/// How many are written at once.
const AT_ONCE: usize = 4;

/// Answers the documents that stand there, by kind with the names of their resources.
pub(super) async fn answer(
    rest: &Rest,
    documents: &BTreeMap<&'static str, (&'static str, Documents)>,
    verdicts: &BTreeMap<ObjectId, Verdict>,
    now: Timestamp,
) -> Result<(), TargetError> {
    let news = verdicts.iter().filter_map(|(id, verdict)| {
        let (plural, documents) = documents.get(id.kind.as_str())?;
        let before = &documents.get(&id.name)?.answer;
        let answer = answered(before, verdict, now);
        (answer != *before).then(|| write(rest, id, plural, answer))
    });
    let writes: Vec<_> = news.collect();
    futures::stream::iter(writes).buffer_unordered(AT_ONCE).try_collect().await
}

/// The answer to a document that was answered `before`: since when it holds stays as long as it does.
fn answered(before: &Answer, Verdict { status, reason, message }: &Verdict, now: Timestamp) -> Answer {
    let held = before.conditions.iter().find(|told| told.kind == ACCEPTED && told.status == *status);
    Answer {
        conditions: vec![Told {
            kind: ACCEPTED.to_owned(),
            status: *status,
            reason: reason.clone(),
            message: message.clone(),
            last_transition_time: held.map_or(now, |told| told.last_transition_time),
        }],
    }
}

/// One that was removed since needs no answer.
async fn write(rest: &Rest, id: &ObjectId, plural: &str, answer: Answer) -> Result<(), TargetError> {
    let (kind, name) = (&id.kind, &id.name);
    let api = format!("{GROUP}/{VERSION}");
    let path = format!("/apis/{api}/{plural}/{name}/status?fieldManager={MANAGER}&force=true");
    let body = json!({"apiVersion": api, "kind": kind, "metadata": {"name": name}, "status": answer});
    match rest.ask(&Ask::apply(path, &body)).await {
        Err(fault) if !fault.is(StatusCode::NOT_FOUND) => Err(failed(fault)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::report::Truth;

    #[test]
    fn inv28_an_answer_is_written_on_change_only() {
        let at = |minute: u8| format!("2026-11-21T03:{minute:02}:00Z").parse::<Timestamp>().unwrap();
        let verdict = |status, reason: &str| Verdict { status, reason: reason.to_owned(), message: String::new() };
        let first = answered(&Answer::default(), &verdict(Truth::True, "Counts"), at(1));
        assert_eq!(answered(&first, &verdict(Truth::True, "Counts"), at(2)), first);
        let other = answered(&first, &verdict(Truth::False, "OutOfBounds"), at(2));
        assert_eq!(other.conditions.first().unwrap().last_transition_time, at(2));
        let another = answered(&other, &verdict(Truth::False, "Ambiguous"), at(3));
        assert_eq!(another.conditions.first().unwrap().last_transition_time, at(2), "refused since then");
    }
}
