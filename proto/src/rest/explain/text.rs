//! The answer for people, the same of a spoke and of a hub. Nothing is escaped here: who prints it does.

use super::{Explained, ExplainedUnit, Explanation, Given, Touched};
use policy::outcome::Finding;
use policy::report::{Decision, Transition};
use policy::resolve::Modes;
use serde_json::Value;

impl Explanation {
    /// Line by line, rule after rule.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.items.iter().flat_map(rule).collect()
    }
}

fn rule(item: &Explained) -> Vec<String> {
    let mut lines = vec![match &item.stated {
        Some(stated) => format!("{}, {}", item.rule, stated.mode.as_str()),
        None => format!("{}, which is no rule here any longer", item.rule),
    }];
    lines
        .extend(item.stated.iter().map(|stated| format!("  owner        {}: {}", stated.owner.team, stated.rationale)));
    lines.extend(item.overrides.iter().map(given));
    lines.extend(item.findings.iter().map(finding));
    lines.extend(item.units.iter().flat_map(unit));
    if item.units.is_empty() {
        lines.push("  no unit      it has none there, or all of them are applied".to_owned());
    }
    lines
}

fn given(Given { name, field, value, counts }: &Given) -> String {
    let counts = if *counts { "counts" } else { "does not count" };
    format!("  override     {name}: {field} = {} {counts}", plain(value))
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

fn finding(Finding { outcome, reason, message, .. }: &Finding) -> String {
    format!("  finding      {}", said([outcome.to_string().as_str(), reason, message]))
}

fn unit(unit: &ExplainedUnit) -> Vec<String> {
    let place = unit.unit.namespace.as_ref().map_or_else(|| "cluster".to_owned(), |name| format!("in {name}"));
    let said = said([unit.outcome.code.as_str(), &unit.outcome.reason, &unit.outcome.message]);
    let mut lines = vec![format!("  {place:<12} {said}")];
    lines.extend(unit.outcome.by.iter().map(|who| format!("    by         {who}")));
    lines.extend(unit.decided.iter().map(decided));
    lines.extend(unit.overruled.iter().map(|who| format!("    overruled  {who}")));
    lines.extend(unit.objects.iter().map(object));
    lines.extend(unit.transitions.iter().rev().map(transition));
    lines
}

/// ` (rule enforce, cluster audit)`: all modes that are in play.
fn decided(Decision { row, mode, modes }: &Decision) -> String {
    let Modes { rule, left, cluster, brake, unheard } = *modes;
    let all = [("rule", rule), ("left", left), ("cluster", cluster), ("brake", brake), ("unheard", unheard)];
    let all = all.into_iter().filter_map(|(who, mode)| Some(format!("{who} {}", mode?.as_str())));
    let all = all.collect::<Vec<_>>().join(", ");
    format!("    decided by {row}, in force: {} ({all})", mode.as_str())
}

fn object(Touched { object, state, .. }: &Touched) -> String {
    let namespace = object.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    let state = state.as_deref().unwrap_or("not written");
    format!("    object     {} {namespace}{} {state}", object.kind, object.name)
}

fn transition(Transition { at, code, reason, message }: &Transition) -> String {
    format!("    {at} {}", said([code.as_str(), reason, message]))
}

fn said(words: [&str; 3]) -> String {
    words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn says_who_won_and_what_happened() {
        let answer = json!({"cluster": "eu-1", "of": "ResourceGuard/quota", "more": 0, "items": [{
            "rule": "ResourceGuard/quota",
            "stated": {"mode": "enforce", "owner": {"team": "platform"}, "risk": "high", "rationale": "One must not starve others."},
            "overrides": [{"name": "small", "field": "spec.quota[pods]", "value": "500", "counts": false}],
            "findings": [{"outcome": "OverrideRefused", "reason": "OutOfBounds", "rule": "ResourceGuard/quota",
                "message": "at most 200", "since": "2026-11-21T03:00:00Z"}],
            "units": [{"unit": {"rule": "ResourceGuard/quota", "namespace": "shop"},
                "outcome": {"code": "WouldApply", "reason": "NotEnforced", "message": "differs"},
                "decided": {"row": "mode", "mode": "warn", "modes": {"rule": "enforce", "cluster": "enforce", "brake": "warn"}},
                "overruled": ["constraint sized-by-hand of this cluster"],
                "objects": [{"object": {"group": "", "kind": "ResourceQuota", "namespace": "shop", "name": "q"},
                    "wanted": true, "state": "Owned"}],
                "transitions": [{"at": "2026-11-21T03:00:00Z", "code": "Applied", "reason": "AsWanted"},
                    {"at": "2026-11-21T04:00:00Z", "code": "WouldApply", "reason": "NotEnforced", "message": "differs"}]}]},
            {"rule": "ResourceGuard/gone", "units": []}]});
        let answer: Explanation = serde_json::from_value(answer).unwrap();
        let expected = [
            "ResourceGuard/quota, enforce",
            "  owner        platform: One must not starve others.",
            "  override     small: spec.quota[pods] = 500 does not count",
            "  finding      OverrideRefused OutOfBounds at most 200",
            "  in shop      WouldApply NotEnforced differs",
            "    decided by mode, in force: warn (rule enforce, cluster enforce, brake warn)",
            "    overruled  constraint sized-by-hand of this cluster",
            "    object     ResourceQuota shop/q Owned",
            "    2026-11-21T04:00:00Z WouldApply NotEnforced differs",
            "    2026-11-21T03:00:00Z Applied AsWanted",
            "ResourceGuard/gone, which is no rule here any longer",
            "  no unit      it has none there, or all of them are applied",
        ];
        assert_eq!(answer.lines(), expected);
    }
}
